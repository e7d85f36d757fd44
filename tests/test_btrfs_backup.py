"""The shipped backup of a btrfs subvolume with real processes on a simulated host."""

from __future__ import annotations

from dataclasses import replace

from svmrun.simulator.linux_files import Subvolume
from tests.running import Scene
from tests.simulated_host import shipped

RUNBOOK = "btrfs-snapshot-backup"


def test_a_subvolume_within_is_told_of_before_a_backup_that_would_lack_it(scene: Scene) -> None:
    scene.host(replace(shipped("btrfs"), subvolumes=(Subvolume("/srv/data/machines"),)))
    refused = scene.execute(RUNBOOK)
    assert refused.code == 6, refused.said
    assert "There are subvolumes in /srv/data (1 of them)" in refused.said
    accepted = scene.execute(RUNBOOK, "-p", "leave_out_nested=true")
    assert accepted.code == 0, accepted.said
