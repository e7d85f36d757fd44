"""The raw backup of a real PostgreSQL server that works meanwhile: the copy starts, and no backup is left open."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.installed import until
from tests.postgresql_server import MEMORY, OTHER_PORT, Server, server, why_not, writing
from tests.running import PATIENCE_SECONDS


@pytest.fixture(scope="module")
def running() -> Iterator[Server]:
    if reason := why_not():
        pytest.skip(reason)
    with server() as one:
        yield one


@pytest.fixture
def database(running: Server) -> Iterator[Server]:
    """With an empty folder for a backup."""
    with tempfile.TemporaryDirectory(prefix="svmrun-pg-", dir=MEMORY) as copies:
        running.copies = Path(copies)
        yield running


@pytest.fixture
def endless(database: Server) -> Path:
    """A goal for the copy that takes nothing: nobody reads from this pipe."""
    pipe = database.copies / "data.tar"
    os.mkfifo(pipe)
    return pipe


def copying(database: Server) -> subprocess.Popen[bytes]:
    """A run that is in the midst of its copy."""
    runner = database.begin()
    until(lambda: any(e["event"] == "ProcessStarted" and e["step"] == "copy" for e in database.events()), "the copy")
    assert database.in_backup()
    return runner


def test_the_copy_starts_and_holds_every_row_that_was_committed_before_the_backup(database: Server) -> None:
    with writing(database):
        until(lambda: int(database.ask("SELECT count(*) FROM rows")) > 100, "a hundred rows")
        before = int(database.ask("SELECT max(id) FROM rows"))
        assert database.begin().wait(timeout=PATIENCE_SECONDS) == 0, database.said()
    assert not database.in_backup()
    label = (database.copies / "backup_label").read_text()
    assert label.startswith("START WAL LOCATION: ")
    assert "LABEL: svmrun_backup\n" in label
    restored = database.restored()
    database.start(restored)
    rows = [int(line) for line in database.ask("SELECT id FROM rows ORDER BY id", OTHER_PORT).splitlines()]
    assert rows == list(range(1, len(rows) + 1))
    assert len(rows) >= before
    assert "consistent recovery state reached" in Path(f"{restored}.log").read_text()


@pytest.mark.parametrize("victims", ["runner", "group", "guard too"])
def test_a_killed_run_leaves_the_server_out_of_backup_mode(database: Server, endless: Path, victims: str) -> None:
    runner = copying(database)
    if victims == "guard too":
        os.kill(database.guard(), signal.SIGKILL)
    (os.killpg if victims == "group" else os.kill)(runner.pid, signal.SIGKILL)
    runner.wait()
    until(lambda: not database.in_backup(), "the end of the backup mode")
    recovered = database.recover()
    assert recovered.returncode == 0, recovered.stdout + recovered.stderr
    assert "ROLLED BACK" in recovered.stdout + recovered.stderr


def test_a_session_that_the_server_ended_fails_the_run_and_leaves_nothing(database: Server, endless: Path) -> None:
    runner = copying(database)
    database.ask("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'svmrun_backup'")
    reader = subprocess.Popen(["cat", endless], stdout=subprocess.DEVNULL)
    assert runner.wait(timeout=PATIENCE_SECONDS) == 1, database.said()
    reader.wait()
    assert "GOING BACK: stop: " in database.said()
    assert not database.in_backup()
    assert not (database.copies / "backup_label").exists()


def test_the_session_of_somebody_else_is_met_before_anything_begins(database: Server) -> None:
    stranger = f"{database.connection} application_name=svmrun_backup"
    with subprocess.Popen(["psql", "-Xwq", "-d", stranger, "-c", "SELECT pg_sleep(600)"]) as other:
        until(database.in_backup, "the session of somebody else")
        runner = database.begin()
        code = runner.wait(timeout=PATIENCE_SECONDS)
        still_there = database.in_backup()
        other.kill()
    assert (code, still_there) == (6, True), database.said()
