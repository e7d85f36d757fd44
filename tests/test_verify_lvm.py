"""The shipped backup of an LVM mirror: every single failure, and what becomes of it without what protects the data."""

from __future__ import annotations

from pathlib import Path

import pytest

from svmrun.errors import InvalidInput
from tests.verifying import RUNBOOKS, verified

RUNBOOK = RUNBOOKS / "lvm-mirror-backup.yaml"
TWO = """
schema: svmrun-world/v1
name: two-images
like: lvm
linux_mirrors:
  - name: vg/data
    kind: lvm
    size: 976486400
    data_offset: 0
    legs: [{device: vg/data_rimage_0, disk: /dev/sdb}, {device: vg/data_rimage_1, disk: /dev/sdc}]
"""


def test_the_shipped_backup_of_an_lvm_mirror_survives_every_single_failure() -> None:
    result = verified(RUNBOOK, "lvm")
    assert result.ok, result.violations
    assert result.not_modelled == ()
    assert result.stories > 800
    held = {h.step for h in result.handlers if h.rollbacks and h.guard}
    assert held == {"freeze", "split", "store", "device", "view"}


def changed(tmp_path: Path, old: str, new: str) -> Path:
    """The shipped runbook, with one text in the place of another."""
    text = RUNBOOK.read_text()
    assert text.count(old) == 1
    path = tmp_path / "changed.yaml"
    path.write_text(text.replace(old, new))
    return path


def without_last_look(tmp_path: Path) -> Path:
    look = "steps['last-look'].result.volumes[volume]."
    path = changed(tmp_path, f"- {look}health == ''", "- 1 == 1")
    in_sync = f"{look}images | map(attribute='in_sync') | unique | list == [true]"
    path.write_text(path.read_text().replace(in_sync, "1 == 1"))
    return path


def test_without_the_last_look_an_image_that_had_an_error_would_be_dumped(tmp_path: Path) -> None:
    (only,) = verified(without_last_look(tmp_path), "lvm").violations
    assert (only.invariant, only.story.partition(":")[2]) == ("consistent", "taken-fails")


def test_without_a_look_at_the_comparison_one_that_never_began_would_be_believed(tmp_path: Path) -> None:
    proof = "steps.comparing.result.volumes[volume].sync_action == 'check'"
    (only,) = verified(changed(tmp_path, proof, "steps.comparing.result.volumes[volume].active"), "lvm").violations
    assert (only.invariant, only.story.partition(":")[2]) == ("truth", "lie")


def test_a_check_that_may_write_to_the_image_itself_is_refused(tmp_path: Path) -> None:
    path = changed(tmp_path, 'e2fsck: {device: "/dev/mapper/{{ view }}"', 'e2fsck: {device: "/dev/{{ image }}"')
    with pytest.raises(InvalidInput, match="its copies would differ for ever"):
        verified(path, "lvm")


def test_a_merge_without_the_refresh_is_refused(tmp_path: Path) -> None:
    refresh = '      - lvchange: {mode: refresh, volume: "{{ volume }}"}\n'
    with pytest.raises(InvalidInput, match="what was written meanwhile may not be copied"):
        verified(changed(tmp_path, refresh, ""), "lvm")


def test_with_two_images_the_last_look_keeps_the_only_good_one_from_being_split_off(tmp_path: Path) -> None:
    (tmp_path / "two.yaml").write_text(TWO)
    assert verified(RUNBOOK, str(tmp_path / "two.yaml"), "copies_left=1").ok
    found = verified(without_last_look(tmp_path), str(tmp_path / "two.yaml"), "copies_left=1").violations
    assert ("whole", "other-fails") in {(one.invariant, one.story.partition(":")[2]) for one in found}
