"""What became of an action, and how the end of a program is judged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from svmrun.adapters.base.program import Completed
from svmrun.values import quick

Json = Any
Kind = Literal["succeeded", "failed", "unknown"]


@quick
@dataclass(frozen=True)
class Outcome:
    """What became of an action. `result` is the typed result, JSON-shaped; `message` is one line for a person.

    `untouched` is the proof that a failed action changed nothing: what is there is somebody else's, and not undone.
    """

    kind: Kind
    message: str = ""
    result: Json = None
    changed: bool = True
    untouched: bool = False

    @property
    def ok(self) -> bool:
        return self.kind == "succeeded"


def failed(message: str, result: Json = None) -> Outcome:
    return Outcome("failed", message, result, changed=False)


def plain_outcome(
    completed: Completed, result: Json = None, ok_statuses: tuple[int, ...] = (0,), reason: str = ""
) -> Outcome:
    """The outcome of a command that tells the truth by its exit status.

    A message takes `reason`, for a command whose last line is not the one that tells what is wrong; without it the
    last line of stderr (else stdout) that has words in it.
    """
    if completed.interrupted:
        reason = "timed out" if completed.timed_out else "was cancelled" if completed.cancelled else "was abandoned"
        return Outcome("unknown", f"{completed.argv[0]} {reason}{_left_behind(completed)}", result)
    if completed.failure:
        return failed(completed.failure, result)
    if completed.status in ok_statuses:
        return Outcome("succeeded", "", result)
    ending = f"exit {completed.status}" if completed.signal is None else f"killed by signal {completed.signal}"
    if completed.signal is not None:
        return Outcome("unknown", f"{completed.argv[0]}: {ending}", result)
    return failed(f"{reason or last_words(completed) or completed.argv[0]} ({ending})", result)


def _left_behind(completed: Completed) -> str:
    pid = completed.abandoned_pid
    return f"; its process (pid {pid}) does not end, even by KILL, and was left behind" if pid is not None else ""


def last_words(completed: Completed) -> str:
    """The last line with words in it, of stderr or else of stdout."""
    for text in (completed.stderr, completed.stdout):
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        if lines:
            return lines[-1]
    return ""
