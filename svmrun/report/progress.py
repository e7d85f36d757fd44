"""How far a run has come, for a person: rows for steps and holds, folded from the events that were reported."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from svmrun.core import events as e
from svmrun.core.decide import held, outstanding
from svmrun.core.state import State, evolve
from svmrun.plan.model import Plan, PlannedStep

RowStatus = Literal[
    "waiting", "running", "succeeded", "failed", "doubtful", "skipped", "undoing", "undone", "not undone"
]


@dataclass(frozen=True)
class Span:
    """A time that may still run; seconds since the epoch."""

    since: float
    until: float | None = None

    def seconds(self, now: float) -> float:
        return max(0.0, (now if self.until is None else self.until) - self.since)


@dataclass(frozen=True)
class StepRow:
    id: str
    name: str
    status: RowStatus = "waiting"
    span: Span | None = None
    note: str = ""


@dataclass(frozen=True)
class HoldRow:
    """A hold that is, or was, taken. `lifted` says that the guard ended it."""

    step: str
    name: str
    limit_seconds: float
    span: Span
    lifted: bool = False


class Progress:
    """The fold; `events` are what is known already."""

    def __init__(self, plan: Plan, events: Iterable[e.Event] = ()) -> None:
        self.plan = plan
        self.state = State()
        self.run: e.RunStarted | None = None
        self.ended_at: float | None = None
        self.failures: dict[str, str] = {}  # step -> why it could not be undone, so far
        self.output_files: dict[str, str] = {}  # row -> file of the output of its last action that is no look
        self._spans: dict[str, Span] = {}
        self._holds: dict[str, Span] = {}
        for event in events:
            self.apply(event)

    def apply(self, event: e.Event) -> None:
        self.state = evolve(self.state, event)
        match event:
            case e.RunStarted():
                self.run = event
            case e.ActionStarted():
                self._time_started(event)
            case e.ActionEnded():
                self._time_ended(event)
            case e.RunEnded():
                self.ended_at = event.at
            case e.RunResumed():
                self.plan, self.failures = Plan.from_json(event.plan), {}
        self._count_holds(event.at)

    def steps(self) -> list[StepRow]:
        left = self._left()
        return [self._row(step, left) for step in self.plan.steps]

    def holds(self) -> list[HoldRow]:
        """Every hold that was taken, in the order of the plan; those without an end are still there."""
        rows = []
        for step in self.plan.steps:
            if step.id in self._holds and step.hold_seconds is not None:
                lifted = step.id in self.state.lifted
                rows.append(HoldRow(step.id, step.name, step.hold_seconds, self._holds[step.id], lifted))
        return rows

    def running(self) -> StepRow | None:
        """The row of the action that runs now."""
        doing = self.state.doing
        rows = {row.id: row for row in self.steps()}
        return rows.get(self._row_id(doing.step, doing.role)) if doing else None

    def undone(self) -> list[str]:
        """The steps whose rollback is complete, in the order in which that happens."""
        left = self._left()
        started = [s.id for s in reversed(self.plan.steps) if s.rollback and self.state.step(s.id).started]
        return [name for name in started if name not in left and self._was_rolled_back(name)]

    def _left(self) -> frozenset[str]:
        """The steps whose effect is, or may be, there and must not last."""
        return frozenset(step.id for step in outstanding(self.plan, self.state))

    def _was_rolled_back(self, name: str) -> bool:
        undoing = self.state.step(name).undoing
        return undoing is not None and undoing.role == "rollback"

    def _row_id(self, step: str, role: e.Role) -> str:
        """A release is an event of the step that took the hold; it has a row of its own."""
        if role != "rollback" and self.state.cause is None and self._being_released(step):
            return next((s.id for s in self.plan.steps if s.releases == step), step)
        return step

    def _being_released(self, step: str) -> bool:
        undoing = self.state.step(step).undoing
        return undoing is not None and undoing.role == "release"

    def _time_started(self, event: e.ActionStarted) -> None:
        row = self._row_id(event.step, event.role)
        if event.role != "found":
            self._spans[row] = Span(self._spans[row].since if row in self._spans else event.at)

    def _time_ended(self, event: e.ActionEnded) -> None:
        row = self._row_id(event.step, event.role)
        if row in self._spans:
            self._spans[row] = replace(self._spans[row], until=event.at)
        if event.role in ("forward", "release"):
            self.output_files[row] = event.output
        if event.role in ("release", "rollback") and event.outcome != "succeeded":
            self.failures[event.step] = event.message

    def _count_holds(self, at: float) -> None:
        now_held = {step.id for step in held(self.plan, self.state)} - set(self.state.lifted)
        for name in now_held:
            self._holds[name] = replace(self._holds[name], until=None) if name in self._holds else Span(at)
        for name, span in self._holds.items():
            if name not in now_held and span.until is None:
                self._holds[name] = replace(span, until=at)

    def _row(self, step: PlannedStep, left: frozenset[str]) -> StepRow:
        state = self.state.step(step.id)
        status: RowStatus = state.status
        if step.releases:
            status = self._release_status(step.releases, state.status, left)
        elif state.started and self._was_rolled_back(step.id):
            status = "undone" if step.id not in left else "not undone" if self.state.ended else "undoing"
        note = {"not undone": self.failures.get(step.id, ""), "undone": "", "undoing": ""}.get(status, state.message)
        return StepRow(step.id, step.name, status, self._spans.get(step.id), note)

    def _release_status(self, target: str, own: RowStatus, left: frozenset[str]) -> RowStatus:
        undoing = self.state.step(target).undoing
        if own == "skipped" or undoing is None or undoing.role != "release":
            return own
        if target not in left:
            return "succeeded"
        return "running" if self.state.cause is None else "failed"


def output_path(folder: str, output: str) -> str:
    """Events name an output by its file's name in the run's folder, or by a whole path."""
    return output if not output or output.startswith("/") else f"{folder}/{output}"
