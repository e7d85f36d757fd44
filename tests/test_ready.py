"""While writers wait no process is started that could have been started before: real runs, real processes."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest

from tests.installed import until
from tests.kill_stories import Nursery, nursery, start_and_stop
from tests.running import Scene, differences
from tests.test_fence import LOCK_IS_DONE, SHORT_WINDOW

BACKUP = "mirror-backup"
WHILE_LOCKED = [("detach", "forward"), ("lock", "release")]
COMMAND_SECONDS = 0.5


@pytest.fixture(scope="module")
def runner() -> Iterator[Nursery]:
    with nursery() as made:
        yield made


def started(scene: Scene, step: str, role: str) -> int:
    """In the ticks of the system's clock."""
    events = scene.events()
    intents = [
        n for n, e in enumerate(events) if (e["event"], e.get("step"), e.get("role")) == ("ActionStarted", step, role)
    ]
    return int(events[intents[0] + 1]["pid_started"].rpartition(":")[2])


def standing_ready(scene: Scene) -> list[str]:
    """By their numbers."""
    return scene.shell(f"pgrep -f '^/bin/sh {scene.memory}/.*/release.sh ready'").stdout.split()


def test_the_commands_of_the_window_are_started_before_the_lock_stands(scene: Scene) -> None:
    scene.host("schost", command_seconds=COMMAND_SECONDS)
    assert scene.execute(SHORT_WINDOW).code == 0
    locking = started(scene, "lock", "forward")
    stands = locking + COMMAND_SECONDS * os.sysconf("SC_CLK_TCK")
    assert all(started(scene, step, role) < stands for step, role in WHILE_LOCKED)
    assert started(scene, "dump", "forward") > stands


def test_a_run_that_fails_while_writers_wait_leaves_nobody_standing_ready(scene: Scene) -> None:
    scene.host("schost", "metadetach=fail")
    assert scene.execute(BACKUP).code == 1
    assert not differences(scene.before, scene.world)
    assert not scene.running()


def test_who_was_killed_while_he_stood_ready_is_replaced(runner: Nursery, scene: Scene) -> None:
    scene.host()
    pid = start_and_stop(runner, scene, str(SHORT_WINDOW), LOCK_IS_DONE)
    assert len(standing_ready(scene)) == 2  # detach and unlock
    for waiting in standing_ready(scene):
        os.kill(int(waiting), signal.SIGKILL)
    until(lambda: not standing_ready(scene), "all of them are killed")
    os.kill(pid, signal.SIGCONT)
    assert runner.end(scene).code == 0
    assert not differences(scene.before, scene.world)


def test_who_stands_ready_goes_with_a_runner_that_is_killed(runner: Nursery, scene: Scene) -> None:
    scene.host()
    pid = start_and_stop(runner, scene, str(SHORT_WINDOW), LOCK_IS_DONE)
    assert standing_ready(scene)
    os.kill(pid, signal.SIGKILL)
    until(lambda: not scene.running(), "nobody is left")
    runner.end(scene)
    assert not differences(scene.before, scene.world)
