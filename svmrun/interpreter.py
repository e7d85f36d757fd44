"""The one loop: decide, make the intent durable, perform, make the outcome durable.

Execution, rollback and recovery are this loop; it knows neither commands nor files, both are passed in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from svmrun.core import events as e
from svmrun.core.decide import ArmGuard, Finish, GoBack, Move, Perform, Settle, Skip, decide
from svmrun.core.state import State, evolve
from svmrun.errors import JournalError, Refused
from svmrun.plan.model import Plan
from svmrun.values import replace


class JournalWriter(Protocol):
    """Where events are made durable."""

    def append(self, event: e.Event) -> e.Event:
        """Returns the event with its time. Raises JournalError when it is not durable."""


class Performer(Protocol):
    """Who touches the machine."""

    def prepare(self, state: State, move: Perform) -> e.ActionStarted | e.StepSkipped | None:
        """The intent to record; a skip when the step's condition turns out not to hold; None: asked to stop."""

    def perform(self, state: State, intent: e.ActionStarted, record: Callable[[e.Event], None]) -> e.ActionEnded:
        """Do it. `record` takes what happens meanwhile (a process started, a cancel, a limit passed)."""

    def arm(self) -> e.GuardArmed:
        """Start the guard. Raises Refused when it does not acknowledge."""

    def news(self, state: State) -> Iterator[e.Event]:
        """What happened outside any action since the last call: signals, limits, the guard."""

    def left(self, state: State, steps: tuple[str, ...]) -> tuple[str, ...]:
        """One line for each step that could not be undone, with the command that ends it."""

    def goes_on(self, state: State) -> tuple[str, ...]:
        """One sentence for each thing that goes on by itself after what was released or undone."""

    def finish(self, state: State) -> None:
        """The run is over: the guard goes away, open sessions end."""


@dataclass
class Recorder:
    """Appends to the journal, folds the state, tells the observers. After a journal's loss it goes on in memory."""

    journal: JournalWriter
    tell: Callable[[e.Event], None]
    now: Callable[[], float]
    state: State = field(default_factory=State)

    def __call__(self, event: e.Event) -> None:
        if self.state.journal_lost is None:
            try:
                event = self.journal.append(event)
            except JournalError as error:
                self._fold(replace(event, at=self.now()))
                event = e.JournalLost(str(error))
        self._fold(event if event.at else replace(event, at=self.now()))

    def _fold(self, event: e.Event) -> None:
        self.state = evolve(self.state, event)
        self.tell(event)


def drive(plan: Plan, record: Recorder, performer: Performer) -> State:
    """Run, roll back or recover `plan` from the recorder's state to its end; returns the last state."""
    try:
        while record.state.ended is None:
            advance(plan, record, performer)
    finally:
        performer.finish(record.state)
    return record.state


def advance(plan: Plan, record: Recorder, performer: Performer) -> None:
    """One turn of the loop: hear what happened, decide, do one thing. The run has not ended."""
    for news in performer.news(record.state):
        record(news)
    _make(decide(plan, record.state), record, performer)


def _make(move: Move, record: Recorder, performer: Performer) -> None:
    match move:
        case Perform():
            _perform(move, record, performer)
        case Skip():
            record(e.StepSkipped(move.step, move.reason))
        case ArmGuard():
            _arm(record, performer)
        case Settle():
            record(_unknown_end(record.state.doing))
        case GoBack():
            record(e.RollbackStarted(move.cause, move.exit_code, move.step))
        case Finish():
            left, goes_on = performer.left(record.state, move.stuck), performer.goes_on(record.state)
            record(e.RunEnded(move.verdict, move.exit_code, move.cause, left, goes_on))


def _perform(move: Perform, record: Recorder, performer: Performer) -> None:
    intent = performer.prepare(record.state, move)
    if intent is None:  # something happened during the pause before it: decide again
        return
    lost_before = record.state.journal_lost
    record(intent)
    if isinstance(intent, e.StepSkipped):
        return
    if lost_before is None and record.state.journal_lost is not None and move.role in ("forward", "found"):
        record(_unknown_end(intent, "not started: its intent could not be recorded", "failed"))
        return
    record(performer.perform(record.state, intent, record))


def _arm(record: Recorder, performer: Performer) -> None:
    try:
        record(performer.arm())
    except Refused as error:
        record(e.RollbackStarted(str(error), error.exit_code))


def _unknown_end(
    intent: e.ActionStarted | None, message: str = "the runner died while it ran", outcome: e.Kind = "unknown"
) -> e.ActionEnded:
    assert intent is not None, "nothing to settle"
    return e.ActionEnded(intent.step, intent.role, intent.part, intent.attempt, outcome, message)
