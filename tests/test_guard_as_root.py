"""A guard that is started through another program (sudo, su): it is fed over named pipes, and is the same guard."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from svmrun.adapters.base import Command, Completed
from svmrun.effects.cancel import Cancel
from svmrun.effects.guard import Guard
from svmrun.effects.guard_start import as_root
from svmrun.effects.process import run
from svmrun.effects.terminal_dialogue import converse
from svmrun.errors import Refused
from tests.guard_scene import (
    SHELLS,
    Scene,
    end_guards,
    eventually,
    gone,
    guards,
    released_lines,
    strace_is_here,
    traced,
)


@pytest.fixture(params=SHELLS)
def scene(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Scene]:
    made = Scene(tmp_path, request.param)
    made.folder.mkdir()
    yield made
    end_guards(tmp_path)


def through(perform: Callable[..., Completed], output: Path, *before: str) -> Callable[[Command], Completed]:
    """Runs a command behind other words, as sudo and pfexec do (`run`), or on a terminal, as su needs it."""

    def start(command: Command) -> Completed:
        argv = (*before, *command.argv)
        return perform(
            Command(argv),
            program=argv[0],
            timeout_seconds=20,
            output=output,
            cancel=Cancel(),
            environment={"PATH": "/usr/bin:/bin"},
        )

    return start


def arm(scene: Scene, *before: str, perform: Callable[..., Completed] = run) -> Guard:
    start = as_root(through(perform, scene.root / "starting", *before))
    return Guard.arm(scene.program(scene.holds()), scene.folder, scene.words, start=start)


def test_the_end_of_its_runner_makes_it_release_everything(scene: Scene) -> None:
    guard = arm(scene, "/usr/bin/env")
    for step in ("lock", "detach"):
        guard.hold(step)
    guard._feed.close()
    assert eventually(lambda: "done" in guard.poll())
    assert scene.log() == released_lines("detach", "lock")
    assert gone(guard.pid)
    assert guard.fired() == "the runner is gone"


def test_it_can_be_fed_by_nobody_else_and_holds_nothing_open(scene: Scene) -> None:
    guard = arm(scene, "/usr/bin/env")
    pipes = {f"{scene.folder}/{name} (deleted)" for name in ("feed", "report")}
    assert not {path.name for path in scene.folder.iterdir()} & {"feed", "report"}
    descriptors = Path(f"/proc/{guard.pid}/fd")
    targets = {os.readlink(descriptors / name) for name in os.listdir(descriptors)}
    assert {t for t in targets if not t.startswith(("pipe:", "socket:"))} <= {"/dev/null", str(scene.card), *pipes}
    assert os.readlink(f"/proc/{guard.pid}/cwd") == "/"
    guard.leave()
    assert gone(guard.pid)
    assert scene.log() == []
    assert not scene.folder.exists()


def test_its_death_is_seen_at_once(scene: Scene) -> None:
    guard = arm(scene, "/usr/bin/env")
    guard.hold("lock")
    assert guard.news() is None
    os.kill(guard.pid, signal.SIGKILL)
    assert eventually(lambda: guard.news() is not None, 1.0)
    guard.released("lock")
    guard.leave()


def test_it_outlives_the_terminal_that_it_was_started_on(scene: Scene) -> None:
    guard = arm(scene, "/usr/bin/env", perform=converse)
    guard.hold("lock")
    time.sleep(0.1)
    assert guard.news() is None
    guard._feed.close()
    assert eventually(lambda: "done" in guard.poll())
    assert scene.log() == released_lines("lock")


def test_a_runner_that_dies_while_it_starts_leaves_no_process_behind(scene: Scene) -> None:
    scene.card.write_text(scene.program(scene.holds()))
    for name in ("feed", "report"):
        os.mkfifo(scene.folder / name)
    with subprocess.Popen([*scene.words, str(scene.card), "guard-as-root"]) as first:
        assert first.wait(10) == 0
    assert eventually(lambda: not guards(scene))
    assert scene.log() == []


def test_who_may_not_become_root_is_told_so_and_no_pipe_is_left(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    scene.folder.mkdir()
    with pytest.raises(Refused, match=r"cannot be started as root: sudo: a password is required"):
        arm(scene, "/bin/sh", "-c", "echo sudo: a password is required >&2; exit 1")
    assert [path.name for path in scene.folder.iterdir()] == ["release.sh"]


def test_it_opens_no_file_and_writes_none_while_it_is_armed(tmp_path: Path) -> None:
    if not strace_is_here():
        return
    scene = Scene(tmp_path)
    scene.folder.mkdir()
    guard = arm(scene, "/usr/bin/env")
    guard.hold("lock")
    with traced(scene, tmp_path / "trace"):
        time.sleep(0.3)
    calls = (tmp_path / "trace").read_text()
    assert "read(0" in calls
    assert not re.search(r"\b(open\w*|creat|write|exec\w*|fork|clone\w*)\(", calls)
    guard._feed.close()
    assert gone(guard.pid)
