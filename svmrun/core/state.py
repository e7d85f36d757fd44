"""The state of a run: a fold over its events. Nothing here decides anything."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from svmrun.core import events as e
from svmrun.values import quick, replace

Json = Any
Status = Literal["waiting", "skipped", "running", "succeeded", "failed", "doubtful"]


@quick
@dataclass(frozen=True)
class Undoing:
    """How far the attempt to undo a step has come (a release on the success path, or a rollback).

    `looks` counts finished probes; while `looked` is True the last finished action was one, and `present` is what it
    found; `blind` counts the last looks in a row that could not tell, `seen` tells that one found the effect. `part`
    is the handler whose turn it is, `tries` how often it failed, `failed` how many handlers were given up in this
    round, `rounds` how often the handlers were started from the first one. `done` tells that a handler changed
    something. `over`: the run has ended with it; what is not undone then is tried afresh.
    """

    role: Literal["release", "rollback"]
    looks: int = 0
    looked: bool = False
    blind: int = 0
    seen: bool = False
    present: bool | None = None
    part: int = 0
    tries: int = 0
    failed: int = 0
    rounds: int = 0
    done: bool = False
    message: str = ""
    over: bool = False


@dataclass(frozen=True)
class StepState:
    """What is known of one step. Its hold counts from `started_at`, when its forward action was first started."""

    status: Status = "waiting"
    attempts: int = 0
    message: str = ""
    result: Json = None
    started_at: float | None = None
    ended_at: float | None = None
    untouched: bool = False  # it failed, and provably changed nothing
    found: int = 0  # how often its effect was looked for, before it was started, and was not there
    undoing: Undoing | None = None

    @property
    def started(self) -> bool:
        return self.started_at is not None


WAITING = StepState()


@dataclass(frozen=True)
class State:
    """A run so far. `doing` is the action whose end is not recorded: after a crash it is doubtful."""

    run: str = ""
    steps: Mapping[str, StepState] = field(default_factory=dict)
    doing: e.ActionStarted | None = None
    cause: str | None = None  # why it goes back; set once
    exit_code: int = 0
    causing_step: str = ""
    cancel: e.CancelRequested | None = None
    limit_passed: str | None = None
    guard: Literal["none", "armed", "fired"] = "none"
    guard_reason: str = ""
    lifted: tuple[str, ...] = ()  # steps whose holds the guard released
    card: str = ""
    recovered: bool = False
    journal_lost: str | None = None
    found_already: str | None = None
    ended: e.RunEnded | None = None

    def step(self, step_id: str) -> StepState:
        return self.steps.get(step_id, WAITING)


def replay(events: Iterable[e.Event]) -> State:
    """The state after all these events."""
    state = State()
    for event in events:
        state = evolve(state, event)
    return state


def evolve(state: State, event: e.Event) -> State:
    """The state after one more event. Unknown to it are only events that change nothing."""
    match event:
        case e.RunStarted():
            return replace(state, run=event.run)
        case e.ActionStarted():
            return _started(state, event)
        case e.ActionEnded():
            return _ended(state, event)
        case e.StepSkipped():
            return replace(state, steps=_with(state, event.step, status="skipped", message=event.reason))
        case e.CancelRequested():
            return replace(state, cancel=state.cancel or event)
        case e.LimitPassed():
            return replace(state, limit_passed=state.limit_passed or event.step)
        case e.RollbackStarted() if state.cause is None:
            return replace(state, cause=event.cause, exit_code=event.exit_code, causing_step=event.step)
        case e.GuardArmed():
            return replace(state, guard="armed", card=event.card)
        case e.GuardFired():
            return replace(state, guard="fired", guard_reason=event.reason, lifted=state.lifted + event.released)
        case e.JournalLost():
            return replace(state, journal_lost=event.reason)
        case e.RecoveryStarted():
            return _taken_over(state)
        case e.RunResumed():
            kept = {name: step for name, step in state.steps.items() if name not in event.again}
            return State(run=state.run, steps=kept)
        case e.RunEnded():
            return replace(state, ended=event)
    return state


def _taken_over(state: State) -> State:
    """Recovery of a run that was stuck tries again what is not undone.

    Nothing else: what was undone may be there again since, and then it is somebody else's.
    """
    if state.ended is None:
        return replace(state, recovered=True)
    steps = {
        name: replace(step, undoing=replace(step.undoing, over=True)) if step.undoing else step
        for name, step in state.steps.items()
    }
    return replace(state, recovered=True, ended=None, steps=steps)


def _with(state: State, step_id: str, **changes: Any) -> dict[str, StepState]:
    """All steps, one of them changed."""
    return {**state.steps, step_id: replace(state.step(step_id), **changes)}


def _started(state: State, event: e.ActionStarted) -> State:
    step = state.step(event.step)
    if event.role == "found":
        return replace(state, doing=event)
    if event.role == "forward":
        begun = event.at if step.started_at is None else step.started_at
        steps = _with(state, event.step, status="running", attempts=event.attempt, started_at=begun)
        return replace(state, doing=event, steps=steps)
    undoing = _current_undoing(state, step)
    if event.role != "probe":
        undoing = _handler_started(undoing, event)
    return replace(state, doing=event, steps=_with(state, event.step, undoing=undoing))


def _current_undoing(state: State, step: StepState) -> Undoing:
    """Where the undoing stands. A rollback starts afresh after a release that did not succeed, and so does recovery."""
    role: Literal["release", "rollback"] = "release" if state.cause is None else "rollback"
    known = step.undoing
    return known if known and known.role == role and not known.over else Undoing(role)


def _handler_started(undoing: Undoing, event: e.ActionStarted) -> Undoing:
    if event.part == 0 and event.attempt == 1:
        return replace(undoing, part=0, tries=0, failed=0, looked=False, blind=0, rounds=undoing.rounds + 1)
    if event.part > undoing.part:
        return replace(undoing, part=event.part, tries=0, failed=undoing.failed + 1, looked=False)
    return replace(undoing, looked=False)


def _ended(state: State, event: e.ActionEnded) -> State:
    if event.role == "found":
        return _found(state, event)
    step = state.step(event.step)
    if event.role == "forward":
        status = {"succeeded": "succeeded", "failed": "failed", "unknown": "doubtful"}[event.outcome]
        untouched = event.untouched and event.attempt == 1
        changes = {"message": event.message, "result": event.result, "ended_at": event.at, "untouched": untouched}
        return replace(state, doing=None, steps=_with(state, event.step, status=status, **changes))
    undoing = _current_undoing(state, step)
    if event.role == "probe":
        blind = undoing.blind + 1 if event.present is None else 0
        seen = undoing.seen or event.present is True
        undoing = replace(undoing, looks=undoing.looks + 1, looked=True, blind=blind, seen=seen, present=event.present)
    elif event.outcome == "succeeded":
        undoing = replace(undoing, part=undoing.part + 1, tries=0, done=undoing.done or event.changed)
    else:
        undoing = replace(undoing, tries=undoing.tries + 1, message=event.message)
    return replace(state, doing=None, steps=_with(state, event.step, undoing=undoing))


def _found(state: State, event: e.ActionEnded) -> State:
    steps = _with(state, event.step, found=state.step(event.step).found + 1)
    if event.present is False:
        return replace(state, doing=None, steps=steps)
    words = "its effect is there already, and not ours" if event.present else event.message or "nothing could tell"
    return replace(state, doing=None, steps=steps, found_already=f"{event.step}: {words}")
