"""The backup of an md mirror whose disks are slow, or which somebody keeps in use: no writer waits for long."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.lab import bad_disks, md_scene
from tests.lab.bad_disks import Lab
from tests.lab.guest import PROJECT, Job, eventually
from tests.lab.md_scene import MOUNT_POINT, RUN_SECONDS
from tests.nursery import Kill

BEFORE = Kill(1, "before", "stop", "freeze")
PROVEN = Kill(2, "after", "stop", "prove-legs")  # the file system is frozen, every leg in sync
DUMPING = Kill(1, "before", "stop", "dump")  # the leg is off, and views are laid over it
# The runbook in a hurry: what it waits for, and for how long, else costs a test a minute.
LIMIT_SECONDS = 14
HURRIED = {
    "timeout: 8s": "timeout: 2s",
    "timeout: 10s": "timeout: 3s",
    "hold: 40s": f"hold: {LIMIT_SECONDS}s",
}
PREFER_THE_LAST = "for number in 0 1; do echo {word} >/sys/block/md0/md/rd$number/state; done"  # for every read
# Else the array would still write to it, and then waits for it before anything else.
QUIET = """
until mdadm --examine-bitmap {leg} | grep -q " 0 dirty" && grep -q clean /sys/block/md0/md/array_state; do
    sleep 0.2
done
"""
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

pytestmark = pytest.mark.timeout(300)  # waiting for what is slow, beside others


@pytest.fixture(scope="module")
def made() -> Iterator[Lab]:
    with bad_disks.made() as made:
        text = (PROJECT / "runbooks" / "md-mirror-backup.yaml").read_text()
        for ours, hurried in HURRIED.items():
            assert ours in text
            text = text.replace(ours, hurried)
        (made.guest.share / "hurried.yaml").write_text(text)
        yield made


@pytest.fixture
def lab(made: Lab) -> Iterator[Lab]:
    with bad_disks.left_whole(made):
        yield made


@pytest.mark.parametrize("number", [0, 2], ids=["another leg", "the leg taken off"])
def test_a_leg_that_is_a_little_slow_only_takes_its_time(lab: Lab, number: int) -> None:
    lab.legs[number].is_slow(milliseconds=20)
    done, told = lab.ended(lab.start())
    assert (done.status, told["verdict"]) == (0, "succeeded"), done.said


@pytest.mark.parametrize("moment", [BEFORE, PROVEN], ids=["the freeze", "the take-off"])
def test_where_all_legs_are_slow_a_timeout_lets_the_writers_go_on(lab: Lab, moment: Kill) -> None:
    with lab.stands_still(moment, runbook="/lab/hurried.yaml") as runner:
        _all_are_slow(lab)
    _goes_back(lab, runner, "timed out")


def test_where_all_legs_are_slow_the_limit_lets_the_writers_go_on(lab: Lab) -> None:
    with lab.stands_still(PROVEN, runbook="/lab/hurried.yaml") as runner:
        _all_are_slow(lab)
        frozen = md_scene.event(lab.guest, "ActionStarted", step="freeze", role="forward")["at"]
        time.sleep(max(0.0, frozen + LIMIT_SECONDS - 1.5 - time.time()))  # the limit passes while the leg is taken off
    _goes_back(lab, runner, "the limit of freeze passed")


def _all_are_slow(lab: Lab) -> None:
    for leg in lab.legs:
        leg.is_slow(milliseconds=400)


def _goes_back(lab: Lab, runner: Job, why: str) -> None:
    """Writers go on though the disks are still slow; and an image that may not be one moment is not used."""
    done, told = lab.ended(runner)
    assert done.status in (1, 4), done.said
    assert why in done.said
    assert not lab.has(step="dump", event="ActionStarted"), done.said
    assert eventually(lambda: not lab.amiss())
    lab.heal()
    if told["verdict"] == "stuck":
        lab.end_as_told(told)


@pytest.mark.parametrize("status", [1, 4], ids=["soon", "late"])
def test_a_leg_that_the_kernel_does_not_let_go_is_taken_back_when_it_does(lab: Lab, status: int) -> None:
    """What is still being read from a leg forbids its removal."""
    last = lab.legs[2]
    with lab.stands_still(PROVEN) as runner:
        lab.guest.ok(f"{PREFER_THE_LAST.format(word='writemostly')}\n{QUIET.format(leg=last.device)}")
        last.is_slow(milliseconds=60_000)
        reader = lab.guest.start("exec dd if=/dev/md0 of=/dev/null bs=4k count=1 skip=3000 iflag=direct status=none")
        lab.guest.ok(f"until grep -q '^State:.D' /proc/{reader.pid}/status; do sleep 0.1; done", timeout_seconds=10)
    assert eventually(lambda: lab.has(step="take-off", role="forward", outcome="failed"))
    if status == 1:
        last.heals()
    done, told = lab.ended(runner)
    assert (done.status, "hot remove failed" in told["cause"]) == (status, True), done.said
    assert not lab.amiss()
    lab.heal()
    lab.guest.ok(PREFER_THE_LAST.format(word="-writemostly"))
    if told["verdict"] == "stuck":
        lab.end_as_told(told)


def test_a_view_that_somebody_looks_into_is_removed_when_he_has_gone(lab: Lab) -> None:
    with lab.stands_still(DUMPING) as runner:
        other = lab.guest.start("exec sleep 1000 </dev/mapper/md0_backup")
        assert other.pid
    assert eventually(lambda: lab.has(step="view", role="release", outcome="failed"), RUN_SECONDS)
    other.kill()
    other.wait()
    done, told = lab.ended(runner)
    assert (done.status, told["verdict"]) == (0, "succeeded"), done.said


def test_what_somebody_else_has_frozen_stays_frozen(lab: Lab) -> None:
    lab.guest.ok(f"fsfreeze -f {MOUNT_POINT}")
    done, told = lab.ended(lab.start())
    lab.guest.ok(f"fsfreeze -u {MOUNT_POINT}")
    assert (done.status, told["verdict"]) == (1, "rolled back"), done.said
    assert "NOT DONE: nothing was changed" in done.said
    assert f"{MOUNT_POINT} is frozen already, by somebody else" in told["cause"]


def test_what_cannot_be_frozen_is_told(lab: Lab) -> None:
    (lab.guest.share / "quick.yaml").write_text(QUICK.replace("MOUNT_POINT", "/srv/memory"))
    lab.guest.ok("mkdir -p /srv/memory; mount -t tmpfs tmpfs /srv/memory; rm -rf /lab/state")
    done, told = lab.ended(lab.guest.start_svmrun("execute", "/lab/quick.yaml"))
    assert (done.status, told["verdict"]) == (1, "rolled back"), done.said
    assert "Operation not supported" in told["cause"]
