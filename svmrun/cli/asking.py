"""Ask a host by commands that only read; what could not be asked is kept in sentences."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from svmrun.cli.preparing import make_setting
from svmrun.effects.actions import Actions, Call
from svmrun.effects.setting import Nobody
from svmrun.effects.watched import Watched
from svmrun.errors import Refused
from svmrun.report.observer import Silent
from svmrun.target import Target

Json = Any


@dataclass
class Asking:
    """`what` tells what each program shows; `unseen` collects what could not be looked at, and why."""

    target: Target
    folder: Path
    what: dict[str, str]
    unseen: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._setting = make_setting(self.target, Silent(), Nobody(), "")
        self._actions = Actions(self._setting)

    def has(self, program: str) -> bool:
        try:
            self._setting.programs.update(self.target.resolve([program]))
        except Refused:
            return False
        return True

    def ask(self, program: str, adapter: str, arguments: dict[str, Json], where: str = "") -> Json:
        """The typed result; None, and a sentence in `unseen`, when there is none."""
        if not self.has(program):
            return self.cannot_see(program, "there is no such command on this host", where)
        chosen = self._setting.adapters[adapter]
        complete = chosen.complete(arguments)
        call = Call(
            "doctor",
            adapter,
            complete,
            chosen.default_timeout(complete),
            Watched(),
            {},
            self.folder / "output.txt",
            quiet=True,
        )
        outcome = self._actions.perform(call)
        return outcome.result if outcome.ok else self.cannot_see(program, outcome.message, where)

    def cannot_see(self, program: str, why: str, where: str = "") -> None:
        what = f"{self.what[program]}{f' of {where}' if where else ''} ({program})"
        sentence = f"{what}: {why}"
        if sentence not in self.unseen:
            self.unseen.append(sentence)
