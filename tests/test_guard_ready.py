"""What stands ready before writers wait, and which limits begin when they go on: every test runs under every shell."""

from __future__ import annotations

import subprocess
import time
from functools import partial

import pytest

from svmrun.effects.guard import FENCED_STATUS, Guard
from tests.guard_scene import Scene, eventually, released_lines, scene_of_a_shell, scene_of_each_shell

scene, scenes = scene_of_a_shell, scene_of_each_shell


def at_gate(guard: Guard, command: str, fenced: bool) -> subprocess.Popen[bytes]:
    argv = guard.ready(("/bin/sh", "-c", command), fenced)
    return subprocess.Popen(argv, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0, start_new_session=True)


def let_through(waiting: subprocess.Popen[bytes]) -> int:
    assert waiting.poll() is None, "it did not wait"
    waiting.communicate(b"\n", timeout=10)
    return waiting.returncode


@pytest.mark.parametrize("fenced", [True, False])
def test_a_command_that_stands_ready_starts_when_it_is_let_through_and_reads_nothing(
    scene: Scene, fenced: bool
) -> None:
    guard = scene.arm()
    waiting = at_gate(guard, f"cat; echo ran >>{scene.root}/log; exit 7", fenced)
    guard.hold("lock")
    assert scene.log() == []
    assert let_through(waiting) == 7
    assert scene.log() == ["ran"]
    guard.released("lock")
    guard.leave()


@pytest.mark.parametrize("fenced", [True, False])
def test_a_command_that_stands_ready_ends_with_its_runner(scene: Scene, fenced: bool) -> None:
    guard = scene.arm()
    waiting = at_gate(guard, f"echo ran >>{scene.root}/log", fenced)
    waiting.communicate(timeout=10)
    assert (waiting.returncode, scene.log()) == (FENCED_STATUS, [])
    guard.leave()


def test_of_what_stands_ready_only_what_undoes_starts_once_the_guard_has_acted(scene: Scene) -> None:
    guard = scene.arm(limit_seconds=0.1)
    forward = at_gate(guard, f"echo forward >>{scene.root}/log", True)
    undoing = at_gate(guard, f"echo undone >>{scene.root}/log", False)
    guard.hold("lock")
    assert eventually(lambda: "done" in guard.poll())
    assert (let_through(forward), let_through(undoing)) == (FENCED_STATUS, 0)
    assert scene.log() == [*released_lines("lock"), "undone"]


@pytest.mark.parametrize("fenced", [True, False])
def test_a_command_that_stood_ready_has_noted_itself_and_is_ended_before_anything_is_released(
    scene: Scene, fenced: bool
) -> None:
    guard = scene.arm()
    ended = (
        f"trap 'echo ended >>{scene.root}/log; exit' TERM; echo begun >>{scene.root}/log; while :; do sleep 0.1; done"
    )
    waiting = at_gate(guard, ended, fenced)
    guard.hold("lock")
    assert waiting.stdin is not None
    with waiting.stdin as gate:
        gate.write(b"\n")
    assert eventually(lambda: scene.log() == ["begun"])
    guard._feed.close()
    assert scene.comes_to(["begun", "ended", *released_lines("lock")])
    waiting.wait(10)


def has_acted(guard: Guard) -> bool:
    return "done" in guard.poll()


def while_writers_wait(scene: Scene, limit_seconds: float, inner_limit_seconds: float) -> Guard:
    """A guard that was told of a hold for which writers wait, and of another one meanwhile."""
    (scene.root / "state").touch()
    holds = [scene.hold("detach", inner_limit_seconds), scene.hold("lock", limit_seconds, urgent=True)]
    guard = scene.arm(holds=holds)
    guard.hold("lock")
    guard.hold("detach")
    return guard


def test_a_limit_that_began_while_writers_waited_is_kept_when_they_go_on(scenes: list[Scene]) -> None:
    guards = [while_writers_wait(scene, 0.5, 0.5) for scene in scenes]
    for guard in guards:
        guard.released("lock")
    for scene, guard in zip(scenes, guards, strict=True):
        assert eventually(partial(has_acted, guard)), scene.shell
        assert (guard.fired(), scene.log()) == ("the limit of detach passed", released_lines("detach"))


def test_a_limit_that_began_while_writers_waited_and_is_shorter_is_kept_at_once(scenes: list[Scene]) -> None:
    guards = [while_writers_wait(scene, 20, 0.1) for scene in scenes]
    for scene, guard in zip(scenes, guards, strict=True):
        assert eventually(partial(has_acted, guard)), scene.shell
        assert guard.fired() == "the limit of detach passed"


def test_a_hold_that_began_and_ended_while_writers_waited_has_no_limit_any_more(scenes: list[Scene]) -> None:
    guards = [while_writers_wait(scene, 0.5, 0.5) for scene in scenes]
    for guard in guards:
        guard.released("detach")
        guard.released("lock")
    time.sleep(2.5)  # the longest that a shell makes of it, whose sleep knows no fractions
    for scene, guard in zip(scenes, guards, strict=True):
        assert (guard.fired(), scene.log()) == (None, []), scene.shell
        guard.leave()
