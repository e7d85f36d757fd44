"""`svmrun --help` is quick because it imports nothing that it does not need."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = {"yaml", "jinja2", "jsonschema", "rich", "pexpect", "asyncio", "importlib.metadata", "logging", "difflib"}
LIST_MODULES = """
import sys
from svmrun.cli.main import main
main(sys.argv[1:])
print("MODULES", *sys.modules)
"""


def modules_after(*arguments: str) -> set[str]:
    command = [sys.executable, "-c", LIST_MODULES, *arguments]
    listing = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return set(listing.split("MODULES", 1)[1].split())


def test_the_help_imports_no_heavy_library_and_no_subcommand() -> None:
    modules = modules_after("--help")
    assert not HEAVY & modules
    ours = {name for name in modules if name.startswith("svmrun.cli.")}
    assert ours <= {"svmrun.cli.main", "svmrun.cli.commands", "svmrun.cli.parser"}


@pytest.mark.parametrize("command", ["history", "show", "status"])
def test_a_command_imports_no_heavy_library_that_it_does_not_need(command: str) -> None:
    assert not HEAVY - {"difflib"} & modules_after(command, "--help")


def test_a_plan_for_this_host_knows_no_simulated_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SVMRUN_STATE", str(tmp_path / "state"))
    runbook = tmp_path / "date.yaml"
    runbook.write_text("schema: svmrun/v1\nname: date\nsteps:\n  - {id: note, command: {argv: date}}\n")
    assert "svmrun.simulator.world" not in modules_after("plan", str(runbook), "--allow-unsafe-permissions")


def test_the_help_takes_less_than_a_tenth_of_a_second_of_processor_time() -> None:
    used = []
    for _ in range(5):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-m", "svmrun.cli.main", "--help"], stdout=subprocess.DEVNULL, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        used.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert min(used) < 0.1


def test_every_command_of_the_table_prints_its_help() -> None:
    from svmrun.cli.commands import COMMANDS

    for name in COMMANDS:
        command = [sys.executable, "-m", "svmrun.cli.main", name, "--help"]
        ended = subprocess.run(
            command, capture_output=True, text=True, check=False, env={**os.environ, "COLUMNS": "80"}
        )
        assert ended.returncode == 0, f"{name}: {ended.stderr}"
        assert "examples:" in ended.stdout, name
