"""A request to end what runs, whose holder is looked after while everybody waits for something else."""

from __future__ import annotations

from collections.abc import Callable

from svmrun.effects import clock
from svmrun.effects.cancel import Cancel

LOOK_SECONDS = 0.2


def look_at_nothing() -> None:
    """Nobody is interested."""


class Watched(Cancel):
    """Calls `on_look` several times a second while anything waits on it: clocks go on, a fired guard is noticed.

    Whoever waits asks `due` and wakes up after `remaining_seconds`: that is where the looking is done.
    """

    def __init__(self) -> None:
        super().__init__()
        self.on_look: Callable[[], None] = look_at_nothing
        self._next_look = 0.0

    @property
    def due(self) -> bool:
        now = clock.steady()
        if now >= self._next_look:
            self._next_look = now + LOOK_SECONDS
            self.on_look()
        return super().due

    def remaining_seconds(self) -> float | None:
        left = self.seconds_to_deadline()
        return LOOK_SECONDS if left is None else min(left, LOOK_SECONDS)
