"""Commands of svmrun's own that must run as root, however the run becomes root."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from svmrun.adapters.base import Command, Completed
from svmrun.effects import process
from svmrun.effects.become import PROGRAM
from svmrun.effects.cancel import Cancel
from svmrun.effects.group import KillAsRoot
from svmrun.effects.setting import Setting
from svmrun.effects.terminal_dialogue import converse
from svmrun.plan.model import Plan

LONGEST_SECONDS = 30.0  # su waits some seconds after a wrong password


def ask_before(plan: Plan, setting: Setting) -> None:
    """Have the password, if one is needed, before anything is changed. Raises Refused without it."""
    if PROGRAM.get(plan.become) in plan.programs:
        setting.become.ready()


def kill_as_root(setting: Setting) -> KillAsRoot:
    """How to signal what a dead run left running as root."""

    def kill(words: tuple[str, ...]) -> None:
        with TemporaryDirectory(prefix="svmrun-kill-") as folder:
            perform_as_root(setting, Path(folder) / "output", Command(words, needs_root=True))

    return kill


def perform_as_root(setting: Setting, output: Path, command: Command) -> Completed:
    """Run the command (its program absolute) to its end; nobody interrupts it. Raises Refused without a password."""
    rooted = setting.become(command)
    run = process.run if rooted.dialogue is None else converse
    return run(
        rooted,
        program=setting.program(rooted),
        timeout_seconds=LONGEST_SECONDS,
        output=output,
        cancel=Cancel(),
        environment=setting.environment,
        secrets=setting.secrets,
    )
