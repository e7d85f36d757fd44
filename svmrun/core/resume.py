"""Which steps a run does again when it goes on after its cause was removed. Pure.

A hold that was rolled back is taken again, and with it everything that depends on it: what was done inside it, and
every hold whose window it lies in (a side that is taken off again needs the lock again). What lies outside is done,
and stays done, with its results.
"""

from __future__ import annotations

from svmrun.core.decide import UNDONE, undo
from svmrun.core.state import State
from svmrun.plan.model import Plan, PlannedStep


def again(plan: Plan, state: State) -> tuple[str, ...]:
    """The ids of the steps to be done again, in the order of the plan."""
    chosen = {step.id for step in plan.steps if _is_open(step, state)}
    while True:
        more = {i for step in chosen for i in _implied(plan, step)} - chosen
        if not more:
            return tuple(s.id for s in plan.steps if s.id in chosen)
        chosen |= more


def done_twice(plan: Plan, state: State, chosen: tuple[str, ...]) -> list[PlannedStep]:
    """Those among the chosen that hold nothing and were done, or may have been: repeating them must be safe."""
    steps = [plan.step(name) for name in chosen]
    maybe_done = ("succeeded", "doubtful", "running")
    return [s for s in steps if s.action and not s.rollback and state.step(s.id).status in maybe_done]


def _is_open(step: PlannedStep, state: State) -> bool:
    """Not done; or done and rolled back."""
    known = state.step(step.id)
    if step.releases is not None:
        target = state.step(step.releases)
        return target.status != "skipped" and not (target.undoing and target.undoing.role == "release")
    if known.status == "skipped":
        return False
    rolled_back = bool(step.rollback) and known.undoing is not None and known.undoing.role == "rollback"
    return known.status != "succeeded" or rolled_back or _is_lost(step, state)


def _is_lost(step: PlannedStep, state: State) -> bool:
    """The guard released it before anybody else could."""
    known = state.step(step.id)
    released = known.undoing is not None and known.undoing.role == "release" and undo(step, known) is UNDONE
    return step.id in state.lifted and not released


def _implied(plan: Plan, step_id: str) -> set[str]:
    names = [s.id for s in plan.steps]
    place = names.index(step_id)
    found: set[str] = set()
    for number, step in enumerate(plan.steps):
        if step.hold_seconds is None:
            continue
        end = next((n for n, s in enumerate(plan.steps) if s.releases == step.id), len(names))
        if number <= place <= end:  # the hold itself, its release, or what lies inside
            found.update(names[number : end + 1])
    return found
