"""A moment of a story: the run's state, the world, the guard, and what the invariants remember. Immutable."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from svmrun.core.state import State, StepState, Undoing
from svmrun.simulator.volumes import progress
from svmrun.simulator.world import DumpImage, Mirror, World

Phase = Literal["run", "dead", "recovery"]
Key = tuple[Any, ...]
FAR_SECONDS = 4 * 3600.0


@dataclass(frozen=True)
class Guard:
    """An armed guard. `outstanding` holds what it must release, in the order taken, with the time it was told.

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
class Watch:
    """What the invariants must remember of the way to here.

    `locked` are the mount points that the run locked, with the time; `strangers` those that somebody else did.
    `effects` are the steps whose forward action had its effect; `hollow` those that claim one they never had.
    `allowance_seconds` is what failures of releases may add to the limit of a lock; `unguarded_since` is the time
    since which nobody was there to release anything.
    """

    locked: tuple[tuple[str, float], ...] = ()
    strangers: frozenset[str] = frozenset()
    effects: frozenset[str] = frozenset()
    hollow: frozenset[str] = frozenset()
    allowance_seconds: float = 0.0
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


class Keys:
    """Tells scenes apart by everything that decides how they go on. Equal parts are numbered once.

    Left out: absolute times (all are taken relative to the clock), and texts that only a person reads.
    """

    def __init__(self, limits: Mapping[str, float]) -> None:
        self._limits = limits  # seconds that each hold may last
        self._numbers: dict[Any, int] = {}
        self._parts: dict[int, tuple[Any, int]] = {}

    def of(self, scene: Scene) -> Key:
        clock = scene.world.clock
        return (
            scene.phase,
            self._state(scene.state, clock),
            self._world(scene.world),
            self._guard(scene.guard, clock, back=scene.state.cause is not None),
            scene.held,
            scene.sessions,
            _watch(scene.watch, clock),
            scene.durable and self._state(scene.durable, clock),
            scene.interrupted,
            scene.finding,
        )

    def world(self, world: World) -> Key:
        return self._world(world)

    def _number(self, value: Any) -> int:
        return self._numbers.setdefault(value, len(self._numbers))

    def _part(self, part: Any, make: Any = None) -> int:
        """The number of a part of a world; the same object is looked at once."""
        known = self._parts.get(id(part))
        if known is not None and known[0] is part:
            return known[1]
        number = self._number(make(part) if make else part)
        self._parts[id(part)] = (part, number)
        return number

    def _state(self, state: State, clock: float) -> Key:
        back = state.cause is not None
        return (
            back,
            state.doing is not None,
            state.exit_code,
            state.cancel is not None,
            state.limit_passed,
            state.guard,
            state.recovered,
            state.journal_lost is not None,
            state.found_already is not None,
            state.lifted if not back else (),
            state.ended and (state.ended.verdict, state.ended.exit_code, self._number(state.ended.left)),
            tuple((name, self._step(name, step, clock, back)) for name, step in state.steps.items()),
        )

    def _step(self, name: str, step: StepState, clock: float, back: bool) -> int:
        since: float | bool = step.started_at is not None
        if step.started_at is not None and not back and name in self._limits:
            since = round(clock - step.started_at, 3)
        undoing = step.undoing
        return self._number(
            (
                step.status,
                step.attempts,
                since,
                step.untouched,
                step.found,
                None if back or step.result is None else repr(step.result),
                undoing and _undoing(undoing),
            )
        )

    def _guard(self, guard: Guard | None, clock: float, back: bool) -> Key | None:
        if guard is None:
            return None
        outstanding = tuple((step, self._left(step, clock - since, back)) for step, since in guard.outstanding)
        return (outstanding, guard.alive, bool(guard.reason), guard.released, guard.todo, guard.round)

    def _left(self, step: str, lasted: float, back: bool) -> float:
        """Seconds to the limit; once a run goes back it ends long before a limit that is hours away."""
        left = self._limits.get(step, 0.0) - lasted
        return math.inf if back and left > FAR_SECONDS else round(left, 3)

    def _world(self, world: World) -> Key:
        clock = world.clock
        part = self._part
        return (
            tuple(_mirror(m, clock) for m in world.mirrors),
            part(world.stripes),
            part(world.file_systems),
            part(world.tapes, _tapes),
            part(world.files, _images),
            part(world.services, lambda services: tuple((s.fmri, s.state) for s in services)),
            part(world.opens),
            part(world.sets),
            part(world.dumpdates, lambda lines: tuple(tuple(line.split()[:2]) for line in lines)),
            world.locked_sets,
            world.databases,
            tuple((round(one.at - clock, 3), one.argv) for one in world.later),
        )


def _undoing(undoing: Undoing) -> Key:
    return (
        undoing.role,
        undoing.looks,
        undoing.looked,
        undoing.blind,
        undoing.present,
        undoing.part,
        undoing.tries,
        undoing.failed,
        undoing.rounds,
    )


def _mirror(mirror: Mirror, clock: float) -> Key:
    resync = mirror.resync
    left = resync and (round(resync.total - progress(resync, clock), 3), round(resync.total, 3), resync.cancelled)
    return (mirror.name, tuple((s.name, s.slot, s.state) for s in mirror.submirrors), left)


def _tapes(tapes: Any) -> Key:
    return tuple(
        (t.device, t.loaded, t.capacity, t.volumes, t.write_error_at, t.file_number, _images(t.contents))
        for t in tapes
    )


def _images(images: tuple[DumpImage, ...]) -> Key:
    return tuple((i.device, i.level, i.blocks, i.generation, i.consistent, i.complete, i.target) for i in images)


def _watch(watch: Watch, clock: float) -> Key:
    return (
        tuple((mount, round(clock - since, 3)) for mount, since in watch.locked),
        watch.strangers,
        watch.effects,
        watch.hollow,
        watch.allowance_seconds,
        None if watch.unguarded_since is None else round(clock - watch.unguarded_since, 3),
        watch.disturbed,
    )
