"""The shipped backup of an md mirror with real processes on a simulated host."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.running import Scene, differences
from tests.simulated_host import shipped

RUNBOOK = "md-mirror-backup"


def test_the_dump_is_one_moment_every_copy_is_the_same_and_nothing_is_left_behind(scene: Scene) -> None:
    scene.host("md")
    ended = scene.execute(RUNBOOK)
    assert ended.code == 0, ended.said
    (image,) = scene.world.files
    assert (image.device, image.consistent, image.complete) == ("/dev/mapper/md0_backup", True, True)
    assert differences(scene.before, scene.world) == []
    (mirror,) = scene.world.linux_mirrors
    assert (mirror.last, mirror.mismatches, [leg.state for leg in mirror.legs]) == ("check", 0, ["in-sync"] * 3)
    assert scene.world.plain_files == ()


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ("mdadm --fail=fail-after", "take-off: mdadm: simulated fault"),
        ("dmsetup create#2=fail", "view: dmsetup: simulated fault"),
        ("e2fsck=fail", "check: e2fsck"),
        ("dump=fail-after", "dump: dump: simulated fault"),
        ("dmsetup remove#1=fail-after", "SUCCEEDED"),
        ("mdadm --re-add#1=fail", "SUCCEEDED"),
    ],
)
def test_whatever_fails_is_told_and_the_mirror_becomes_whole(fault: str, says: str, scene: Scene) -> None:
    scene.host("md", fault)
    ended = scene.execute(RUNBOOK)
    assert ended.code == (0 if says == "SUCCEEDED" else 1), ended.said
    assert says in ended.said
    assert differences(scene.before, scene.world) == []
    assert scene.world.plain_files == ()


def test_a_loop_device_that_somebody_keeps_is_told_with_how_to_see_who(scene: Scene) -> None:
    """losetup(8): to detach one that is in use succeeds, and it stays until its last user has gone."""
    scene.host("md", "e2fsck=fail", "losetup --detach=lie")
    ended = scene.execute(RUNBOOK)
    assert ended.code == 4, ended.said
    assert "loop: its effect is still there; who uses it: fuser -vm /dev/loop0; to end it: " in ended.said
    assert "goes on: /dev/md0 may still be copying to /dev/sdd1" in ended.said


@pytest.mark.parametrize(
    ("world", "runbook", "store"),
    [
        ("md", RUNBOOK, "/run/svmrun-md0-store"),
        ("xfs", "xfs-freeze-backup", "/run/svmrun-md0-store"),
        ("lvm", "lvm-mirror-backup", "/run/svmrun-vg_data-store"),
    ],
)
def test_a_file_that_is_there_already_never_becomes_the_store(
    world: str, runbook: str, store: str, scene: Scene
) -> None:
    scene.host(replace(shipped(world), plain_files=(store,)))
    ended = scene.execute(runbook)
    assert ended.code == 6, ended.said
    assert f"{store} is there already" in ended.said
    assert scene.world.plain_files == (store,)
