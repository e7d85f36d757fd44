"""Every simulated command by its name."""

from __future__ import annotations

from collections.abc import Generator
from importlib import import_module
from typing import Any, cast

from svmrun.simulator.faults import around
from svmrun.simulator.other_commands import OTHER_COMMANDS
from svmrun.simulator.requests import Call, Model


def names() -> list[str]:
    from svmrun.simulator.svm_commands import SVM_COMMANDS

    return sorted([*SVM_COMMANDS, *OTHER_COMMANDS])


def model(name: str) -> Model:
    """The model of a command; only its own module is imported. KeyError when there is no such command."""
    if place := OTHER_COMMANDS.get(name):
        module, _, function = place.partition(":")
        return cast(Model, getattr(import_module(f"svmrun.simulator.{module}"), function))
    from svmrun.simulator.svm_commands import SVM_COMMANDS

    return SVM_COMMANDS[name]


def start(call: Call) -> Generator[Any, Any, int]:
    """The run of a command, faults of the world included. KeyError when there is no such command."""
    return around(model(call.argv[0]), call)
