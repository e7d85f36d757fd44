"""`svmrun status`: what is held now, by real processes that live or are dead."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from svmrun.core.events import GuardArmed, RecoveryStarted, RunStarted
from svmrun.effects.group import process_started
from tests.recorded import record, record_events
from tests.replay_report import read_events
from tests.test_history import svmrun
from tests.test_report_json import validator

HELD = 12  # so many records of the case, and lock and detach are held


def status(root: Path) -> list[dict[str, Any]]:
    document = json.loads(svmrun(root, "status", "--output", "json").stdout)
    validator("status-v1").validate(document)
    runs: list[dict[str, Any]] = document["runs"]
    return runs


def dead_process() -> tuple[int, str]:
    with subprocess.Popen(["sleep", "60"]) as process:
        started = process_started(process.pid)
        process.kill()
    return process.pid, started


def test_finished_runs_hold_nothing(tmp_path: Path) -> None:
    for case in ("succeeded", "rolled-back", "guard-fired"):
        record(tmp_path, case)
    assert status(tmp_path) == []
    assert svmrun(tmp_path, "status").stdout == "no unfinished run; nothing is held\n"
    assert svmrun(tmp_path, "status", "--exit-code").returncode == 0


def test_a_dead_run_tells_what_it_holds_since_when_and_what_to_type(tmp_path: Path) -> None:
    pid, started = dead_process()
    folder = record(tmp_path, "succeeded", HELD, pid=pid, pid_started=started, host=socket.gethostname())
    (run,) = status(tmp_path)
    assert (run["runner_alive"], run["next"]) == (False, f"svmrun recover {folder.run}")
    assert [hold["step"] for hold in run["holds"] if hold["ended_at"] is None] == ["lock", "detach"]
    text = svmrun(tmp_path, "status").stdout
    assert f"runner: pid {pid}, dead" in text
    assert "held:   lock (Lock the file system from writes) for " in text
    assert "limit 30 s, since 20" in text
    assert "card:" not in text  # its file is not there
    assert "note:   the guard and its card are gone, as after a reboot" in text
    assert f"next:   svmrun recover {folder.run}\n" in text
    assert svmrun(tmp_path, "status", "--exit-code").returncode == 1


def test_a_living_run_is_not_to_be_recovered(tmp_path: Path) -> None:
    record(tmp_path, "succeeded", HELD, pid=os.getpid(), pid_started=process_started(os.getpid()))
    (run,) = status(tmp_path)
    assert run["runner_alive"] is True
    assert run["next"] == f"wait for it; to cancel it and undo what it did: kill -INT {os.getpid()}"
    assert svmrun(tmp_path, "status", "--exit-code").returncode == 0


def test_the_number_of_a_dead_runner_that_is_used_again_does_not_deceive(tmp_path: Path) -> None:
    record(tmp_path, "succeeded", HELD, pid=os.getpid(), pid_started="earlier", host=socket.gethostname())
    assert status(tmp_path)[0]["runner_alive"] is False


def test_a_runner_on_another_host_cannot_be_seen_from_here(tmp_path: Path) -> None:
    record(tmp_path, "succeeded", HELD, host="elsewhere")
    (run,) = status(tmp_path)
    assert run["runner_alive"] is None
    assert run["next"] == "on elsewhere, where its runner was started: svmrun status"


def test_a_guard_is_told_alive_or_dead(tmp_path: Path) -> None:
    events = read_events("succeeded")[:HELD]
    pid, started = dead_process()
    for guard, alive in (((os.getpid(), process_started(os.getpid())), True), ((pid, started), False)):
        root = tmp_path / str(alive)
        armed = [replace(e, pid=guard[0], pid_started=guard[1]) if isinstance(e, GuardArmed) else e for e in events]
        record_events(root, armed)
        (run,) = status(root)
        assert (run["guard"], run["guard_alive"]) == ("armed", alive)


def test_a_card_is_named_where_it_is_there(tmp_path: Path) -> None:
    events = read_events("succeeded")[:HELD]
    pid, started = dead_process()
    dead: dict[str, Any] = {"pid": pid, "pid_started": started, "host": socket.gethostname()}
    armed = [replace(e, card=str(tmp_path / "release.sh")) if isinstance(e, GuardArmed) else e for e in events]
    record_events(tmp_path, [replace(e, **dead) if isinstance(e, RunStarted) else e for e in armed])
    assert status(tmp_path)[0]["card"] == ""
    (tmp_path / "release.sh").touch()
    assert status(tmp_path)[0]["card"] == str(tmp_path / "release.sh")
    text = svmrun(tmp_path, "status").stdout
    assert f"card:   sh {tmp_path}/release.sh (as root, when nothing else helps)" in text
    assert "as after a reboot" not in text


def test_a_stuck_run_stays_until_it_is_recovered(tmp_path: Path) -> None:
    folder = record(tmp_path, "stuck")
    (run,) = status(tmp_path)
    assert run["left"] == ["detach: metattach -s schost-1 d0 d20"]
    assert run["next"] == f"remove the cause, then: svmrun recover {folder.run}"
    assert "stuck, started" in svmrun(tmp_path, "status").stdout


def test_a_run_that_is_being_recovered_names_the_recovering_process(tmp_path: Path) -> None:
    taken_over = RecoveryStarted(os.getpid(), process_started(os.getpid()), socket.gethostname())
    record_events(tmp_path, [*read_events("stuck"), taken_over])
    (run,) = status(tmp_path)
    assert (run["runner_pid"], run["runner_alive"]) == (os.getpid(), True)


def test_a_damaged_journal_is_never_taken_for_a_finished_run(tmp_path: Path) -> None:
    folder = record(tmp_path, "succeeded")
    folder.journal.write_bytes(b"x" + folder.journal.read_bytes())
    (run,) = status(tmp_path)
    assert "damage in line 1" in run["summary"]["damage"]
    assert svmrun(tmp_path, "status", "--exit-code").returncode == 1


def test_a_torn_last_record_does_not_matter(tmp_path: Path) -> None:
    folder = record(tmp_path, "succeeded", HELD)
    with folder.journal.open("ab") as journal:
        journal.write(b'{"sequence":13,"event":"Act')
    assert [hold["step"] for hold in status(tmp_path)[0]["holds"]] == ["lock", "detach"]


def test_status_needs_no_state_folder(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "svmrun.cli.main", "status"]
    environment = {**os.environ, "SVMRUN_STATE": str(tmp_path / "missing")}
    ended = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
    assert ended.stdout == "no unfinished run; nothing is held\n"
    assert not (tmp_path / "missing").exists()
