"""What a simulated command may ask of its surroundings.

A command's model is a generator: it yields requests, is sent the answers, and returns the exit status. Who drives it
decides what time, terminals and concurrency are: the shim (a real process) or the in-process host (virtual time).

    def model(call: Call) -> Generator[Request, Any, int]
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, Literal

from svmrun.simulator.world import World


@dataclass(frozen=True)
class Call:
    """How a simulated command was started. `terminal` is True when standard input is a terminal."""

    argv: tuple[str, ...]  # argv[0] without its folder
    user: str
    pid: int
    terminal: bool = False


@dataclass(frozen=True)
class Print:
    text: str
    stream: Literal["out", "err"] = "out"


@dataclass(frozen=True)
class Look:
    """Answered with the world as it is now (time-dependent states brought up to date)."""


@dataclass(frozen=True)
class Change:
    """Change the world in one indivisible step. Answered with the new world."""

    function: Callable[[World], World]


@dataclass(frozen=True)
class Pass:
    """Take this many seconds of the world's time."""

    seconds: float


@dataclass(frozen=True)
class Await:
    """Block until the condition holds in the world. Answered with the world."""

    condition: Callable[[World], bool]


@dataclass(frozen=True)
class Ask:
    """Read one line of standard input. Answered with it without its newline, or None at the end of file.

    `seconds` bounds the wait (answered with the empty string when nothing came in time). With `secret` the line is
    read from the controlling terminal, whatever standard input is, and not echoed.
    """

    seconds: float | None = None
    secret: bool = False


class Signalled(Exception):
    """Thrown into a model at the request it waits for, when a signal arrives that it has trapped."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


@dataclass(frozen=True)
class Trap:
    """From now on these signals (`INT`, `TERM`, `HUP`) do not end the process but are thrown in as `Signalled`."""

    signals: tuple[str, ...]


@dataclass(frozen=True)
class Fork:
    """Start a child process, which inherits no trap. `body` is given its pid. Answered at once with that pid."""

    body: Callable[[int], Generator[Any, Any, int]]


@dataclass(frozen=True)
class Join:
    """Wait for a child. Answered with its exit status, or minus the number of the signal that ended it."""

    pid: int


@dataclass(frozen=True)
class Die:
    """End by this signal. Never answered."""

    signal: str


@dataclass(frozen=True)
class Kill:
    """Send KILL to another process, if it is there."""

    pid: int


@dataclass(frozen=True)
class Execute:
    """Become another command, as another user. Answered with its exit status, if at all."""

    argv: tuple[str, ...]
    user: str


@dataclass(frozen=True)
class Outlive:
    """Let the effect of this command line happen `seconds` after this process has died."""

    argv: tuple[str, ...]
    user: str
    seconds: float


Request = Print | Look | Change | Pass | Await | Ask | Trap | Fork | Join | Die | Kill | Execute | Outlive
Model = Callable[[Call], Generator[Request, Any, int]]
