"""The backup of an LVM mirror that fails for a real reason, whose disks break or are in use: what is left is whole."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from svmrun.names import mapper_name
from tests.lab import lvm_scene as scene
from tests.lab.guest import Completed, Guest, Job, booted
from tests.lab.legs import MODULES, Leg, leg
from tests.lab.lvm_scene import IMAGE, MOUNT_POINT, RUN_SECONDS, VOLUME
from tests.nursery import Kill
from tests.running import Ended

FROZEN = Kill(1, "before", "stop", "last-look")  # svmrun stands still: the file system is frozen, nothing more
LOOKED = Kill(2, "after", "stop", "prove-in-sync")  # and every image was found in sync
DUMPING = Kill(1, "before", "stop", "dump")  # the image is off, and a view is laid over it
MERGED = Kill(1, "before", "stop", "recovery")  # the image belongs to the mirror again, and is copied to
MISSING = "a disk of the group is missing or cannot be read"
SECTORS = 32 * 2048  # of an image
pytestmark = pytest.mark.timeout(300)  # each command of LVM waits for many of device-mapper


@dataclass(frozen=True)
class Lab:
    guest: Guest
    legs: list[Leg]

    def start(self, kill: Kill | None = None, **given: str) -> Job:
        self.guest.ok(f"rm -rf /lab/state {scene.DUMP}")
        return self.guest.start_svmrun(*scene.words(**given), kill=kill)

    @contextmanager
    def standing_still(self, kill: Kill, **given: str) -> Iterator[Job]:
        """The run stops there, and goes on afterwards."""
        runner = self.start(kill, **given)
        with runner.standing_still():
            yield runner

    def ended(self, runner: Job) -> tuple[Completed, dict[str, Any]]:
        return runner.wait(RUN_SECONDS), self.guest.event("RunEnded")

    def do_as_told(self, done: Completed) -> None:
        """The guard may have been quicker."""
        (line,) = Ended(done.status, done.stdout, done.stderr).instructions()
        assert re.search(r"--refresh \S+ && \S+/lvconvert --yes --merge", line), "else the merge may lose data"
        self.guest.run(line)
        recovered = self.guest.svmrun("recover")
        assert recovered.status == 0, recovered.said
        assert self.guest.event("RunEnded")["verdict"] == "rolled back"

    def take_back(self) -> None:
        """The images that had an error, their disks being well again: as the runbook says."""
        self.guest.ok("\n".join(one.healing() for one in self.legs))
        if scene.idle(self.guest)["health"] == "refresh needed":
            self.guest.ok(f"lvchange --refresh {VOLUME}")

    def write(self) -> None:
        """A broken leg is found out when it is written to."""
        self.guest.ok(f"echo much >{MOUNT_POINT}/more; sync -f {MOUNT_POINT}")


@pytest.fixture(scope="module")
def made() -> Iterator[Lab]:
    with ExitStack() as stack:
        modules = [*dict.fromkeys([*scene.MODULES, *MODULES])]
        guest = stack.enter_context(booted(disks=4, disk_mb=scene.DISK_MB, modules=modules))
        scene.set_up(guest)
        legs = [stack.enter_context(leg(guest, disk)) for disk in guest.disks[:3]]
        scene.make_on_legs(guest, legs)
        yield Lab(guest, legs)
        guest.ok(f"umount {MOUNT_POINT}; vgchange -q --activate n vg")


@pytest.fixture
def lab(made: Lab) -> Iterator[Lab]:
    yield made
    made.take_back()
    assert scene.is_as_before(made.guest)
    assert scene.mismatches(made.guest) == 0


def test_what_somebody_else_has_frozen_stays_frozen(lab: Lab) -> None:
    lab.guest.ok(f"fsfreeze -f {MOUNT_POINT}")
    done, told = lab.ended(lab.start())
    lab.guest.ok(f"fsfreeze -u {MOUNT_POINT}")
    assert (done.status, told["verdict"]) == (1, "rolled back"), done.said
    assert f"{MOUNT_POINT} is frozen already, by somebody else" in told["cause"]


def test_a_journal_on_the_file_system_to_be_frozen_is_refused_before_the_freeze(lab: Lab) -> None:
    state = {"SVMRUN_STATE": f"{MOUNT_POINT}/state"}
    done = lab.guest.start_svmrun(*scene.words(), environment=state).wait(RUN_SECONDS)
    lab.guest.ok(f"rm -rf {MOUNT_POINT}/state")
    assert done.status == 6, done.said
    assert f"the journal ({MOUNT_POINT}/state) lies on {MOUNT_POINT}" in done.said
    assert "the run would wait for itself" in done.said


def test_a_full_target_is_told_and_only_what_had_changed_is_copied_to_the_image(lab: Lab) -> None:
    lab.guest.ok(f"head -c 1M /dev/urandom >{MOUNT_POINT}/much; sync; mkdir -p /full")
    lab.guest.ok("mount -t tmpfs -o size=32k tmpfs /full")
    before = sectors_written(lab.guest)
    done, told = lab.ended(lab.start(dump_to="/full/dump"))
    lab.guest.ok("umount /full")
    assert (done.status, told["verdict"]) == (1, "rolled back"), done.said
    assert "the dump is not good" in told["cause"]
    scene.idle(lab.guest)
    assert sectors_written(lab.guest) - before < SECTORS / 2


def test_a_full_store_is_told_and_the_image_merged_while_somebody_never_pauses(lab: Lab) -> None:
    with scene.writing(lab.guest) as writer:
        done, told = lab.ended(lab.start(store_size="8K"))
        assert writer.goes_on()
    assert (done.status, told["verdict"]) == (1, "rolled back"), done.said


def test_an_image_that_breaks_before_the_look_is_not_split_off(lab: Lab) -> None:
    with lab.standing_still(FROZEN) as runner:
        lab.legs[2].breaks()
    done, told = lab.ended(runner)
    lab.legs[2].heals()
    assert (done.status, told["verdict"]) == (1, "rolled back"), done.said
    assert "may be older than the rest" in told["cause"]


def test_an_image_that_breaks_after_the_look_cannot_be_split_off(lab: Lab) -> None:
    with lab.standing_still(LOOKED) as runner:
        lab.legs[2].breaks()
    done, told = lab.ended(runner)
    lab.legs[2].heals()
    assert (done.status, told["verdict"]) == (1, "rolled back"), done.said


@pytest.mark.parametrize("number", [2, 0], ids=["the one that is dumped", "another one"])
def test_while_an_image_is_broken_the_one_that_is_off_stays_off_and_comes_back_as_told(lab: Lab, number: int) -> None:
    with lab.standing_still(DUMPING) as runner:
        lab.legs[number].breaks()
        lab.write()
    done, told = lab.ended(runner)
    lab.legs[number].heals()
    assert (done.status, told["verdict"]) == (4, "stuck"), done.said
    assert MISSING in told["left"][0]
    lab.do_as_told(done)


def test_an_image_that_breaks_while_it_is_copied_to_is_told_with_what_is_to_be_done(lab: Lab) -> None:
    with lab.standing_still(MERGED) as runner:
        lab.legs[2].breaks()
        lab.write()
    done, told = lab.ended(runner)
    lab.legs[2].heals()
    assert (done.status, told["verdict"]) == (1, "rolled back"), done.said
    assert "The dump is good, the mirror is not whole" in told["cause"]
    assert f"lvchange --refresh {VOLUME}" in told["cause"]


def test_an_image_that_somebody_reads_is_merged_when_he_has_gone(lab: Lab) -> None:
    with lab.standing_still(DUMPING) as runner:
        other = lab.guest.start(f"exec sleep 1000 </dev/mapper/{mapper_name(IMAGE)}")
        assert other.pid
    done, told = lab.ended(runner)
    other.kill()
    other.wait()
    assert (done.status, told["verdict"]) == (4, "stuck"), done.said
    assert f"Logical volume {IMAGE} in use" in told["left"][0]
    lab.do_as_told(done)


def sectors_written(guest: Guest) -> int:
    """To the disk of the image that is split off, since the guest was booted."""
    return int(guest.ok(f"cat /sys/block/{guest.disks[2].removeprefix('/dev/')}/stat").split()[6])
