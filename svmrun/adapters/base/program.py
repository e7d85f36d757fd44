"""A program to start, how to talk to it, and what is left of it when it ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from svmrun.values import quick


@dataclass(frozen=True)
class Prompt:
    """A question that a program is known to ask.

    `pattern` is a regular expression, searched in what the program printed since the last answer.
    `answer` is typed with a newline, unless `enter` is false; None hands the question to the operator. `fails` ends the
    program with that message instead of answering. `at_most` bounds how often it is answered.
    """

    pattern: str
    answer: str | None = None
    fails: str | None = None
    secret: bool = False
    at_most: int = 100
    name: str = ""
    enter: bool = True


@dataclass(frozen=True)
class Dialogue:
    """How to talk to a program on a pseudo-terminal.

    `silence_seconds` bounds the time without output; the action's timeout bounds the whole. `question` is a
    regular expression for what looks like an unknown prompt: handed to the operator when one is there, else a failure.
    """

    prompts: tuple[Prompt, ...] = ()
    silence_seconds: float | None = None
    question: str = r"(\?|:|>|\]|\)) ?$"


@dataclass(frozen=True)
class Command:
    """The command line of an external program, and how to run and to end it.

    `argv[0]` is the program's plain name (resolved to an absolute path before anything is changed) or a path.
    `stop_signal` goes to the whole process group when the command must end early (a ufsdump stops on INT only).
    What a `private` one makes nobody but its owner can read: a copy holds what closed folders hold.
    """

    argv: tuple[str, ...]
    needs_root: bool = False
    stop_signal: Literal["TERM", "INT"] = "TERM"
    stdin: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    directory: str | None = None
    dialogue: Dialogue | None = None
    private: bool = False


@quick
@dataclass(frozen=True)
class Completed:
    """A command that ended, or was ended. Texts are decoded with replacement and bounded (head and tail kept).

    `status` is None when a signal ended it (`signal` says which) or when it was abandoned.
    `timed_out` and `cancelled` say that svmrun ended it: what it changed is then unknown.
    With a dialogue, `stdout` holds the transcript of the terminal, with line ends as newlines, and `stderr` is empty.
    """

    argv: tuple[str, ...]
    status: int | None
    stdout: str = ""
    stderr: str = ""
    signal: int | None = None
    timed_out: bool = False
    cancelled: bool = False
    abandoned_pid: int | None = None
    failure: str = ""  # said by the effect itself: an unknown prompt, a program that cannot be started
    seconds: float = 0.0

    @property
    def interrupted(self) -> bool:
        """Ended by svmrun before its own end: the outcome is unknown."""
        return self.timed_out or self.cancelled or self.abandoned_pid is not None
