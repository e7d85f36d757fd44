"""The windows of a plan: what happens in each hold, and how long it may last."""

from __future__ import annotations

from collections.abc import Iterator

from svmrun import windows as arithmetic
from svmrun.plan.model import Plan, PlannedAction, PlannedStep


def windows(plan: Plan) -> Iterator[tuple[PlannedStep, list[tuple[str, PlannedAction]]]]:
    """Each hold with what happens in it: its own action, those of the steps up to its release, and the release."""
    for number, step in enumerate(plan.steps):
        if step.hold_seconds is None or step.action is None or step.when is False:
            continue
        inside = [(step.id, step.action)]
        for later in plan.steps[number + 1 :]:
            inside += _actions(plan, later)
            if later.releases == step.id:
                break
        yield step, inside


def _actions(plan: Plan, step: PlannedStep) -> list[tuple[str, PlannedAction]]:
    if step.when is False:
        return []
    if step.releases is not None:
        released = plan.step(step.releases)
        return [] if released.when is False else [(step.id, a) for a in released.rollback]
    return [(step.id, step.action)] if step.action else []


def worst_case_seconds(plan: Plan) -> dict[str, float]:
    """How long each hold may last when everything in it takes as long as it may, a release once."""
    return {
        step.id: arithmetic.worst_case_seconds([_part(plan, name, action) for name, action in inside])
        for step, inside in windows(plan)
    }


def _part(plan: Plan, step_id: str, action: PlannedAction) -> arithmetic.Part:
    attempts = 1 if plan.step(step_id).releases else action.attempts
    return arithmetic.Part(step_id, action.timeout_seconds, attempts, action.delay_seconds)
