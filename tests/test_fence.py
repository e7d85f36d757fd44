"""A runner that sleeps longer than a hold may last: the guard releases at the limit, and who wakes up does nothing."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.installed import until
from tests.kill_stories import Nursery, nursery, start_and_stop
from tests.running import Ended, Scene, differences

CASES = Path(__file__).parent / "cases" / "kills"
SHORT_WINDOW = CASES / "short-window.yaml"
LIMIT_SECONDS = 4.6
# Records of short-window, counted from 1: looks at lock and detach, the guard, and a second look at lock come first.
LOCK_IS_INTENDED, LOCK_IS_DONE, DETACH_IS_INTENDED, DETACH_IS_DONE = 12, 14, 15, 17


@pytest.fixture(scope="module")
def runner() -> Iterator[Nursery]:
    with nursery() as made:
        yield made


def sleep_past_the_limit(runner: Nursery, scene: Scene, record: int, meanwhile: Callable[[], Any] = dict) -> Ended:
    """Stop it after this record, wait until the guard has acted, wake it."""
    scene.host()
    pid = start_and_stop(runner, scene, str(SHORT_WINDOW), record)
    meanwhile()
    until(lambda: list(scene.memory.glob("svmrun-*/*/fired")), "the guard acts")
    (fired,) = scene.memory.glob("svmrun-*/*/fired")
    acted = fired.stat().st_mtime
    until(lambda: not differences(scene.before, scene.world), "everything is released")
    os.kill(pid, signal.SIGCONT)
    ended = runner.end(scene)
    assert LIMIT_SECONDS - 0.1 <= acted - lock_began(scene) <= LIMIT_SECONDS + 2.0  # half, and a loaded machine
    return ended


def lock_began(scene: Scene) -> float:
    intent = next(n for n, x in enumerate(scene.events()) if x["event"] == "ActionStarted" and x["role"] == "forward")
    return float(scene.events()[intent + 1]["at"])  # its process


def forward_after_the_guard(scene: Scene) -> list[str]:
    events = scene.events()
    fired = next(n for n, x in enumerate(events) if x["event"] == "GuardFired")
    return [x["step"] for x in events[fired:] if x["event"] == "ActionStarted" and x["role"] in ("forward", "release")]


@pytest.mark.parametrize("record", [LOCK_IS_DONE, DETACH_IS_INTENDED, DETACH_IS_DONE])
def test_a_runner_that_slept_past_the_limit_does_nothing_forward(runner: Nursery, scene: Scene, record: int) -> None:
    ended = sleep_past_the_limit(runner, scene, record)
    assert ended.code == 1
    assert "the limit of lock passed" in ended.said
    assert not forward_after_the_guard(scene)
    assert not differences(scene.before, scene.world)
    assert not any(call.startswith("ufsdump") for call in scene.world.calls)


def test_a_lock_that_was_intended_a_limit_ago_is_not_taken_any_more(runner: Nursery, scene: Scene) -> None:
    scene.host()
    pid = start_and_stop(runner, scene, str(SHORT_WINDOW), LOCK_IS_INTENDED)
    time.sleep(LIMIT_SECONDS)
    os.kill(pid, signal.SIGCONT)
    assert runner.end(scene).code == 1
    assert not any(call.startswith("lockfs -w") for call in scene.world.calls)
    assert not differences(scene.before, scene.world)


def test_a_detach_that_came_after_the_lock_was_lifted_is_called_inconsistent(runner: Nursery, scene: Scene) -> None:
    ended = sleep_past_the_limit(runner, scene, DETACH_IS_INTENDED)
    assert "its image is inconsistent, do not use it" in ended.said
    assert not any(call.startswith("metadetach") for call in scene.world.calls)
    cause = scene.events()[-1]["cause"]
    assert "writers may have gone on before detach was done" in cause


def test_status_tells_of_a_lock_that_a_stopped_runner_holds(runner: Nursery, scene: Scene) -> None:
    said: list[str] = []
    sleep_past_the_limit(runner, scene, LOCK_IS_DONE, lambda: said.append(scene.run("status").out))
    assert "lock" in said[0]
    assert "4.6 s" in said[0]
