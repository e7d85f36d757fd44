"""One turn of a story: from a scene to the next, and every scene in between in which the runner could have died."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from svmrun.core import events as e
from svmrun.core.state import State, evolve
from svmrun.errors import JournalError
from svmrun.interpreter import Recorder, advance
from svmrun.simulator.host import look
from svmrun.values import replace
from svmrun.verify.desk import Desk
from svmrun.verify.guard import GuardTurn
from svmrun.verify.kinds import RECOVERY_SECONDS
from svmrun.verify.performer import GONE, MemoryPerformer, fired
from svmrun.verify.scene import Scene


class Moment(NamedTuple):
    """The runner at one side of a record: how things stood when it (or what came before it) was durable."""

    record: int
    after: bool
    scene: Scene
    event: e.Event


class Turn(NamedTuple):
    """`intent` is the action that was performed; `guard_step` the hold that the guard released instead."""

    scene: Scene
    events: tuple[e.Event, ...] = ()
    moments: tuple[Moment, ...] = ()
    intent: e.ActionStarted | None = None
    end: e.ActionEnded | None = None
    guard_step: str = ""


def take(desk: Desk, scene: Scene, kind: str = "", lost_record: int = 0, *, moments: bool = False) -> Turn:
    """The next turn. `kind` is what goes wrong with its action; from `lost_record` on the journal cannot be written.

    With `moments` it tells of every scene in which the runner could have died.
    """
    if scene.guard is not None and scene.guard.acting:
        return _guard(desk, scene, kind)
    if scene.phase == "dead":
        return _recovery(scene)
    return _advance(desk, scene, kind, lost_record, moments)


@dataclass
class _Journal:
    """A journal in memory, which remembers the scene at both sides of each record."""

    before: Scene
    performer: MemoryPerformer
    lost_record: int
    remembers: bool
    events: list[e.Event] = field(default_factory=list)
    moments: list[Moment] = field(default_factory=list)
    record: Recorder | None = None

    def append(self, event: e.Event) -> e.Event:
        assert self.record is not None, "set before the first record"
        number = len(self.events) + 1
        if self.before.durable is not None or 0 < self.lost_record <= number:
            raise JournalError("No space left on device")
        event = replace(event, at=self.performer.world.clock)
        if self.remembers:
            state = self.record.state
            self.moments.append(Moment(number, False, self.scene(state), event))
            self.moments.append(Moment(number, True, self.scene(evolve(state, event)), event))
        return event

    def tell(self, event: e.Event) -> None:
        self.events.append(event)
        if self.remembers and self.before.durable is not None and self.record is not None:
            self.moments.append(Moment(len(self.events), True, self.scene(self.record.state), event))

    def scene(self, state: State, **changes: Any) -> Scene:
        performer = self.performer
        return replace(
            self.before,
            state=state,
            world=performer.world,
            guard=performer.guard,
            held=tuple(performer.held),
            sessions=performer.sessions,
            interrupted=performer.interrupted,
            **changes,
        )


def _advance(desk: Desk, scene: Scene, kind: str, lost_record: int, moments: bool) -> Turn:
    performer = MemoryPerformer(desk, scene, kind)
    journal = _Journal(scene, performer, lost_record, moments)
    record = journal.record = Recorder(journal, journal.tell, lambda: performer.world.clock, scene.state)
    advance(desk.plan, record, performer)
    if record.state.ended is not None:
        performer.finish(record.state)
    durable = scene.durable
    if durable is None and record.state.journal_lost is not None:
        durable = _durable(scene.state, journal.events)
    after = journal.scene(record.state, durable=durable, turn=scene.turn + 1)
    intent = next((x for x in journal.events if isinstance(x, e.ActionStarted)), None)
    end = next((x for x in journal.events if isinstance(x, e.ActionEnded)), None)
    return Turn(after, tuple(journal.events), tuple(journal.moments), intent, end)


def _durable(state: State, events: list[e.Event]) -> State:
    """What a later recovery reads: everything before the record that could not be written."""
    lost = next(n for n, event in enumerate(events) if isinstance(event, e.JournalLost))
    for event in events[: lost - 1]:
        state = evolve(state, event)
    return state


def _guard(desk: Desk, scene: Scene, kind: str) -> Turn:
    turn = GuardTurn(desk, scene, kind)
    guard = turn.act()
    return Turn(replace(scene, guard=guard, world=turn.world, turn=scene.turn + 1), guard_step=turn.step)


def killed(scene: Scene, *, guard_too: bool = False) -> Scene:
    """The runner has died; its guard acts at once, unless it died too."""
    guard = replace(scene.guard, alive=False) if scene.guard and guard_too else scene.guard
    if guard and guard.alive and not guard.reason:
        guard = fired(guard, GONE) if guard.outstanding else replace(guard, alive=False)
    state = scene.durable or scene.state
    watch = scene.watch
    if not (guard and guard.acting):
        watch = replace(watch, unguarded_since=scene.world.clock)
    return replace(
        scene,
        state=state,
        durable=None,
        guard=guard,
        phase="dead",
        held=(),
        sessions=frozenset(),
        interrupted=False,
        watch=watch,
    )


def _recovery(scene: Scene) -> Turn:
    """Somebody starts `svmrun recover`: it waits for the guard, then takes the run over."""
    if scene.state.ended is not None and scene.state.ended.verdict != "stuck":
        return Turn(replace(scene, phase="recovery", guard=None, turn=scene.turn + 1))
    world = look(replace(scene.world, clock=scene.world.clock + RECOVERY_SECONDS))
    events = tuple(replace(event, at=world.clock) for event in _taken_over(scene))
    state = scene.state
    for event in events:
        state = evolve(state, event)
    locked = tuple(replace(one, due=world.clock) for one in scene.watch.locked)  # whoever comes must undo it at once
    watch = replace(scene.watch, unguarded_since=None, locked=locked)
    after = replace(scene, state=state, world=world, phase="recovery", guard=None, watch=watch, turn=scene.turn + 1)
    return Turn(after, events)


def _taken_over(scene: Scene) -> Iterator[e.Event]:
    if scene.guard is not None and scene.guard.reason and scene.state.guard != "fired":
        yield e.GuardFired(scene.guard.reason, scene.guard.released)
    yield e.RecoveryStarted(2, "0", "desk")
