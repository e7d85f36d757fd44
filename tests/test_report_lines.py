"""Plain lines: what a pipe, a file, cron and a dumb terminal get."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from svmrun.report.lines import LinesReporter
from svmrun.report.output_lines import LONGEST_LINE, OutputLines
from svmrun.report.sink import Sink
from tests.replay_report import FOLDER, as_event, read_calls, read_events, read_plan
from tests.screen import on_terminal

CASES = sorted(path.stem for path in FOLDER.glob("*.lines"))
STAMP = len("2026-09-21 14:13:20 ")


def replay(case: str, *arguments: str, **environment: str) -> str:
    command = [sys.executable, "-m", "tests.replay_report", case, *arguments]
    variables = {**os.environ, "TZ": "UTC", **environment}
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, env=variables, check=True).stdout


@pytest.mark.parametrize("case", CASES)
def test_a_story_is_told_in_these_lines(case: str) -> None:
    told = [line[STAMP:] for line in replay(case).splitlines()]
    assert told == (FOLDER / f"{case}.lines").read_text().splitlines()


def test_every_line_begins_with_a_time_and_nothing_is_markup() -> None:
    lines = replay("succeeded").splitlines()
    for line in lines:
        time.strptime(line[: STAMP - 1], "%Y-%m-%d %H:%M:%S")
    assert any("(sda[1]) to [/dev/rmt/0]." in line for line in lines)


def test_a_narrow_terminal_wraps_nothing_in_a_pipe() -> None:
    assert replay("stuck", COLUMNS="20").count("\n") == len((FOLDER / "stuck.lines").read_text().splitlines())


@pytest.mark.parametrize("name", ["dumb", ""])
def test_a_terminal_that_can_do_nothing_gets_lines(name: str) -> None:
    command = [sys.executable, "-m", "tests.replay_report", "stuck"]
    told = on_terminal(command, {**os.environ, "TERM": name, "TZ": "UTC"})
    assert "\x1b" not in told
    assert [line[STAMP:] for line in told.splitlines()] == (FOLDER / "stuck.lines").read_text().splitlines()


def test_a_reader_that_leaves_does_not_end_the_run(tmp_path: Path) -> None:
    pipeline = f"{sys.executable} -m tests.replay_report succeeded; echo $? > {tmp_path / 'status'}"
    shown = subprocess.run(["bash", "-c", f"( {pipeline} ) | head -1"], capture_output=True, text=True, check=True)
    assert shown.stdout.count("\n") == 1
    assert shown.stderr == ""
    assert (tmp_path / "status").read_text() == "0\n"


def test_a_reader_that_stands_still_does_not_hold_up_the_run() -> None:
    reader, writer = os.pipe()
    with open(writer, "w") as stream:
        reporter = LinesReporter(Sink(stream))
        reporter.plan(read_plan())
        began = time.monotonic()
        for number in range(4000):
            reporter.output("dump", "stdout", b"%d %s\n" % (number, b"x" * 1000))
        reporter.event(as_event(read_calls("stuck")[-2]))
        assert time.monotonic() - began < 20
        told = b""
        while b"STUCK" not in told and b"lines of output are left out" not in told:
            reporter.tick(0.0)
            told += os.read(reader, 1 << 16)
            if len(told) > 1_000_000:
                reporter.output("dump", "stdout", b"the last\n")
    os.close(reader)
    assert told.startswith(time.strftime("%Y").encode())


def test_a_question_without_a_line_end_is_shown_after_a_moment(tmp_path: Path) -> None:
    path = tmp_path / "told"
    with path.open("w") as stream:
        reporter = LinesReporter(Sink(stream))
        reporter.plan(read_plan())
        reporter.output("dump", "terminal", b"  DUMP: NEEDS ATTENTION: Is the new volume mounted? ")
        reporter.tick(time.time())
        assert "NEEDS" not in path.read_text()
        reporter.tick(time.time() + 2)
        assert path.read_text().endswith("dump |   DUMP: NEEDS ATTENTION: Is the new volume mounted? \n")


def test_a_reader_is_warned_once_before_a_limit_passes(tmp_path: Path) -> None:
    path = tmp_path / "told"
    with path.open("w") as stream:
        reporter = LinesReporter(Sink(stream))
        reporter.plan(read_plan())
        for event in read_events("guard-fired")[:7]:
            reporter.event(event)
        taken = event.at
        for seconds in (20, 25, 26):
            reporter.tick(taken + seconds)
    assert path.read_text().count("the limit is 30 s") == 1


def test_bytes_become_lines_wherever_they_are_cut() -> None:
    text = "one\r\ntwo\rthree \x1b[31mred\x07 caf\u00e9\n\nlast".encode() + b"\xff"
    whole = OutputLines()
    expected = whole.feed(text) + whole.finish()
    assert expected == ["one", "two", "three \\x1b[31mred\\x07 caf\u00e9", "", "last\\xff"]
    for cut in range(len(text)):
        lines = OutputLines()
        assert lines.feed(text[:cut]) + lines.feed(text[cut:]) + lines.finish() == expected


def test_a_line_without_end_does_not_grow_for_ever() -> None:
    lines = OutputLines()
    parts = lines.feed(b"x" * (3 * LONGEST_LINE + 5)) + lines.finish()
    assert [len(part) for part in parts] == [LONGEST_LINE] * 3 + [5]
