"""One run at a time for each resource, told by real processes."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from svmrun.core.events import RunEnded, RunStarted
from svmrun.effects.ending import end_orphan
from svmrun.effects.exclusion import acquire
from svmrun.effects.journal import Journal
from svmrun.effects.processes import alive, process_started
from svmrun.effects.state_folder import RunFolder, make_folder, runs, state_root
from svmrun.errors import Busy, StateError

MIRROR = "mirror schost-1/d0"

HOLDS = """
    import sys, time
    from pathlib import Path
    from svmrun.effects.exclusion import acquire
    lock = acquire(Path(sys.argv[1]), [sys.argv[2]], sys.argv[3])
    print("held", flush=True)
    time.sleep(60)
"""


@contextmanager
def another_run(root: Path, run: str, resource: str = MIRROR) -> Iterator[subprocess.Popen[str]]:
    argv = [sys.executable, "-c", textwrap.dedent(HOLDS), str(root), resource, run]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def unfinished(root: Path, runbook: str = "mirror-backup") -> tuple[RunFolder, Journal]:
    folder = RunFolder.create(root, runbook)
    return folder, Journal.create(folder.path, RunStarted(folder.run, {}, 1, "s", "h", "v"))


def test_the_second_run_is_refused_at_once_with_the_owners_name(tmp_path: Path) -> None:
    with another_run(tmp_path, "20260101-first") as owner:
        took = []
        for _again in range(3):
            began = time.monotonic()
            with pytest.raises(Busy) as refusal:
                acquire(tmp_path, [MIRROR], "second")
            took.append(time.monotonic() - began)
        assert min(took) < 0.1
    words = str(refusal.value)
    assert all(
        w in words for w in (MIRROR, "20260101-first", f"pid {owner.pid}", f"host {os.uname().nodename}", "since")
    )
    assert refusal.value.exit_code == 5


def test_other_resources_and_other_targets_are_free(tmp_path: Path) -> None:
    with another_run(tmp_path, "first"):
        acquire(tmp_path, ["mirror schost-1/d5"], "second").release()
        acquire(tmp_path, [MIRROR], "second", target="other-host").release()


def test_a_released_resource_is_free(tmp_path: Path) -> None:
    acquire(tmp_path, [MIRROR], "first").release()
    acquire(tmp_path, [MIRROR], "second").release()


def test_a_dead_owners_unfinished_run_must_be_recovered_first(tmp_path: Path) -> None:
    folder, journal = unfinished(tmp_path)
    with another_run(tmp_path, folder.run):
        pass
    with pytest.raises(Busy, match=rf"is dead; finish it first: svmrun recover {folder.run}"):
        acquire(tmp_path, [MIRROR], "next")
    recovery = acquire(tmp_path, [MIRROR], folder.run)
    journal.append(RunEnded("rolled back", 1))
    recovery.leave()
    acquire(tmp_path, [MIRROR], "next").release()


def test_a_refused_run_leaves_the_dead_owners_name(tmp_path: Path) -> None:
    folder, _journal = unfinished(tmp_path)
    with another_run(tmp_path, folder.run):
        pass
    for _again in range(2):
        with pytest.raises(Busy, match=folder.run):
            acquire(tmp_path, ["aa", MIRROR, "zz"], "next")
    acquire(tmp_path, ["aa", "zz"], "next").release()


def test_a_dead_owner_that_never_began_or_whose_folder_is_gone_is_no_hindrance(tmp_path: Path) -> None:
    with another_run(tmp_path, "20260101-000000-never-abcd"):
        pass
    acquire(tmp_path, [MIRROR], "next").release()


def test_a_command_that_outlives_its_runner_does_not_hold_the_resource(tmp_path: Path) -> None:
    lock = acquire(tmp_path, [MIRROR], "first")
    child = subprocess.Popen(["sleep", "30"], close_fds=False)
    lock.release()
    acquire(tmp_path, [MIRROR], "second").release()
    child.kill()
    child.wait()


def test_a_run_folders_lock_is_held_by_the_children_that_inherit_it(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path, "mirror backup/é")
    descriptor = folder.lock()
    child = subprocess.Popen(["sleep", "30"], pass_fds=(descriptor,), start_new_session=True)
    started = process_started(child.pid)
    os.close(descriptor)
    with pytest.raises(Busy, match="still held"):
        folder.lock()
    assert end_orphan(child.pid, started) == 0
    os.close(folder.lock())
    child.wait()


def test_an_orphan_is_not_taken_for_a_process_with_the_same_number(tmp_path: Path) -> None:
    with subprocess.Popen(["sleep", "30"], start_new_session=True) as child:
        assert end_orphan(child.pid, "another start") == 0
        assert child.poll() is None
        child.kill()


def test_what_a_dead_leader_left_in_its_session_is_ended(tmp_path: Path) -> None:
    argv = ["/bin/sh", "-c", "sleep 60 & echo $!"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, start_new_session=True) as leader:
        started = process_started(leader.pid)
        assert leader.stdout
        left = int(leader.stdout.readline())
        leader.wait()
        assert end_orphan(leader.pid, started) == 0
    assert not alive(left, process_started(left))


def test_a_zombie_is_dead_and_a_start_time_tells_processes_apart() -> None:
    with subprocess.Popen(["sleep", "30"]) as child:
        started = process_started(child.pid)
        assert alive(child.pid, started)
        assert not alive(child.pid, started + "0")
        child.kill()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        assert not alive(child.pid, started)
    assert process_started(child.pid) == ""


def test_state_lives_where_the_environment_says(tmp_path: Path) -> None:
    assert state_root({"SVMRUN_STATE": str(tmp_path)}) == tmp_path
    expected = "/var/lib/svmrun" if os.geteuid() == 0 else "/h/.local/state/svmrun"
    assert state_root({"HOME": "/h"}) == Path(expected)


def test_runs_are_listed_in_the_order_of_their_time(tmp_path: Path) -> None:
    assert runs(tmp_path) == []
    second, _journal = unfinished(tmp_path, "a")
    old, _journal = unfinished(tmp_path, "z")
    first = RunFolder(old.path.rename(old.path.with_name(f"20010101-000000-z-{old.run[-4:]}")))
    RunFolder.create(tmp_path, "without-a-journal")
    (tmp_path / "runs" / "notes.txt").write_text("")
    assert runs(tmp_path) == [first, second]
    assert first.path.stat().st_mode & 0o777 == 0o700
    assert first.output("a/b", "forward", 0, 2).parent == first.path


def test_an_unusable_state_folder_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for root in (tmp_path / "file", Path("/proc/nowhere")):
        with pytest.raises(StateError, match=r"the state folder cannot be used.*SVMRUN_STATE"):
            RunFolder.create(root, "x")
        with pytest.raises(StateError, match="the state folder cannot be used"):
            make_folder(root / "x")
