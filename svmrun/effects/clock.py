"""Time, as the engine reads it."""

from __future__ import annotations

import select
import time
from typing import Protocol

# A hold's limit counts the time the machine slept, too: a suspended laptop still blocks its writers.
_STEADY = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


class Interruption(Protocol):
    """What can end a pause early."""

    @property
    def due(self) -> bool: ...

    def fileno(self) -> int: ...

    def drain(self) -> None: ...

    def remaining_seconds(self) -> float | None: ...


def now() -> float:
    """Seconds since the epoch."""
    return time.time()


def steady() -> float:
    """Seconds of a clock that nobody sets; only differences mean something."""
    return time.clock_gettime(_STEADY)


def pause(seconds: float, cancel: Interruption) -> bool:
    """Wait; False as soon as the pause was ended by a cancel."""
    until = steady() + seconds
    while not cancel.due:
        left = until - steady()
        if left <= 0:
            return True
        limit = cancel.remaining_seconds()
        if select.select([cancel], [], [], left if limit is None else min(left, limit))[0] and not cancel.due:
            cancel.drain()
    return False
