"""What all actions of a run share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from svmrun.adapters.base import Adapter, Command
from svmrun.report.observer import Observer

Json = Any


class Evaluator(Protocol):
    """The template language. All raise ValueError with a sentence."""

    def render(self, value: Json, names: Mapping[str, Json]) -> Json: ...

    def evaluate(self, expression: str, names: Mapping[str, Json]) -> Json: ...

    def prepare(self, expression: str) -> None:
        """It will be evaluated when there is no time to lose."""


class Operator(Protocol):
    """The person at the terminal. All are answered with None when nobody is there."""

    def answer(self, question: str, *, secret: bool = False) -> str | None: ...

    def confirm(self, question: str) -> bool | None: ...


class Nobody:
    """An unattended run."""

    def answer(self, question: str, *, secret: bool = False) -> str | None:  # noqa: ARG002
        return None

    def confirm(self, question: str) -> bool | None:  # noqa: ARG002
        return None


class Become(Protocol):
    """How commands that need root get it."""

    def __call__(self, command: Command) -> Command:
        """The command as it is started. Raises Refused when what that takes is not there."""

    def shown(self, command: Command) -> Command:
        """The command as it is written down: asks nobody for anything."""

    def ready(self) -> None:
        """Ask the operator now for what will be needed. Raises Refused when nobody answers."""


class _AlreadyRoot:
    def __call__(self, command: Command) -> Command:
        return command

    def shown(self, command: Command) -> Command:
        return command

    def ready(self) -> None:
        return


same_command: Become = _AlreadyRoot()  # nothing has to be done


@dataclass
class Setting:
    """`environment` is that of every command, its PATH pinned; `programs` maps plain names to absolute paths.

    `become` turns a command that needs root into one that gets it; `secrets` are the values to be masked everywhere.
    `outputs` is the folder of the whole outputs, `pass_fds` what every child inherits (the run's lock).
    """

    adapters: Mapping[str, Adapter]
    language: Evaluator
    environment: Mapping[str, str]
    programs: dict[str, str]
    outputs: Path
    observer: Observer
    operator: Operator = field(default_factory=Nobody)
    become: Become = same_command
    secrets: tuple[str, ...] = ()
    pass_fds: tuple[int, ...] = ()
    passing: Callable[[float], float] = float  # real seconds for a pause: a simulated host's time may run faster

    def program(self, command: Command) -> str:
        """The absolute path of a command's program."""
        name = command.argv[0]
        return name if name.startswith("/") else self.programs[name]

    def masked(self, value: Json) -> Json:
        """The value without secrets, at any depth."""
        if isinstance(value, str):
            for secret in self.secrets:
                value = value.replace(secret, "********")
            return value
        if isinstance(value, dict):
            return {k: self.masked(v) for k, v in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.masked(v) for v in value]
        return value
