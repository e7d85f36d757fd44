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

    `seconds` bounds the wait (answered with the empty string when nothing came in time).
    """

    seconds: float | None = None


Request = Print | Look | Change | Pass | Await | Ask
Model = Callable[[Call], Generator[Request, Any, int]]
