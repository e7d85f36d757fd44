"""The backup of an md mirror that fails for a real reason, or dies: all is as it was, and the copies are the same."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.lab import md_scene as scene
from tests.lab.guest import Guest, Job, eventually
from tests.lab.md_scene import MOUNT_POINT, is_as_before, mismatches

FIFO = "/backup/fifo"  # a dump to it waits until somebody reads


@pytest.fixture(scope="module")
def machine() -> Iterator[Guest]:
    with scene.machine() as guest:
        guest.ok(f"mkfifo {FIFO}")
        scene.make(guest)
        yield guest


@pytest.fixture
def guest(machine: Guest) -> Iterator[Guest]:
    machine.ok("rm -rf /lab/state")
    yield machine
    assert is_as_before(machine)
    assert mismatches(machine) == 0


@contextmanager
def dumping(guest: Guest) -> Iterator[Job]:
    """The run stands in the middle of its dump: the leg is off, and three devices are laid over it."""
    runner = guest.start_svmrun(*scene.words(dump_to=FIFO))
    assert eventually(lambda: any(e.get("step") == "dump" for e in guest.events()), seconds=scene.RUN_SECONDS), (
        runner.so_far()
    )
    yield runner


def verdict(guest: Guest) -> str:
    found: str = scene.event(guest, "RunEnded")["verdict"]
    return found


def test_a_full_target_is_a_failure_that_leaves_nothing_behind(guest: Guest) -> None:
    guest.ok(
        f"dd if=/dev/urandom of={MOUNT_POINT}/much bs=64k count=8\n"
        "mkdir -p /full; mount -t tmpfs -o size=32k tmpfs /full"
    )
    ended = scene.backup(guest, dump_to="/full/dump")
    assert (ended.status, verdict(guest)) == (1, "rolled back"), ended.said
    assert "the dump is not good" in ended.said


def test_a_full_store_is_a_failure_that_leaves_nothing_behind(guest: Guest) -> None:
    with scene.writing(guest):
        ended = scene.backup(guest, store_size="8K")
    assert (ended.status, verdict(guest)) == (1, "rolled back"), ended.said


def test_a_killed_runner_leaves_a_whole_mirror_by_its_guard(guest: Guest) -> None:
    with dumping(guest) as runner:
        runner.kill()
        runner.wait()
    assert eventually(lambda: is_as_before(guest))
    assert guest.svmrun("recover").status == 0
    assert verdict(guest) == "rolled back"


def test_a_leg_that_cannot_be_taken_back_is_told_with_the_command_that_does_it(guest: Guest) -> None:
    leg = guest.disks[2]
    with dumping(guest) as runner:
        guest.ok(f"blockdev --setro {leg}; cat {FIFO} >/dev/null")
        ended = runner.wait(scene.RUN_SECONDS)
    assert (ended.status, verdict(guest)) == (4, "stuck"), ended.said
    (left,) = scene.event(guest, "RunEnded")["left"]
    assert left.endswith(f"mdadm /dev/md0 --re-add {leg}")
    guest.ok(f"blockdev --setrw {leg}")
    assert guest.svmrun("recover").status in (0, 1)
    assert verdict(guest) == "rolled back"


def test_a_power_cut_in_the_middle_is_made_good_by_the_recovery_after_the_boot(guest: Guest) -> None:
    with dumping(guest):
        guest.power_cut()
    guest.boot()
    guest.ok(
        f"mkdir -p /backup {MOUNT_POINT}; mount {guest.disks[3]} /backup\n"
        f"mdadm --assemble --scan || true; mount /dev/md0 {MOUNT_POINT}"
    )
    assert scene.states(guest)[:2] == ["active sync"] * 2  # sometimes udev takes back the third one by itself
    recovered = guest.svmrun("recover")
    assert (recovered.status, verdict(guest)) == (0, "rolled back"), recovered.said
