"""A moment of a story: the run's state, the world, the guard, and what the invariants remember. Immutable."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from svmrun.core.state import State
from svmrun.simulator.world import World

Phase = Literal["run", "dead", "recovery"]


@dataclass(frozen=True)
class Guard:
    """An armed guard. `outstanding` holds what it must release, the last one first, with the time it was told.

    `reason` is why it acted, empty while it did not; `todo` are the releases of the round that it is in.
    """

    outstanding: tuple[tuple[str, float], ...] = ()
    alive: bool = True
    reason: str = ""
    released: tuple[str, ...] = ()
    todo: tuple[str, ...] = ()
    round: int = 0

    @property
    def acting(self) -> bool:
        return self.alive and bool(self.reason) and bool(self.outstanding)


@dataclass(frozen=True)
class Finding:
    """An invariant that does not hold, and how it shows."""

    invariant: str
    message: str
    step: str = ""


@dataclass(frozen=True)
class Locked:
    """Whose writers wait, since when, and when its release must have begun: later for each try that failed."""

    name: str
    since: float
    due: float


@dataclass(frozen=True)
class Watch:
    """What the invariants must remember of the way to here.

    `locked` are the locks that the run took; `strangers` the mount points that somebody else locked.
    `effects` are the steps whose forward action had its effect; `hollow` those that claim one they never had.
    `unguarded_since` is the time since which nobody was there to release anything.
    """

    locked: tuple[Locked, ...] = ()
    strangers: frozenset[str] = frozenset()
    effects: frozenset[str] = frozenset()
    hollow: frozenset[str] = frozenset()
    unguarded_since: float | None = None
    disturbed: frozenset[str] = frozenset()  # what befell the host from outside


@dataclass(frozen=True)
class Scene:
    """`held` are the steps whose holds the runner has told the guard of. `turn` counts from the start of the story."""

    state: State
    world: World
    phase: Phase = "run"
    guard: Guard | None = None
    held: tuple[str, ...] = ()
    sessions: frozenset[str] = frozenset()
    watch: Watch = field(default_factory=Watch)
    durable: State | None = None  # what the journal holds, once it could not be written any more
    interrupted: bool = False
    turn: int = 0
    finding: Finding | None = None

    @property
    def over(self) -> bool:
        """Nobody does anything any more."""
        ended = self.state.ended is not None and not (self.guard and self.guard.acting)
        return self.finding is not None or (ended and self.phase != "dead")
