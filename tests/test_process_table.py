"""The process table in its three dialects, and orphans of dead runs."""

from __future__ import annotations

import os
import socket
import struct
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from svmrun.core.events import ActionStarted, Event, ProcessStarted, RunStarted
from svmrun.effects.become import kill_helper
from svmrun.effects.group import MARKER, Tree
from svmrun.effects.orphans import end_orphans
from svmrun.effects.processes import alive, from_ps, holders, look_up, process_started, unpack_psinfo
from svmrun.effects.state_folder import RunFolder
from svmrun.errors import Busy


def runner(pid: int, started: str, host: str | None = None) -> RunStarted:
    return RunStarted("r", {}, pid, started, host or socket.gethostname(), "v")


def test_a_program_may_have_any_name(tmp_path: Path) -> None:
    program = tmp_path / "a) R 1 (b"
    program.symlink_to("/bin/sleep")
    with subprocess.Popen([str(program), "30"], start_new_session=True) as child:
        row = look_up(child.pid)
        assert row
        assert (row.parent, row.group, row.session, row.dead) == (os.getpid(), child.pid, child.pid, False)
        child.kill()


def test_ps_tells_the_same_as_proc() -> None:
    with subprocess.Popen(["sleep", "30"], start_new_session=True) as child:
        (row,) = from_ps("-p", str(child.pid))
        known = look_up(child.pid)
        assert known
        assert (row.pid, row.parent, row.group) == (known.pid, known.parent, known.group)
        assert row.started == next(from_ps("-p", str(child.pid))).started
        assert child.pid in [p.pid for p in from_ps("-e")]
        child.kill()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        assert next(from_ps("-p", str(child.pid))).dead
    assert list(from_ps("-p", str(child.pid))) == []


@pytest.mark.parametrize(("threads", "dead"), [(1, False), (0, True)])
def test_a_solaris_psinfo_is_read_in_this_interpreters_data_model(threads: int, dead: bool) -> None:
    begin = struct.pack(
        "@iiiiiiiiiiPNNNLHHll", 0, threads, 12, 1, 11, 10, 0, 0, 0, 0, 7, 8, 9, 0, 5, 1, 2, 1_700_000_000, 42
    )
    row = unpack_psinfo(begin + bytes(200))
    assert (row.pid, row.parent, row.group, row.session, row.dead) == (12, 1, 11, 10, dead)
    assert row.started == "1700000000.000000042"


def within_seconds(seconds: float, holds: Callable[[], bool]) -> bool:
    until = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


def test_a_tree_knows_its_descendants_by_every_tie() -> None:
    script = "setsid sleep 30 & (sleep 30 & sleep 30) & wait"
    environment = {"PATH": "/usr/bin:/bin", MARKER: "abc"}
    with subprocess.Popen(["/bin/sh", "-c", script], env=environment, start_new_session=True) as leader:
        tree = Tree(leader.pid, "abc")
        complete = within_seconds(10, lambda: len(tree.members()) >= 4)
        tree.kill()
        leader.wait()
        assert complete
        assert within_seconds(10, lambda: not tree.members())


def test_an_orphan_that_the_journal_names_is_ended(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path, "x")
    lock = folder.lock()
    with subprocess.Popen(["sleep", "30"], start_new_session=True, pass_fds=(lock,)) as orphan:
        os.close(lock)
        assert holders(folder.path / "lock") == [orphan.pid]
        events: list[Event] = [
            runner(1, "long ago"),
            ActionStarted("dump", "forward", 0, 1, "ufsdump"),
            ProcessStarted("dump", orphan.pid, process_started(orphan.pid)),
        ]
        assert end_orphans(folder, events) == ()
        assert orphan.wait() == -2
    os.close(folder.lock())


def test_an_orphan_that_was_started_just_before_the_end_is_found_by_the_lock(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path, "x")
    lock = folder.lock()
    with subprocess.Popen(
        ["/bin/sleep", "30"], start_new_session=True, pass_fds=(lock,), env={MARKER: "abc"}
    ) as orphan:
        os.close(lock)
        assert end_orphans(folder, [runner(1, "long ago")]) == ()
        assert orphan.wait() == -15


def test_a_living_runners_commands_are_left_alone(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path, "x")
    mine = process_started(os.getpid())
    with subprocess.Popen(["sleep", "30"], start_new_session=True) as child:
        events = [runner(os.getpid(), mine), ProcessStarted("a", child.pid, process_started(child.pid))]
        with pytest.raises(Busy, match=f"still runs .*pid {os.getpid()}"):
            end_orphans(folder, events)
        with pytest.raises(Busy, match="on the host elsewhere"):
            end_orphans(folder, [runner(1, "x", "elsewhere")])
        assert alive(child.pid, process_started(child.pid))
        child.kill()


def test_what_became_root_is_signalled_the_same_way() -> None:
    assert kill_helper(("/usr/bin/sudo", "-n", "--", "/sbin/lockfs")) == ("/usr/bin/sudo", "-n", "--")
    assert kill_helper(("/bin/sh", "card", "run", "/usr/bin/pfexec", "/sbin/lockfs")) == ("/usr/bin/pfexec",)
    assert kill_helper(("/sbin/lockfs", "-w")) == ()
