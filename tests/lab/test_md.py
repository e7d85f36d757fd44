"""Mirrors of Linux md on real disks: what naive commands do to them, and what the runbook leaves behind."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.lab import md_scene as scene
from tests.lab.guest import Guest
from tests.lab.md_scene import MOUNT_POINT, WAIT, mismatches, states
from tests.lab.numbers import assert_one_moment, longest_wait_seconds
from tests.nursery import Kill

SECTORS = 64 * 2048  # of a disk
FROZEN = Kill(2, "after", "stop", "prove-legs")  # svmrun stands still, and writers wait
STILL_SECONDS = 3.0
AROUND_SECONDS = 0.6  # a writer's pause, its disks, and a clock that is read before and after


@pytest.fixture(scope="module")
def machine() -> Iterator[Guest]:
    with scene.machine() as guest:
        yield guest


@pytest.fixture(scope="module", params=["1.0", "1.2"])
def guest(machine: Guest, request: pytest.FixtureRequest) -> Iterator[Guest]:
    """Metadata behind the data, and before them."""
    scene.make(machine, request.param)
    yield machine
    scene.unmake(machine)


def test_naive_commands_leave_a_mirror_that_is_called_clean_and_is_not(guest: Guest) -> None:
    leg = guest.disks[2]
    with scene.writing(guest):
        guest.ok(
            f"fsfreeze -f {MOUNT_POINT}\n"
            f"mdadm /dev/md0 --fail {leg} --remove {leg}; fsfreeze -u {MOUNT_POINT}\n"
            f"offset=$(mdadm --examine {leg} | sed -n 's/.*Data Offset : \\([0-9]*\\) .*/\\1/p')\n"
            f"losetup --offset $((${{offset:-0}} * 512)) /dev/loop1 {leg}\n"
            "e2fsck -f -y /dev/loop1 || test $? = 1\n"
            f"losetup --detach /dev/loop1; mdadm /dev/md0 --re-add {leg}; {WAIT}"
        )
    assert states(guest) == ["active sync"] * 3
    assert mismatches(guest) > 0
    # What mends it: the leg forgets whose it was, and is copied whole.
    guest.ok(f"mdadm /dev/md0 --fail {leg} --remove {leg}; mdadm --zero-superblock {leg}")
    guest.ok(f"mdadm /dev/md0 --add {leg}; {WAIT}")
    assert mismatches(guest) == 0


def test_the_runbook_leaves_every_copy_the_same_and_a_dump_of_one_moment(guest: Guest) -> None:
    before = sectors_written(guest)
    with scene.writing(guest) as writer:
        runner = scene.start(guest, FROZEN)
        with runner.standing_still():
            time.sleep(STILL_SECONDS)
        ended = runner.wait(scene.RUN_SECONDS)
        acknowledged = writer.acknowledged()
    assert ended.status == 0, ended.said
    assert scene.result(guest, "check")["modified"], "the check had nothing to write: this proves nothing"
    assert scene.is_as_before(guest)
    assert mismatches(guest) == 0
    assert sectors_written(guest) - before < SECTORS / 4, "more than what had changed was copied to the leg"
    began, frozen = guest.when("ActionStarted", "freeze"), guest.when("ActionEnded", "freeze")
    restored = guest.ok(f"rm -rf /tmp/back; mkdir /tmp/back; cd /tmp/back; restore -r -f {scene.DUMP} >&2; cat numbers")
    assert_one_moment(restored, acknowledged, began, frozen)
    thawing, thawed = (guest.when(kind, "freeze", "release") for kind in ("ActionStarted", "ActionEnded"))
    stall = longest_wait_seconds(acknowledged)
    assert max(STILL_SECONDS, thawing - frozen - AROUND_SECONDS) < stall < thawed - began + AROUND_SECONDS


def sectors_written(guest: Guest) -> int:
    """To the leg that is taken off, since the guest was booted."""
    return int(guest.ok(f"cat /sys/block/{guest.disks[2].removeprefix('/dev/')}/stat").split()[6])
