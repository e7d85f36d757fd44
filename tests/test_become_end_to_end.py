"""A user who is not root: refused at once, or root through sudo, pfexec or su; and killed in the lock window."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pexpect
import pytest

from tests.guard_scene import HERE
from tests.installed import until
from tests.running import PATIENCE_SECONDS, SVMRUN, Ended, Scene, differences

PASSWORD = "hunter2 of root"
QUESTION = "Password of root: ?"
WAYS = ("sudo", "pfexec", "su")
ARMS_FIRST = HERE / "tests" / "cases" / "kills" / "short-window.yaml"  # nothing needs root before its guard does
IN_THE_WINDOW = "metadetach#1=hang"
NARROW_SUDO = """#!/bin/sh
shift 2
case $1 in /bin/sh) echo "sudo: operator may not run $1" >&2; exit 1 ;; esac
SVMSIM_USER=root exec "$@"
"""


def host(scene: Scene, how: str, *faults: str) -> None:
    """With a user who is not root; sudo has a rule that needs no password."""
    scene.host("schost", *faults, user="operator", password="" if how == "sudo" else PASSWORD)


@contextmanager
def at_terminal(scene: Scene, *arguments: str) -> Iterator[pexpect.spawn[str]]:
    with pexpect.spawn(
        SVMRUN,
        list(arguments),
        env={**scene.environment, "TERM": "dumb"},
        cwd=str(scene.folder),
        encoding="utf-8",
        timeout=PATIENCE_SECONDS,
        dimensions=(50, 200),
    ) as terminal:
        yield terminal


def answer(terminal: pexpect.spawn[str], password: str = PASSWORD) -> None:
    terminal.expect(QUESTION)
    terminal.waitnoecho()
    terminal.sendline(password)


def ended(terminal: pexpect.spawn[str]) -> Ended:
    terminal.expect(pexpect.EOF)
    said = terminal.before or ""
    terminal.close()
    return Ended(terminal.exitstatus if terminal.exitstatus is not None else -1, said.replace("\r", ""), "")


def run(scene: Scene, how: str, command: str = "execute") -> Ended:
    arguments = ("mirror-backup", "--simulate", str(scene.folder / "host"), "--become", how)
    if how != "su":
        return scene.run(command, *arguments)
    with at_terminal(scene, command, *arguments) as terminal:
        answer(terminal)
        return ended(terminal)


@contextmanager
def held(scene: Scene, how: str) -> Iterator[int]:
    """The pid of a run that hangs between lock and unlock."""
    arguments = ("mirror-backup", "--simulate", str(scene.folder / "host"), "--become", how)
    if how == "su":
        with at_terminal(scene, "execute", *arguments) as terminal:
            answer(terminal)
            scene.until_called("metadetach")
            yield int(terminal.pid or 0)
            terminal.expect(pexpect.EOF)
    else:
        process = scene.start("mirror-backup", *arguments[3:])
        scene.until_called("metadetach")
        yield process.pid
        process.wait()


def everything_written(folder: Path) -> str:
    return "".join(path.read_text(errors="replace") for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("where", ["the world's user", "the environment"])
def test_without_root_the_run_fails_at_once_and_says_what_to_give(scene: Scene, where: str) -> None:
    scene.host("schost", user="operator" if where == "the world's user" else "root")
    environment = {"SVMSIM_USER": "operator"} if where == "the environment" else {}
    failed = scene.execute("mirror-backup", **environment)
    assert failed.code == 6
    assert "Run this as root, or give --become pfexec, sudo or su: operator may not change mirrors" in failed.said
    assert scene.calls() == ()
    assert differences(scene.before, scene.world) == []


@pytest.mark.parametrize("how", WAYS)
def test_the_plan_shows_what_goes_before_a_command(scene: Scene, how: str) -> None:
    host(scene, how)
    plan = run(scene, how, "plan")
    assert plan.code == 0, plan.said
    programs = scene.folder / "host" / "bin"
    shown = {
        "sudo": f"{programs}/sudo -n -- {programs}/lockfs -w",
        "pfexec": f"{programs}/pfexec {programs}/lockfs -w",
        "su": f"{programs}/su root -c 'exec {programs}/lockfs -w",
    }
    assert shown[how] in plan.said
    assert differences(scene.before, scene.world) == []


@pytest.mark.parametrize("how", WAYS)
def test_a_run_that_becomes_root_succeeds(scene: Scene, how: str) -> None:
    host(scene, how)
    done = run(scene, how)
    assert done.code == 0, done.said
    assert differences(scene.before, scene.world) == []
    assert [image.consistent for tape in scene.world.tapes for image in tape.contents] == [True]
    assert [path for path in scene.memory.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("how", ["sudo", "pfexec"])
def test_a_run_that_became_root_and_is_killed_leaves_nothing_held(scene: Scene, how: str) -> None:
    host(scene, how, IN_THE_WINDOW)
    with held(scene, how) as pid:
        assert differences(scene.before, scene.world) != []
        os.kill(pid, signal.SIGKILL)
    until(lambda: differences(scene.before, scene.world) == [], "the guard releases everything")


def _words(process: Path) -> str:
    try:
        return (process / "cmdline").read_text(errors="replace") + (process / "environ").read_text(errors="replace")
    except OSError:
        return ""


@pytest.mark.parametrize("runbook", ["mirror-backup", str(ARMS_FIRST)])
def test_a_wrong_password_changes_nothing(scene: Scene, runbook: str) -> None:
    host(scene, "su")
    arguments = (runbook, "--simulate", str(scene.folder / "host"), "--become", "su")
    with at_terminal(scene, "execute", *arguments) as terminal:
        answer(terminal, "something else")
        failed = ended(terminal)
    assert failed.code == 6
    assert "su did not accept the password for root" in failed.said
    assert differences(scene.before, scene.world) == []
    assert list(scene.memory.glob("svmrun-*/*")) == []


def test_su_without_anybody_at_a_terminal_is_refused_at_once(scene: Scene) -> None:
    host(scene, "su")
    failed = scene.execute("mirror-backup", "--become", "su")
    assert failed.code == 6
    assert "su needs the password of root, and nobody is at a terminal to give it" in failed.said
    assert scene.calls() == ()


def test_after_a_run_through_su_the_password_is_nowhere_and_recovery_asks_for_it(scene: Scene) -> None:
    host(scene, "su", IN_THE_WINDOW)
    with held(scene, "su") as pid:
        running = [_words(path) for path in Path("/proc").glob("[0-9]*")]
        os.kill(pid, signal.SIGKILL)
    until(lambda: differences(scene.before, scene.world) == [], "the guard releases everything")
    assert not any(PASSWORD in words for words in (*running, *scene.world.calls))
    assert PASSWORD not in everything_written(scene.state) + everything_written(scene.memory)
    alone = scene.run("recover")
    assert alone.code == 6
    assert "nobody is at a terminal to give it; do this at a terminal, or as root" in alone.said
    with at_terminal(scene, "recover") as terminal:
        answer(terminal)
        recovered = ended(terminal)
    assert recovered.code == 0, recovered.said
    assert PASSWORD not in recovered.said + everything_written(scene.state)
    assert differences(scene.before, scene.world) == []


def test_root_itself_recovers_such_a_run_without_a_password(scene: Scene) -> None:
    host(scene, "su", IN_THE_WINDOW)
    with held(scene, "su") as pid:
        os.kill(pid, signal.SIGKILL)
    recovered = scene.run("recover", SVMSIM_USER="root")
    assert recovered.code == 0, recovered.said
    assert differences(scene.before, scene.world) == []


def test_where_sudo_allows_no_shell_the_guard_releases_through_sudo(scene: Scene) -> None:
    host(scene, "sudo", IN_THE_WINDOW)
    (scene.folder / "host" / "bin" / "sudo").write_text(NARROW_SUDO)
    with held(scene, "sudo") as pid:
        os.kill(pid, signal.SIGKILL)
    until(lambda: differences(scene.before, scene.world) == [], "the guard releases everything")
    said = (scene.folder / "said.txt").read_text()
    assert "the guard cannot be started as root: sudo: operator may not run /bin/sh; it runs as this user" in said
