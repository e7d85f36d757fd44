"""Mirrors of LVM on real disks: what naive commands do to them, and what the runbook leaves behind."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.lab import lvm_scene as scene
from tests.lab.guest import Guest, booted
from tests.lab.lvm_scene import IMAGE, MOUNT_POINT, VOLUME, is_as_before, mismatches, state
from tests.lab.numbers import assert_one_moment, longest_wait_seconds

AROUND_SECONDS = 0.6  # a writer's pause, its disks, and a clock that is read before and after
ATTEMPTS = 4  # on a busy machine the writer may pause after all
pytestmark = pytest.mark.timeout(300)  # each command of LVM waits for many of device-mapper


@pytest.fixture(scope="module")
def guest() -> Iterator[Guest]:
    """Each test leaves the mirror whole."""
    with booted(disks=4, disk_mb=scene.DISK_MB, modules=scene.MODULES) as guest:
        scene.set_up(guest)
        scene.make(guest)
        yield guest


def naive(guest: Guest) -> None:
    """What one finds everywhere: nothing between split and merge."""
    with scene.writing(guest):
        guest.ok(
            f"fsfreeze -f {MOUNT_POINT}; lvconvert -y --splitmirrors 1 --trackchanges {VOLUME}\n"
            f"fsfreeze -u {MOUNT_POINT}; sleep 3; lvconvert -y --merge {IMAGE}"
        )


def test_naive_commands_leave_a_mirror_that_is_called_whole_and_is_not(guest: Guest) -> None:
    for _ in range(ATTEMPTS):
        naive(guest)
        after = state(guest)
        if found := mismatches(guest):
            break
    assert (after["sync_percent"], after["sync_action"], after["mismatches"], after["health"]) == (100.0, "idle", 0, "")
    assert [image["in_sync"] for image in after["images"]] == [True] * 3
    assert found > 0
    assert state(guest)["health"] == "mismatches exist"
    guest.ok(f"lvchange -y --rebuild {guest.disks[2]} {VOLUME}")  # what mends it: the image is copied whole
    assert mismatches(guest) == 0


def test_the_runbook_leaves_all_images_alike_and_a_dump_of_one_moment_while_somebody_writes(guest: Guest) -> None:
    with scene.writing(guest) as writer:
        done = scene.backup(guest)
        acknowledged = writer.acknowledged()
    assert done.status == 0, done.said
    checked = guest.event("ActionEnded", step="check", role="forward")["result"]
    assert checked["modified"], "the check had nothing to write: this proves nothing"
    assert is_as_before(guest)
    assert mismatches(guest) == 0
    began, frozen = guest.when("ActionStarted", "freeze"), guest.when("ActionEnded", "freeze")
    restored = guest.ok(f"rm -rf /tmp/back; mkdir /tmp/back; cd /tmp/back; restore -r -f {scene.DUMP} >&2; cat numbers")
    assert_one_moment(restored, acknowledged, began, frozen)
    thawing, thawed = (guest.when(kind, "freeze", "release") for kind in ("ActionStarted", "ActionEnded"))
    stall = longest_wait_seconds(acknowledged)
    assert thawing - frozen - AROUND_SECONDS < stall < thawed - began + AROUND_SECONDS
