"""The README tells the truth: its commands run, its examples work, its tables are complete."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from svmrun.cli.commands import COMMANDS
from svmrun.cli.main import HELP
from svmrun.effects.group import MARKER

PROJECT = Path(__file__).resolve().parents[1]
README = (PROJECT / "README.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(?P<kind>[^\n]+)\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE)
SET_UP = 2  # so many commands need nothing to be there
EXIT = re.compile(r"\s+# exit (\d+)$")


@dataclass(frozen=True)
class Block:
    """A block of code; `kind` is what stands behind its fence."""

    kind: str
    text: str

    @property
    def file_name(self) -> str:
        """Of a file: its first line is a comment with its name."""
        return self.text.splitlines()[0].removeprefix("# ")

    @property
    def commands(self) -> list[str]:
        joined = self.text.replace("\\\n", "")
        return [line for line in joined.splitlines() if line and not line.startswith("#")]


def blocks(*kinds: str) -> list[Block]:
    found = [Block(match["kind"], match["text"]) for match in BLOCK.finditer(README)]
    return [block for block in found if block.kind in kinds]


def commands() -> Iterator[str]:
    """Every command, in order. Those for a real host are tried on a simulated one."""
    for block in blocks("sh", "sh on the host"):
        for command in block.commands:
            yield command if block.kind == "sh" else f"{command} --simulate --time-scale 0"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder that looks like a clone, with the README's files in it, and may be written to."""
    folder = tmp_path / "checkout"
    folder.mkdir()
    for entry in PROJECT.iterdir():
        if entry.name != ".git":
            (folder / entry.name).symlink_to(entry)
    for block in blocks("yaml", "python"):
        (folder / block.file_name).write_text(block.text, encoding="utf-8")
    return folder


def run(command: str, checkout: Path) -> tuple[int, str]:
    """Exit code and output. The tests are collected only: they are running already."""
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "SVMRUN_STATE": str(checkout.parent / "state"),
        "PYTEST_ADDOPTS": "--collect-only",
    }
    for name in [name for name in environment if name.startswith("PYTEST_XDIST")]:
        del environment[name]
    log = checkout.parent / "log"
    with log.open("wb") as output:  # a pipe would stay open as long as anything that the command left behind lives
        ended = subprocess.run(
            ["bash", "-c", command],
            cwd=checkout,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            timeout=100,
            check=False,
        )
    return ended.returncode, log.read_text(encoding="utf-8", errors="replace")


def ends_as_told(told: list[str], checkout: Path) -> None:
    for command in told:
        expected = int(match[1]) if (match := EXIT.search(command)) else 0
        status, output = run(command, checkout)
        assert status == expected, f"{command}: exit {status}\n{output[-4000:]}"


@pytest.mark.timeout(300)
def test_the_two_commands_of_a_stranger_do_it_all(checkout: Path) -> None:
    first = list(commands())[:SET_UP]
    assert all(command.startswith("python3 bootstrap.py ") for command in first)
    ends_as_told(first, checkout)


@pytest.mark.timeout(300)
def test_every_other_command_ends_as_the_readme_says(checkout: Path) -> None:
    ends_as_told(list(commands())[SET_UP:], checkout)


def test_every_block_is_of_a_kind_that_is_tried() -> None:
    kinds = {match["kind"] for match in BLOCK.finditer(README)}
    assert kinds == {"sh", "sh on the host", "yaml", "python", "text"}


def test_the_command_of_the_tests_is_the_one_that_a_change_must_pass() -> None:
    script = (PROJECT / ".ci" / "run").read_text(encoding="utf-8")
    assert any(line.endswith("python3 bootstrap.py test -n 2") for line in script.splitlines())


def test_the_adapter_of_the_readme_is_one(checkout: Path) -> None:
    (block,) = blocks("python")
    stem = Path(block.file_name).stem
    name = next(line for line in block.text.splitlines() if line.startswith("class ")).split()[1].split("(")[0]
    use = f"""
from {stem} import {name}
from svmrun.adapters.base import Completed
adapter = {name}()
arguments = adapter.complete({{}})
adapter.check(arguments)
completed = Completed(adapter.command_line(arguments).argv, 0, "up 3 days\\n")
assert adapter.interpret(arguments, completed).result == {{"text": "up 3 days"}}
assert adapter.interpret(arguments, Completed(completed.argv, 1)).kind == "failed"
"""
    ended = subprocess.run([sys.executable, "-c", use], cwd=checkout, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr


def table(heading: str) -> list[str]:
    """The first cells of the first table under a heading."""
    section = README.split(f"## {heading}\n", 1)[1].split("\n#", 1)[0]
    rows = [line.split("|")[1].strip() for line in section.splitlines() if line.startswith("|")]
    return rows[2:]


def test_the_table_of_commands_names_every_one() -> None:
    named = [part.split()[0] for row in table("Commands") for part in re.findall(r"`([^`]+)`", row)]
    assert sorted(named) == sorted(COMMANDS)


def test_the_exit_codes_are_those_of_the_help() -> None:
    codes = [code for row in table("Exit codes") for code in row.split(", ")]
    told = HELP.split("exit codes:")[1].split("environment:")[0]
    helped = re.findall(r"(?:^|\s)(\d+)(?=[ ,])", told)
    assert sorted(codes, key=int) == sorted(helped, key=int)


def test_every_dependency_earns_its_place() -> None:
    wanted = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    assert table("Dependencies") == [re.split(r"[><=~ ]", one)[0] for one in wanted]


def test_every_setting_is_told() -> None:
    sources = (path.read_text(encoding="utf-8") for path in (PROJECT / "svmrun").rglob("*.py"))
    read = {name for text in sources for name in re.findall(r"[\"']((?:SVMRUN|NO)_[A-Z]+)_?[\"'{]", text)}
    assert {name for name in read - {MARKER} if f"`{name}" not in README} == set()


def test_links_lead_somewhere() -> None:
    targets = re.findall(r"\]\(([^)#]+)\)", README) + re.findall(r"`((?:tests|schemas|svmrun|\.ci)/[\w./-]+)`", README)
    examples = {"tests/cases/adapters/uptime/"}
    assert [target for target in targets if target not in examples and not (PROJECT / target).exists()] == []
