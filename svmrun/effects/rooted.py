"""Commands of svmrun's own that must run as root, however the run becomes root."""

from __future__ import annotations

from pathlib import Path

from svmrun.adapters.base import Command, Completed
from svmrun.effects import process
from svmrun.effects.cancel import Cancel
from svmrun.effects.setting import Setting
from svmrun.effects.terminal_dialogue import converse

LONGEST_SECONDS = 30.0  # su waits some seconds after a wrong password


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
