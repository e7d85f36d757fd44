"""The backup of an md mirror whose disks break or are flaky under it, or are in use: what is left is whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from tests.lab import md_scene as scene
from tests.lab.guest import Completed, Guest, Job, booted, eventually
from tests.lab.legs import MODULES, Leg, leg
from tests.lab.md_scene import DUMP, MOUNT_POINT, RUN_SECONDS
from tests.nursery import Kill

FROZEN = Kill(2, "after", "stop", "prove-legs")  # svmrun stands still: the file system is frozen, every leg in sync
DUMPING = Kill(1, "before", "stop", "dump")  # the leg is off, and views are laid over it
TAKEN_BACK = Kill(1, "before", "stop", "recovery")  # the leg belongs to the mirror again, and is copied to
QUICK = """
schema: svmrun/v1
name: quick
description: Freeze a file system, and let it go on.
steps:
  - id: freeze
    fsfreeze: {mode: freeze, mount_point: MOUNT_POINT}
    timeout: 10s
    rollback: {fsfreeze: {mode: unfreeze, mount_point: MOUNT_POINT}, timeout: 10s}
    hold: 40s
  - release: freeze
"""


@dataclass(frozen=True)
class Lab:
    guest: Guest
    legs: list[Leg]

    def start(self, kill: Kill | None = None) -> Job:
        self.guest.ok(f"rm -rf /lab/state {DUMP}")
        return self.guest.start_svmrun(*scene.words(compare="false"), kill=kill)

    def freeze(self, mount_point: str) -> Job:
        """By a runbook of its own."""
        self.guest.ok("rm -rf /lab/state")
        (self.guest.share / "quick.yaml").write_text(QUICK.replace("MOUNT_POINT", mount_point))
        return self.guest.start_svmrun("execute", "/lab/quick.yaml")

    def ended(self, runner: Job) -> tuple[Completed, dict[str, Any]]:
        done = runner.wait(RUN_SECONDS)
        return done, scene.event(self.guest, "RunEnded")

    def has(self, **values: Any) -> bool:
        return any(values.items() <= event.items() for event in self.guest.events())

    def do_as_told(self, told: dict[str, Any]) -> None:
        """The guard may have been quicker."""
        for left in told["left"]:
            self.guest.run(left.partition("; to end it: ")[2])

    def is_whole(self) -> bool:
        self.guest.ok(f"{scene.WAIT}; timeout -s KILL 5 touch {MOUNT_POINT}/touched")
        laid = self.guest.run("dmsetup ls | grep -v '^leg-'; losetup --noheadings --list").stdout
        return scene.states(self.guest) == ["active sync"] * 3 and not laid


@pytest.fixture(scope="module")
def made() -> Iterator[Lab]:
    with ExitStack() as stack:
        guest = stack.enter_context(booted(disks=4, modules=[*dict.fromkeys([*scene.MODULES, *MODULES])]))
        guest.ok(
            f"mkfs.ext4 -q {guest.disks[3]}; mkdir -p /backup {MOUNT_POINT} /srv/memory\n"
            f"mount {guest.disks[3]} /backup; mount -t tmpfs tmpfs /srv/memory"
        )
        legs = [stack.enter_context(leg(guest, disk)) for disk in guest.disks[:3]]
        guest.disks[:3] = [one.device for one in legs]
        scene.make(guest)
        yield Lab(guest, legs)
        scene.unmake(guest)


@pytest.fixture
def lab(made: Lab) -> Iterator[Lab]:
    yield made
    for one in made.legs:
        one.heals()
    assert eventually(made.is_whole)  # a recovery begins a moment after the leg is back
    assert scene.mismatches(made.guest) == 0


@contextmanager
def stands_still(lab: Lab, kill: Kill) -> Iterator[Job]:
    """svmrun is stopped there, and goes on afterwards."""
    runner = lab.start(kill)
    stopped = f"until grep -q '^State:.T' /proc/{runner.pid}/status; do sleep 0.1; done"
    lab.guest.ok(stopped, timeout_seconds=RUN_SECONDS)
    yield runner
    lab.guest.ok(f"kill -s CONT {runner.pid}")


def test_what_somebody_else_has_frozen_stays_frozen(lab: Lab) -> None:
    lab.guest.ok(f"fsfreeze -f {MOUNT_POINT}")
    done, told = lab.ended(lab.start())
    assert (done.status, told["verdict"]) == (1, "rolled back"), done.said
    assert "NOT DONE: nothing was changed" in done.said
    assert f"{MOUNT_POINT} is frozen already, by somebody else" in told["cause"]
    lab.guest.ok(f"fsfreeze -u {MOUNT_POINT}")


def test_what_cannot_be_frozen_is_told(lab: Lab) -> None:
    done, told = lab.ended(lab.freeze("/srv/memory"))
    assert (done.status, told["verdict"]) == (1, "rolled back"), done.said
    assert "Operation not supported" in told["cause"]


BREAKS: list[tuple[str, Callable[[Leg], None]]] = [
    ("breaks", Leg.breaks),
    ("is flaky", lambda one: one.is_flaky(up_seconds=1, down_seconds=2)),
]


@pytest.mark.parametrize("becomes", [become for _, become in BREAKS], ids=[name for name, _ in BREAKS])
def test_a_leg_that_goes_bad_when_it_is_taken_off_comes_back_when_it_is_well(
    lab: Lab, becomes: Callable[[Leg], None]
) -> None:
    third = lab.legs[2]
    with stands_still(lab, FROZEN) as runner:
        becomes(third)
    done, told = lab.ended(runner)
    third.heals()
    if becomes is Leg.breaks:
        assert (done.status, told["verdict"]) == (4, "stuck"), done.said
        assert " --re-add " in told["left"][0]
    lab.do_as_told(told)
    # By now somebody else may have frozen it: that is not for a recovery to lift, for its own freeze is long over.
    lab.guest.ok(f"fsfreeze -f {MOUNT_POINT}")
    recovered = lab.guest.svmrun("recover")
    lab.guest.ok(f"fsfreeze -u {MOUNT_POINT}")
    assert recovered.status == 0, recovered.said
    assert scene.event(lab.guest, "RunEnded")["verdict"] in ("rolled back", "succeeded")


def test_another_leg_that_breaks_during_the_dump_is_told_with_what_is_to_be_done(lab: Lab) -> None:
    with stands_still(lab, DUMPING) as runner:
        lab.legs[0].breaks()
        lab.guest.ok(f"echo much >{MOUNT_POINT}/more; sync")
    done, told = lab.ended(runner)
    _thrown_out(lab, lab.legs[0], done, told)


def test_a_leg_that_breaks_while_it_is_copied_to_is_told_with_what_is_to_be_done(lab: Lab) -> None:
    with stands_still(lab, TAKEN_BACK) as runner:
        lab.legs[2].breaks()
        lab.guest.ok(f"echo much >{MOUNT_POINT}/more; sync")
    done, told = lab.ended(runner)
    _thrown_out(lab, lab.legs[2], done, told)


def _thrown_out(lab: Lab, bad: Leg, done: Completed, told: dict[str, Any]) -> None:
    """What the run took off it has given back; the leg itself is a matter of its disk."""
    assert (done.status, told["verdict"]) == (1, "rolled back"), done.said
    assert "The dump is good, the mirror is not whole" in told["cause"]
    assert "mdadm /dev/md0 --remove LEG --re-add LEG" in told["cause"]
    bad.heals()
    device = lab.guest.ok(["realpath", bad.device])
    lab.guest.ok(f"mdadm /dev/md0 --remove {device} --re-add {device}")


def test_a_view_that_somebody_looks_into_is_removed_when_he_has_gone(lab: Lab) -> None:
    with stands_still(lab, DUMPING) as runner:
        other = lab.guest.start("exec sleep 1000 </dev/mapper/md0_backup")
        assert other.pid
    assert eventually(lambda: lab.has(step="view", role="release", outcome="failed"), RUN_SECONDS)
    other.kill()
    other.wait()
    done, told = lab.ended(runner)
    assert (done.status, told["verdict"]) == (0, "succeeded"), done.said
