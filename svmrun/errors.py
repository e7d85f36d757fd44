"""The exception tree. Each class carries the exit code that the command line ends with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

_MOST_SHOWN = 160  # characters of a line


@dataclass(frozen=True, order=True)
class Position:
    """A place in a text file; `line` and `column` count from 1."""

    file: str
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with what a person wrote.

    `text` is the whole source line, without its line end; `hint` says what to do about it.
    """

    message: str
    position: Position | None = None
    text: str | None = None
    hint: str | None = None

    def __str__(self) -> str:
        lines = [f"{self.position}: error: {self.message}" if self.position else f"error: {self.message}"]
        if self.position and self.text is not None:
            number = str(self.position.line)
            before, shown = _around(self.text, self.position.column - 1)
            pad = "".join("\t" if c == "\t" else " " for c in before)
            lines += [f"  {number} | {shown}", f"  {' ' * len(number)} | {pad}^"]
        if self.hint:
            lines.append(f"  hint: {self.hint}")
        return "\n".join(lines)


def _around(line: str, index: int) -> tuple[str, str]:
    """What of a line is shown: what stands before that index, and all; a long line is cut on both sides."""
    start = max(0, index - _MOST_SHOWN // 2) if len(line) > _MOST_SHOWN else 0
    left = "..." if start else ""
    right = "..." if len(line) > start + _MOST_SHOWN else ""
    return left + line[start:index], left + line[start : start + _MOST_SHOWN] + right


class SvmrunError(Exception):
    """Everything svmrun says to a user on purpose. Anything else that reaches the top is a bug (exit 70)."""

    exit_code = 70


class UsageError(SvmrunError):
    """The command line asks for something that does not exist."""

    exit_code = 2


class InvalidInput(SvmrunError):
    """A runbook, its parameters or a world is invalid; nothing ran. Holds every problem found, in file order."""

    exit_code = 3

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(p) for p in self.problems))


class FactFailed(SvmrunError):
    """A fact could not be read from the host; nothing was changed."""

    exit_code = 6


class CheckFailed(SvmrunError):
    """A check did not hold; nothing was changed."""

    exit_code = 6


class Refused(SvmrunError):
    """The run would be dangerous as it stands (closure check, missing program); nothing was changed."""

    exit_code = 6


class Cancelled(SvmrunError):
    """INT, TERM or HUP came before anything was changed. `signal` is its number."""

    def __init__(self, signal: int, name: str) -> None:
        self.exit_code = 128 + signal
        super().__init__(f"cancelled by {name}; nothing was changed")


class Busy(SvmrunError):
    """Another run holds the resource, or an unfinished one must be recovered first."""

    exit_code = 5


class StateError(SvmrunError):
    """The state folder or a journal in it cannot be used (not writable, damaged); nothing was changed."""

    exit_code = 3


class JournalError(SvmrunError):
    """An event could not be made durable. The run rolls back; it never goes on unjournalled."""

    exit_code = 1
