"""Two plans compared, as two runbooks are: what was reviewed, and what would run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from svmrun.errors import Position
from svmrun.plan.model import LATER, Plan, PlannedAction, PlannedStep, is_later
from svmrun.review.command_words import shown
from svmrun.review.compare import Adapters
from svmrun.review.holds import hold_times, note_worst_cases
from svmrun.review.ledger import Ledger
from svmrun.review.model import DANGERS, Compared, Danger
from svmrun.review.side import Side
from svmrun.review.steps import compare_steps
from svmrun.runbook.model import Action, Path, Release, Retry, Runbook, Source, Step

Json = Any
NOWHERE = (None, None)


def compare_plans(before: Plan, after: Plan, adapters: Adapters) -> Compared:
    """What would happen otherwise than in `before`. Names and descriptions are no part of a plan's hash."""
    ledger = Ledger(Side(_as_runbook(before, after), adapters), Side(_as_runbook(after, before), adapters))
    compare_steps(ledger)
    times = hold_times(ledger)
    note_worst_cases(ledger, times)
    _compare_surroundings(ledger, before, after)
    found = [change for change in ledger.changes if change.danger != "cosmetic"]
    changes = sorted(found, key=lambda change: DANGERS.index(change.danger))
    return Compared(f"plan {before.hash[:12]}", f"plan {after.hash[:12]}", tuple(changes), times)


def _compare_surroundings(ledger: Ledger, before: Plan, after: Plan) -> None:
    _compare_value(ledger, "changes-host", "host", before.host.get("name"), after.host.get("name"))
    _compare_value(ledger, "changes-host", "root by", before.become or "nothing", after.become or "nothing")
    folders = [str(plan.host.get("simulated") or "") for plan in (before, after)]
    _compare_value(ledger, "changes-host", "simulated", *(bool(folder) for folder in folders))
    _compare_all(ledger, "changes-parameter", "parameter", before.parameters, after.parameters)
    if folders == ["", ""]:
        _compare_all(ledger, "changes-host", "program", before.programs, after.programs)


def _compare_all(
    ledger: Ledger, danger: Danger, what: str, before: Mapping[str, Json], after: Mapping[str, Json]
) -> None:
    for name in dict.fromkeys([*before, *after]):
        _compare_value(ledger, danger, f"{what} {name}", before.get(name), after.get(name))


def _compare_value(ledger: Ledger, danger: Danger, where: str, before: Json, after: Json) -> None:
    if ledger.differ(before, after):
        ledger.note(danger, where, f"{shown(before)} -> {shown(after)}", at=NOWHERE)


def _as_runbook(plan: Plan, other: Plan) -> Runbook:
    """A plan in the form of a runbook that has nothing left to choose."""
    twins = {step.id: step for step in other.steps}
    steps = [_filled(step, twins.get(step.id)) for step in plan.steps]
    places: dict[Path, Position] = {("steps", i): _position(s.position) for i, s in enumerate(plan.steps)}
    source = Source(plan.file, "", places, {})
    return Runbook(plan.runbook, "", source, steps=tuple(_step(s, ("steps", i)) for i, s in enumerate(steps)))


def _filled(step: PlannedStep, twin: PlannedStep | None) -> PlannedStep:
    """What a skipped step would do is not in its plan: it counts as what it does in the other one."""
    if step.when is False and twin is not None and twin.when is not False:
        return replace(twin, when=False, position=step.position, name=step.name)
    return step


def _position(text: str) -> Position:
    file, line, column = text.rsplit(":", 2)
    return Position(file, int(line), int(column))


def _step(step: PlannedStep, path: Path) -> Step | Release:
    if step.action is None:
        return Release(str(step.releases), path, step.name)
    rollback = tuple(_action(action, (*path, "rollback", i)) for i, action in enumerate(step.rollback))
    when = None if step.when is True else "false" if step.when is False else str(step.when)
    return Step(step.id, step.name, _action(step.action, path), path, when, rollback, step.hold_seconds)


def _action(planned: PlannedAction, path: Path) -> Action:
    retry = Retry(planned.attempts, planned.delay_seconds)
    return Action(planned.adapter, _written(planned.arguments), path, planned.timeout_seconds, retry)


def _written(value: Json) -> Json:
    """What is known later as the template that it was."""
    if is_later(value):
        return value[LATER]
    if isinstance(value, Mapping):
        return {key: _written(member) for key, member in value.items()}
    return [_written(member) for member in value] if isinstance(value, list | tuple) else value
