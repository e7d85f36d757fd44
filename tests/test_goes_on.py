"""A mirror copies to a side that was given back long after the run has ended: the verdict says so, and how to wait."""

from __future__ import annotations

from typing import Any

import pytest

from svmrun.adapters.registry import REGISTRY
from svmrun.values import replace
from svmrun.verify.copies import untold_copies
from svmrun.verify.kinds import Injection
from svmrun.verify.scene import Scene
from svmrun.verify.story import steps
from tests.running import Scene as Host
from tests.verifying import desk

SVM = {"diskset": "schost-1", "mirror": "d0", "submirror": "d30"}
MD = {"array": "/dev/md0", "device": "/dev/sdd1"}
LVM = {"volume": "vg/data", "image": "data_rimage_2", "devices": []}
COPIES = [
    ("mdadm", {**MD, "mode": "re-add"}, "/dev/md0", "/dev/sdd1", "mdadm --wait /dev/md0 returns"),
    ("mdadm", {**MD, "mode": "add"}, "/dev/md0", "/dev/sdd1", "mdadm --wait /dev/md0 returns"),
    ("metattach", SVM, "schost-1/d0", "schost-1/d30", "metastat -s schost-1 d0 shows it Okay"),
    ("metaonline", SVM, "schost-1/d0", "schost-1/d30", "metastat -s schost-1 d0 shows it Okay"),
    (
        "lvconvert",
        {**LVM, "mode": "merge"},
        "vg/data",
        "vg/data_rimage_2",
        "lvs -o lv_name,sync_percent vg/data shows 100.00",
    ),
    (
        "lvchange",
        {"mode": "rebuild", "volume": "vg/data", "devices": ["/dev/sdd1"]},
        "vg/data",
        "/dev/sdd1",
        "lvs -o lv_name,sync_percent vg/data shows 100.00",
    ),
]


@pytest.mark.parametrize(("name", "arguments", "mirror", "side", "wait"), COPIES)
def test_who_gives_a_side_back_tells_how_to_wait(
    name: str, arguments: dict[str, Any], mirror: str, side: str, wait: str
) -> None:
    told = REGISTRY[name].goes_on(arguments)
    assert told.startswith(f"{mirror} may still be copying to {side}, ")
    assert told.endswith(f" before {wait}")


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("mdadm", {**MD, "mode": "fail-remove"}),
        ("metadetach", SVM),
        ("metaoffline", SVM),
        ("lvconvert", {**LVM, "mode": "split"}),
        ("umount", {"mount_point": "/mnt"}),
    ],
)
def test_who_does_not_has_nothing_to_tell(name: str, arguments: dict[str, Any]) -> None:
    assert REGISTRY[name].goes_on(arguments) == ""


def interrupted(step: str, runbook: str = "md-mirror-backup", world: str = "md") -> Scene:
    """The end of the story in which the operator interrupts the run just before that step."""
    told = desk(runbook, world)
    turn = next(s.before.turn for s in steps(told, []) if s.after.state.step(step).started)
    return list(steps(told, [Injection(turn, "interrupt")]))[-1].after


@pytest.mark.parametrize(
    ("runbook", "world", "step"),
    [
        ("md-mirror-backup", "md", "data"),
        ("md-mirror-backup", "md", "recovery"),  # given back on the way forward: nothing was left to undo
        ("lvm-mirror-backup", "lvm", "view"),
        ("mirror-backup", "schost", "check"),
    ],
)
def test_a_run_that_went_back_tells_of_the_copy_that_it_started(runbook: str, world: str, step: str) -> None:
    scene = interrupted(step, runbook, world)
    ended = scene.state.ended
    assert ended is not None
    assert ended.verdict == "rolled back"
    assert len(ended.goes_on) == 1
    assert not list(untold_copies(desk(runbook, world), scene))


def test_verify_demands_that_it_is_told() -> None:
    scene = interrupted("data")
    assert scene.state.ended is not None
    silent = replace(scene, state=replace(scene.state, ended=replace(scene.state.ended, goes_on=())))
    (finding,) = untold_copies(desk("md-mirror-backup", "md"), silent)
    assert (finding.invariant, finding.step) == ("truth", "take-off")
    assert finding.message == "/dev/md0 still copies to /dev/sdd1, and the verdict does not say so"


def test_before_the_side_was_taken_off_there_is_nothing_to_wait_for() -> None:
    scene = interrupted("freeze")
    assert scene.state.ended is not None
    assert scene.state.ended.goes_on == ()


def test_the_last_words_of_a_run_say_what_goes_on_before_they_say_to_run_it_again(scene: Host) -> None:
    scene.host("schost", "ufsdump=fail")
    ended = scene.execute("mirror-backup")
    assert ended.code == 1, ended.said
    assert "goes on: schost-1/d0 may still be copying to schost-1/d30" in ended.said
    assert "next: wait for that, remove the cause, then run it again" in ended.said
