"""The shell of the command line, as real processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from svmrun.cli.commands import COMMANDS
from svmrun.cli.crash import write_report

# A command of its own, as a later version would add one: its module stands in the test's folder.
ADD_COMMAND = """
import sys
from svmrun.cli import commands, main
commands.COMMANDS["trial"] = ("trial_command", "a trial")
sys.exit(main.main(["trial", *sys.argv[1:]]))
"""
TRIAL = """
import time
from svmrun.errors import {error}
def add_parser(subparsers):
    subparsers.add_parser("trial").add_argument("-p")
def run(options):
    {body}
"""


def svmrun(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "svmrun.cli.main", *arguments]
    return subprocess.run(command, capture_output=True, text=True, env={**os.environ, **environment}, check=False)


def trial_command(folder: Path, body: str, error: str = "Busy") -> list[str]:
    (folder / "trial_command.py").write_text(TRIAL.format(body=body, error=error))
    return [sys.executable, "-c", ADD_COMMAND]


def trial(folder: Path, body: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    variables = {**os.environ, "PYTHONPATH": str(folder), "SVMRUN_STATE": str(folder), **environment}
    command = [*trial_command(folder, body), *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=variables, check=False)


def test_the_help_names_every_command_and_every_exit_code() -> None:
    text = svmrun("--help").stdout
    for name, (_module, summary) in COMMANDS.items():
        assert f"  {name} " in text
        assert summary in text
    for code in ("0 succeeded", "1 a step", "2 usage", "3 a runbook", "4 stuck", "5 busy", "6 a check", "70 a bug"):
        assert code in text


def test_help_of_a_command_is_the_same_both_ways_and_has_examples() -> None:
    assert svmrun("help", "history").stdout == svmrun("history", "--help").stdout
    assert "examples:\n  svmrun history\n" in svmrun("history", "--help").stdout


def test_without_a_command_the_help_goes_to_standard_error() -> None:
    ended = svmrun()
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith("usage: svmrun")


def test_the_version_is_printed() -> None:
    assert svmrun("--version").stdout.startswith("svmrun 0.")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["exceute"], "there is no command 'exceute'; did you mean execute?"),
        (["--versoin"], "there is no option --versoin; did you mean --version?"),
        (["mirror-backup.yaml"], "to run a runbook: svmrun execute mirror-backup.yaml"),
        (["history", "--outptu=json"], "history: there is no option --outptu; did you mean --output?"),
        (["history", "--out", "json"], "there is no option --out"),
        (["history", "--output", "jsno"], "there is no 'jsno'; did you mean json?"),
        (["history", "--limit", "-1"], "history: argument --limit"),
        (["history", "a", "b"], "one argument too many: 'b'"),
        (["completion", "bsah"], "there is no 'bsah'; did you mean bash?"),
        (["show", "--"], None),
    ],
)
def test_a_wrong_command_line_is_one_sentence_with_a_proposal(
    words: list[str], said: str | None, tmp_path: Path
) -> None:
    ended = svmrun(*words, SVMRUN_STATE=str(tmp_path))
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert ended.stderr.startswith("svmrun: ")
    assert said is None or said in ended.stderr
    assert "Traceback" not in ended.stderr


def test_an_error_on_purpose_is_a_message_and_its_exit_code(tmp_path: Path) -> None:
    ended = trial(tmp_path, 'raise Busy("run 7 holds mirror d0")')
    assert (ended.returncode, ended.stderr) == (5, "svmrun: run 7 holds mirror d0\n")


def test_a_bug_is_a_sentence_and_a_private_report_without_secrets(tmp_path: Path) -> None:
    ended = trial(tmp_path, 'raise KeyError("d0")', "-p", "password=hunter2")
    assert ended.returncode == 70
    assert "a bug in svmrun itself: KeyError: 'd0'" in ended.stderr
    assert "Traceback" not in ended.stderr
    (report,) = tmp_path.glob("crash-*.txt")
    assert str(report) in ended.stderr
    assert "in run" in report.read_text()
    assert "hunter2" not in report.read_text()
    assert report.stat().st_mode & 0o777 == 0o600


def test_a_bug_shows_its_traceback_to_a_developer(tmp_path: Path) -> None:
    assert "Traceback" in trial(tmp_path, 'raise KeyError("d0")', SVMRUN_DEBUG="1").stderr


def test_a_report_goes_to_the_first_folder_that_takes_it(tmp_path: Path) -> None:
    path = write_report("text", (tmp_path / "missing", tmp_path))
    assert path is not None
    assert path.parent == tmp_path
    assert write_report("text", (tmp_path / "missing",)) is None


def test_a_reader_that_leaves_ends_a_command_quietly(tmp_path: Path) -> None:
    variables = {**os.environ, "PYTHONPATH": str(tmp_path)}
    command = trial_command(tmp_path, "[print('x' * 100) for n in range(100000)]; return 0")
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=variables) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 141


def test_a_full_disk_behind_standard_output_is_a_sentence() -> None:
    with open("/dev/full", "w") as full:
        command = [sys.executable, "-m", "svmrun.cli.main", "--help"]
        ended = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (1, "svmrun: cannot write the output: No space left on device\n")


def test_an_interrupt_outside_a_run_ends_quietly_with_130(tmp_path: Path) -> None:
    variables = {**os.environ, "PYTHONPATH": str(tmp_path)}
    command = trial_command(tmp_path, "print('ready', flush=True); time.sleep(60)")
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=variables) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == b"ready\n"
        process.send_signal(signal.SIGINT)
        assert process.stderr.read() == b""
    assert process.returncode == 130


def test_a_name_that_the_terminal_cannot_show_is_printed_all_the_same(tmp_path: Path) -> None:
    ended = trial(tmp_path, r"print('caf\u00e9 \udc80'); return 0", PYTHONIOENCODING="ascii")
    assert (ended.returncode, ended.stdout) == (0, "caf\\xe9 \\udc80\n")


def test_a_command_without_standard_streams_ends_well(tmp_path: Path) -> None:
    command = f"{sys.executable} -m svmrun.cli.main history <&- >&- 2>&-; echo $? > {tmp_path}/status"
    subprocess.run(["bash", "-c", command], env={**os.environ, "SVMRUN_STATE": str(tmp_path)}, check=True)
    assert (tmp_path / "status").read_text() == "0\n"
