"""The live picture, on real pseudo-terminals of several widths."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys

import pytest

from tests.screen import Screen, on_terminal

MARKS = {"succeeded": "✓", "undone": "↩", "running": "▶", "not undone": "!"}
STYLE = re.compile(r"\x1b\[[0-9;]*m")
ERASE_UP = re.compile(r"(\x1b\[1A\x1b\[2K)+")
COLOUR = re.compile(r"\x1b\[[0-9;]*3[0-9][0-9;]*m")


def show(case: str, width: int = 100, height: int = 40, pause: str = "0", **environment: str) -> str:
    variables = {**os.environ, "TERM": "xterm-256color", "TZ": "UTC", **environment}
    for name in {"NO_COLOR", "COLUMNS", "LINES"} - environment.keys():
        variables.pop(name, None)
    return on_terminal([sys.executable, "-m", "tests.replay_report", case, "text", pause], variables, width, height)


@pytest.mark.parametrize("width", [60, 80, 200])
def test_the_end_of_a_good_run_shows_every_step_and_the_verdict(width: int) -> None:
    lines = Screen(width).feed(show("succeeded", width)).lines()
    for step in ("lock", "detach", "release-lock", "check", "dump", "release-detach", "resync"):
        (row,) = [line for line in lines if re.match(rf" {MARKS['succeeded']}  {step} ", line)]
        assert len(row) <= width
    (verdict,) = [number for number, line in enumerate(lines) if line.startswith("SUCCEEDED")]
    assert any("details: svmrun show" in line for line in lines[verdict:])
    assert not any("held: " in line for line in lines[:verdict])


def test_what_is_stuck_is_told_with_the_command_that_ends_it() -> None:
    screen = Screen(100).feed(show("stuck")).text()
    assert re.search(rf"^ {MARKS['not undone']}  detach +not undone: metattach", screen, re.MULTILINE)
    assert re.search(rf"^ {MARKS['undone']}  lock +undone", screen, re.MULTILINE)
    assert "detach: metattach -s schost-1 d0 d20" in screen
    assert "next: remove the cause, then: svmrun recover 20260921T131320-4711" in screen


def test_a_command_to_copy_is_never_cut_by_line_ends() -> None:
    assert "sh /tmp/svmrun-20260921T131320-4711/release.sh" in show("stuck", 40)


def test_while_it_runs_the_holds_and_the_output_are_shown_as_they_are() -> None:
    told = show("succeeded", pause="0.01")
    assert re.search(r"held: lock +\S.* of 30 s", told)
    assert re.search(r"held: detach +\S.* of 12 h", told)
    assert "(sda[1]) to [/dev/rmt/0]." in told
    assert re.search(r"60 % of 12.4 GiB", told)


def test_no_colour_means_no_colour() -> None:
    assert COLOUR.search(show("stuck"))
    plain = show("stuck", NO_COLOR="1")
    assert not COLOUR.search(plain)
    assert "STUCK" in plain


def test_the_cursor_is_never_left_hidden() -> None:
    told = show("rolled-back", pause="0.01")
    assert told.rfind("\x1b[?25h") > told.rfind("\x1b[?25l")
    hidden = [told.index("\x1b[?25h", match.end()) - match.end() for match in re.finditer(r"\x1b\[\?25l", told)]
    assert all(length == 0 for length in hidden)


def test_a_low_terminal_shows_the_steps_around_the_running_one() -> None:
    told = show("succeeded", width=80, height=12, pause="0.01")
    assert re.search(rf"{MARKS['running']}  dump", STYLE.sub("", told))
    assert max(len(match[0]) for match in ERASE_UP.finditer(told)) // len("\x1b[1A\x1b[2K") < 12
    assert Screen(80).feed(told).text().count("SUCCEEDED") == 1


def test_a_terminal_that_hangs_up_does_not_end_the_run() -> None:
    master, slave = pty.openpty()
    command = [sys.executable, "-m", "tests.replay_report", "succeeded", "text", "0.02"]
    with subprocess.Popen(command, stdout=slave, stderr=slave, env={**os.environ, "TERM": "xterm"}) as process:
        os.close(slave)
        assert os.read(master, 100)
        os.close(master)
    assert process.returncode == 0


def test_a_terminal_that_knows_ascii_only_gets_ascii_only() -> None:
    told = show("stuck", PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert told.isascii()
    assert re.search(r"^ <  lock +undone", Screen(100).feed(told).text(), re.MULTILINE)
    assert "\\u" not in told
