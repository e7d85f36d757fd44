"""fsfreeze, findmnt."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from svmrun.adapters.base import Completed
from svmrun.adapters.registry import REGISTRY
from tests import adapter_cases
from tests.program_cases import check


@pytest.mark.parametrize("name", adapter_cases.names("fsfreeze", "findmnt"))
def test_the_linux_command_is_built_and_read_as_the_case_says(name: str) -> None:
    check(name)


def test_a_freeze_blocks_writers_and_an_unfreeze_undoes_it() -> None:
    adapter = REGISTRY["fsfreeze"]
    freeze = {"mode": "freeze", "mount_point": "/srv/data"}
    assert adapter.blocks_writers(freeze)
    inverse = adapter.inverse(freeze)
    assert inverse is not None
    assert inverse.arguments == {"mode": "unfreeze", "mount_point": "/srv/data"}
    assert not adapter.blocks_writers(inverse.arguments)
    assert adapter.repeatable(inverse.arguments)
    assert not adapter.repeatable(freeze)


def test_nothing_can_tell_whether_a_file_system_is_frozen() -> None:
    assert REGISTRY["fsfreeze"].probe({"mode": "freeze", "mount_point": "/srv/data"}) is None


@pytest.mark.parametrize("target", ["/proc", "/proc/self"])
def test_the_real_findmnt_is_understood(target: str) -> None:
    program = shutil.which("findmnt")
    if program is None:
        return  # another system: the cases above hold there too
    adapter = REGISTRY["findmnt"]
    arguments = {"target": target}
    command = adapter.command_line(arguments)
    done = subprocess.run([program, *command.argv[1:]], capture_output=True, text=True, check=False)
    outcome = adapter.interpret(arguments, Completed(command.argv, done.returncode, done.stdout, done.stderr))
    assert outcome.ok
    assert [row["fstype"] for row in outcome.result["filesystems"]] == (["proc"] if target == "/proc" else [])
