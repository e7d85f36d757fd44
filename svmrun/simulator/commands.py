"""Every simulated command by its name."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from svmrun.simulator.faults import around
from svmrun.simulator.other_commands import OTHER_COMMANDS
from svmrun.simulator.requests import Call, Model
from svmrun.simulator.svm_commands import SVM_COMMANDS

COMMANDS: dict[str, Model] = {**SVM_COMMANDS, **OTHER_COMMANDS}


def start(call: Call) -> Generator[Any, Any, int]:
    """The run of a command, faults of the world included. KeyError when there is no such command."""
    return around(COMMANDS[call.argv[0]], call)
