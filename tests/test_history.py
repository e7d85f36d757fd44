"""`svmrun history` and `svmrun show`, as real processes over real journals."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.recorded import record
from tests.test_report_json import validator


def svmrun(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "svmrun.cli.main", *arguments]
    environment = {**os.environ, "SVMRUN_STATE": str(root), "TZ": "UTC"}
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("state")
    for case in ("succeeded", "rolled-back", "stuck", "guard-fired"):
        record(root, case)
    record(root, "succeeded", records=12)
    damaged = record(root, "succeeded")
    damaged.journal.write_bytes(damaged.journal.read_bytes().replace(b"lockfs", b"lockfz", 1))
    return root


def run_named(root: Path, verdict: str | None) -> str:
    runs = json.loads(svmrun(root, "history", "--output", "json").stdout)["runs"]
    return str(next(run["run"] for run in runs if run["verdict"] == verdict and not run["damage"]))


def test_nothing_was_recorded_yet(tmp_path: Path) -> None:
    assert svmrun(tmp_path, "history").stdout == "no run was recorded yet\n"
    ended = svmrun(tmp_path, "show")
    assert (ended.returncode, "no run was recorded yet" in ended.stderr) == (2, True)


def test_history_tells_every_run_with_its_verdict(state: Path) -> None:
    text = svmrun(state, "history").stdout
    assert text.count("\n") == 7
    for words in ("succeeded\n", "rolled back: dump: DUMP:", "STUCK: cancelled", "UNFINISHED", "UNREADABLE: "):
        assert words in text


def test_history_is_valid_json_and_newest_first(state: Path) -> None:
    history = json.loads(svmrun(state, "history", "--output", "json").stdout)
    validator("history-v1").validate(history)
    names = [run["run"] for run in history["runs"]]
    assert names == sorted(names, reverse=True)
    assert len(names) == 6


def test_history_is_limited_and_of_one_runbook(state: Path) -> None:
    assert len(json.loads(svmrun(state, "history", "--limit", "2", "--output", "json").stdout)["runs"]) == 2
    assert json.loads(svmrun(state, "history", "other", "--output", "json").stdout)["runs"] == []


def test_a_run_is_shown_with_its_steps_commands_and_outputs(state: Path) -> None:
    run = run_named(state, "rolled back")
    text = svmrun(state, "show", run_named(state, "stuck")).stdout
    assert "detach (rollback, attempt 3): metattach -s schost-1 d0 d20" in text
    assert "failed after 0.4 s: metattach: phys-schost-1: d20: metadevice is open (exit 1)" in text
    assert "STUCK: an operator is needed" in text
    shown = json.loads(svmrun(state, "show", run, "--output", "json").stdout)
    validator("show-v1").validate(shown)
    assert {step["id"]: step["status"] for step in shown["steps"]}["detach"] in ("undone",)


@pytest.mark.parametrize("verdict", ["succeeded", "rolled back", "stuck", None])
def test_every_shown_run_is_valid_json(state: Path, verdict: str | None) -> None:
    shown = json.loads(svmrun(state, "show", run_named(state, verdict), "--output", "json").stdout)
    validator("show-v1").validate(shown)
    assert shown["summary"]["verdict"] == verdict
    assert all(
        action["output"] == "" or action["output"].startswith("/") for s in shown["steps"] for action in s["actions"]
    )


def test_actions_are_shown_in_the_order_in_which_they_happened(state: Path) -> None:
    text = svmrun(state, "show", run_named(state, "stuck")).stdout
    assert text.index("detach (rollback)") < text.index("lock (rollback)")


def test_a_run_is_named_by_a_beginning_that_only_it_has(state: Path) -> None:
    run = run_named(state, "succeeded")
    assert f"run      {run}\n" in svmrun(state, "show", run[:-1]).stdout
    ended = svmrun(state, "show", run[:8])
    assert (ended.returncode, "is the beginning of" in ended.stderr) == (2, True)
    assert "there is no run 'nothing'" in svmrun(state, "show", "nothing").stderr


def test_a_damaged_journal_is_told_not_raised(state: Path) -> None:
    runs = json.loads(svmrun(state, "history", "--output", "json").stdout)["runs"]
    (damaged,) = [run["run"] for run in runs if run["damage"]]
    ended = svmrun(state, "show", damaged)
    assert ended.returncode == 3
    assert "journal.jsonl: damage in line" in ended.stderr


def test_a_state_folder_that_is_a_file_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("")
    for command in ("history", "show", "status"):
        ended = svmrun(tmp_path, command)
        assert ended.returncode == 3
        assert "Not a directory" in ended.stderr
