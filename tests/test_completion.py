"""The completion scripts: bash for real, all three against the grammar."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from svmrun.cli.commands import COMMANDS
from svmrun.cli.completion import grammars
from svmrun.cli.completions import bash, fish, zsh
from svmrun.cli.completions.grammar import CommandGrammar, Option, Value
from svmrun.simulator.world_file import shipped_names
from tests.recorded import record
from tests.running import RUNBOOKS

COMPLETE = """
source "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=()
_svmrun
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("completion") / "svmrun.bash"
    command = [sys.executable, "-m", "svmrun.cli.main", "completion", "bash"]
    path.write_text(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    return path


def complete(script: Path, *words: str, folder: Path | None = None, **environment: str) -> list[str]:
    command = ["bash", "--norc", "-c", COMPLETE, "bash", str(script), "svmrun", *words]
    variables = {**os.environ, **environment}
    ended = subprocess.run(command, capture_output=True, text=True, env=variables, cwd=folder, check=True)
    assert ended.stderr == ""
    return ended.stdout.split()


def test_a_tab_offers_every_command(script: Path) -> None:
    assert complete(script, "") == list(COMMANDS)
    assert complete(script, "hi") == ["history"]
    assert complete(script, "--v") == ["--version"]


def test_a_tab_offers_options_and_their_values(script: Path) -> None:
    assert complete(script, "history", "--l") == ["--limit"]
    assert complete(script, "history", "--output", "") == ["text", "json"]
    assert complete(script, "history", "--output", "=", "j") == ["json"]
    assert complete(script, "history", "--output", "=") == ["text", "json"]
    assert complete(script, "history", "--limit", "") == []


def test_a_tab_offers_arguments(script: Path, tmp_path: Path) -> None:
    assert complete(script, "completion", "") == ["bash", "zsh", "fish"]
    run = record(tmp_path, "found-already").run
    assert complete(script, "show", "", SVMRUN_STATE=str(tmp_path)) == ["last", run]
    assert complete(script, "show", run[:4], SVMRUN_STATE=str(tmp_path)) == [run]


def test_a_tab_offers_runbooks_and_folders_and_what_comes_with_svmrun(script: Path, tmp_path: Path) -> None:
    for name in ("backup.yaml", "status.yml", "notes.txt"):
        (tmp_path / name).write_text("")
    (tmp_path / "books").mkdir()
    shipped = {path.stem for path in RUNBOOKS.glob("*.yaml")}
    found = complete(script, "execute", "", folder=tmp_path)
    assert set(found) == {"books", "backup.yaml", "status.yml", *shipped}
    assert complete(script, "execute", "mirror-st", folder=tmp_path) == ["mirror-status"]


def test_a_tab_offers_the_worlds_that_come_with_svmrun(script: Path, tmp_path: Path) -> None:
    assert set(complete(script, "world", "show", "", folder=tmp_path)) == set(shipped_names())
    assert complete(script, "execute", "x", "--simulate", "full", folder=tmp_path) == ["full-tape"]


@pytest.mark.parametrize("shell", [bash, zsh, fish])
def test_every_command_and_long_option_is_in_every_script(shell: object) -> None:
    text = {bash: bash.script, zsh: zsh.script, fish: fish.script}[shell](grammars())  # type: ignore[index]
    for command in grammars():
        for grammar in command.walk():
            assert grammar.path[-1] in text
            for option in grammar.options:
                assert option.strings[-1].lstrip("-") in text


def test_words_with_quotes_do_not_break_a_script() -> None:
    option = Option(("--host",), "the host's name [it's: short]", Value("free", "HOST"))
    grammar = CommandGrammar(("it",), "what it's for", (option,), (Value("choices", "KIND", ("a", "b")),))
    assert "'--host[the host'\\''s name (it'\\''s - short)]:HOST:'" in zsh.script([grammar])
    assert "-d 'the host\\'s name [it\\'s: short]'" in fish.script([grammar])
    subprocess.run(["bash", "-n"], input=bash.script([grammar]), text=True, check=True)
