"""What a run does next: a pure function of the plan and the state.

Execution, rollback and recovery after a crash are this one function; a change of policy is a change here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from svmrun.core.events import ActionStarted, Role, Verdict
from svmrun.core.state import State, StepState, Undoing
from svmrun.plan.model import Plan, PlannedAction, PlannedStep
from svmrun.values import quick

LOOKS_AT_DOUBTFUL = 4  # a command that was killed may take effect late: "not there" is believed after so many looks
LOOKS_AFTER_HANDLERS = 3  # when the probe itself cannot tell; what stays unproven is not called undone
ROUNDS = 2  # how often all handlers are run when the probe still sees the effect
LONGEST_PAUSE_SECONDS = 30.0


@quick
@dataclass(frozen=True)
class Perform:
    """Do one action; wait `after_seconds` before it."""

    step: str
    role: Role
    part: int = 0
    attempt: int = 1
    after_seconds: float = 0.0


@dataclass(frozen=True)
class Skip:
    step: str
    reason: str


@dataclass(frozen=True)
class ArmGuard:
    """Start the guard: the next step takes the first hold."""


@dataclass(frozen=True)
class Settle:
    """Record that the action in progress when the runner died has an unknown outcome."""


@dataclass(frozen=True)
class GoBack:
    """Nothing goes forward any more."""

    cause: str
    exit_code: int = 1
    step: str = ""


@dataclass(frozen=True)
class Finish:
    """The run is over. `stuck` names the steps that could not be undone."""

    verdict: Verdict
    exit_code: int
    cause: str = ""
    stuck: tuple[str, ...] = ()


Move = Perform | Skip | ArmGuard | Settle | GoBack | Finish


def decide(plan: Plan, state: State) -> Move:
    """The next move of a run that has not ended."""
    if state.doing is not None:
        return Settle()
    if state.cause is not None:
        return _go_back(plan, state)
    if vanished := _vanished(plan, state):
        return GoBack(
            f"{vanished}: it was gone when it was to be released: writers went on, nothing made meanwhile holds"
        )
    step = _first_to_do(plan, state)
    if step is None:
        return Finish("succeeded", 0)
    return _reason_to_go_back(plan, state) or _go_forward(plan, state, step)


def all_done(plan: Plan, state: State) -> bool:
    """Whether a run that does not go back has nothing more to do."""
    return _first_to_do(plan, state) is None


def _first_to_do(plan: Plan, state: State) -> PlannedStep | None:
    return next((step for step in plan.steps if not _is_done(plan, step, state)), None)


def outstanding(plan: Plan, state: State) -> list[PlannedStep]:
    """The steps whose effect is (or may be) there and must not last, in the order of the plan."""
    known = state.steps  # most steps need no undoing or were not started: verification asks this most of all
    return [s for s in plan.steps if s.rollback and s.id in known and _to_be_undone(s, known[s.id])]


def _to_be_undone(step: PlannedStep, state: StepState) -> bool:
    return state.started_at is not None and not state.untouched and not is_undone(step, state)


def held(plan: Plan, state: State) -> list[PlannedStep]:
    """The outstanding steps that are holds."""
    return [s for s in outstanding(plan, state) if s.hold_seconds is not None]


def writers_wait(plan: Plan, state: State) -> bool:
    """True while a hold stands that lets writers hang."""
    return any(s.action and s.action.blocks_writers for s in held(plan, state))


def is_fenced(intent: ActionStarted) -> bool:
    """True when the command must not start any more once the guard has acted."""
    return intent.role == "forward"


def from_hold_to_release(plan: Plan, hold: str) -> Iterator[tuple[str, Role, int]]:
    """Step, role and part of all that is to be done from the hold, which is the first, to its release, the last."""
    yield hold, "forward", 0
    for step in _inside(plan, hold):
        if step.releases is not None:
            yield from _handlers(plan.step(step.releases))
        elif step.action is not None and step.when is not False:
            yield step.id, "forward", 0
    yield from _handlers(plan.step(hold))


def _handlers(step: PlannedStep) -> Iterator[tuple[str, Role, int]]:
    yield from ((step.id, "release", part) for part in range(len(step.rollback)))


def _is_done(plan: Plan, step: PlannedStep, state: State) -> bool:
    status = state.step(step.id).status
    if status == "skipped" or step.releases is None:
        return status in ("skipped", "succeeded")
    target = state.step(step.releases)
    return target.started and is_undone(plan.step(step.releases), target)


def _reason_to_go_back(plan: Plan, state: State) -> GoBack | None:
    """The first cause, in the order of weight."""
    if state.guard == "fired":
        return GoBack(_guard_words(plan, state))
    if state.cancel is not None:
        signal = state.cancel.signal
        return GoBack(state.cancel.reason or f"cancelled by signal {signal}", 128 + signal if signal else 1)
    if state.journal_lost is not None:
        return GoBack(f"the journal can no longer be written: {state.journal_lost}")
    if state.recovered:
        return GoBack("its runner died")
    if state.limit_passed is not None:
        limit = plan.step(state.limit_passed).hold_seconds
        return GoBack(f"the hold of {state.limit_passed} lasted longer than its limit of {limit:g} s")
    if state.found_already is not None:
        changed = any(known.started for known in state.steps.values())
        return GoBack(state.found_already, 1 if changed else 6)
    return None


def _vanished(plan: Plan, state: State) -> str:
    """A step that let writers wait, and whose release found nothing to undo: nobody knows since when they went on.

    Where a release failed and a second one found nothing, the first one may have done it; that it did is not proven.
    """
    for name, known in state.steps.items():
        if known.undoing is None or known.undoing.role != "release" or known.undoing.done:
            continue
        step = plan.step(name)
        action = step.action
        if action and action.blocks_writers and not action.probed and is_undone(step, known):
            return name
    return ""


def _guard_words(plan: Plan, state: State) -> str:
    if not state.lifted:
        return f"{state.guard_reason}: nothing more is done without a guard"
    return f"the guard released {', '.join(state.lifted)}: {state.guard_reason}{_spoilt(plan, state)}"


def _spoilt(plan: Plan, state: State) -> str:
    """What was taken while writers were to wait, and did not: it is not one moment of the file system."""
    locks = [s.id for s in plan.steps if s.id in state.lifted and s.action and s.action.blocks_writers]
    spoilt = [s.id for lock in locks for s in _inside(plan, lock) if s.hold_seconds and state.step(s.id).started]
    if not spoilt:
        return ""
    return f"; writers may have gone on before {', '.join(spoilt)} was done: its image is inconsistent, do not use it"


def _inside(plan: Plan, hold: str) -> list[PlannedStep]:
    """The steps between a hold and its release."""
    names = [s.id for s in plan.steps]
    released = [n for n, s in enumerate(plan.steps) if s.releases == hold]
    return list(plan.steps[names.index(hold) + 1 : min(released, default=len(names))])


def _go_forward(plan: Plan, state: State, step: PlannedStep) -> Move:
    for hold in plan.steps:
        if _to_be_found(hold) and state.step(hold.id).found == 0:
            return Perform(hold.id, "found")
    if step.releases is not None:
        return _release(plan, step, step.releases, state)
    if step.when is False:
        return Skip(step.id, "its condition does not hold")
    if step.hold_seconds is not None and state.guard == "none":
        return ArmGuard()
    if _to_be_found(step) and state.step(step.id).found == 1 and not writers_wait(plan, state):
        return Perform(step.id, "found", 0, 2)  # somebody else may have come since; but no writer waits for this look
    return _forward(step, state.step(step.id))


def _to_be_found(step: PlannedStep) -> bool:
    """As found: a hold whose effect is there before the run is not ours to lift."""
    return bool(step.hold_seconds is not None and step.action and step.action.probed and step.when is True)


def _release(plan: Plan, step: PlannedStep, target_id: str, state: State) -> Move:
    target = state.step(target_id)
    if target.status == "skipped":
        return Skip(step.id, f"{target_id} was skipped")
    move = undo(plan.step(target_id), target, "release")
    if isinstance(move, Perform):
        return move
    message = target.undoing.message if target.undoing else ""
    return GoBack(f"{step.id}: {message or 'its effect is still there'}", 1, step.id)


def _forward(step: PlannedStep, state: StepState) -> Move:
    action = step.action
    assert action is not None, "a step without an action is a release"
    again = state.status == "failed" or (state.status == "doubtful" and action.read_only)
    if state.attempts == 0:
        return Perform(step.id, "forward")
    if again and state.attempts < action.attempts:
        return Perform(step.id, "forward", 0, state.attempts + 1, pause_before(action, state.attempts))
    return GoBack(f"{step.id}: {state.message or 'failed'}", 1, step.id)


def pause_before(action: PlannedAction, failures: int) -> float:
    """Seconds to wait after the given number of failures: doubles each time, bounded."""
    return float(min(action.delay_seconds * 2 ** (failures - 1), LONGEST_PAUSE_SECONDS))


def _lets_writers_go_on_late(step: PlannedStep) -> bool:
    """Last first, but before all else what lets writers hang: attaching a side can wait, unlocking cannot."""
    return not (step.action and step.action.blocks_writers)


def _go_back(plan: Plan, state: State) -> Move:
    stuck = []
    backwards = outstanding(plan, state)[::-1]
    for step in sorted(backwards, key=_lets_writers_go_on_late):
        result = undo(step, state.step(step.id), "rollback")
        if isinstance(result, Perform):
            return result
        if result is STUCK:
            stuck.append(step.id)
    cause = state.cause or ""
    if stuck:
        return Finish("stuck", 4, cause, tuple(stuck))
    return Finish("rolled back", state.exit_code, cause)


class _Result:
    """How undoing a step ended."""


UNDONE, STUCK = _Result(), _Result()


def is_undone(step: PlannedStep, state: StepState) -> bool:
    """Whether nothing more is done to undo the step, and nothing of it is left."""
    return state.undoing is not None and undo(step, state) is UNDONE


def was_undone(step: PlannedStep, state: State) -> bool:
    """Whether there was, or may have been, something to undo, and nothing of it is left.

    Of a command whose end nobody saw the guard, or a person, may have undone what it did.
    """
    known = state.step(step.id)
    if known.undoing is None or known.untouched or not is_undone(step, known):
        return False
    return known.status != "failed" or known.undoing.done or known.undoing.seen or step.id in state.lifted


def undo(step: PlannedStep, state: StepState, role: Role | None = None) -> Perform | _Result:
    """The next action that undoes the step, or how it ended.

    A rollback asks the probe first. After the handlers the probe, where there is one, has the last word: a handler
    that says it succeeded is not believed against it, and one that failed may have had its effect all the same.
    """
    known = state.undoing
    if known is None or (role is not None and known.role != role):
        return _go_on(step, state, Undoing("release" if role == "release" else "rollback"))
    result = _go_on(step, state, known)
    return result if result is UNDONE or not known.over else _go_on(step, state, Undoing("rollback"))


def _go_on(step: PlannedStep, state: StepState, undoing: Undoing) -> Perform | _Result:
    assert step.action is not None, "only steps with an action are undone"
    if undoing.looked:
        return _after_look(step, state, undoing)
    if undoing.rounds == 0:
        if undoing.role == "rollback" and step.action.probed:
            return Perform(step.id, "probe")
        return Perform(step.id, undoing.role)
    return _next_handler(step, state, undoing)


def _after_look(step: PlannedStep, state: StepState, undoing: Undoing) -> Perform | _Result:
    if undoing.present is False:
        doubtful = not undoing.seen and state.status in ("doubtful", "running")  # it may still come, handler or not
        if doubtful and undoing.looks < LOOKS_AT_DOUBTFUL:
            return Perform(step.id, "probe", 0, undoing.looks + 1, 2.0 ** (undoing.looks - 1))
        return UNDONE
    if undoing.rounds == 0:
        return Perform(step.id, undoing.role)
    if 0 < undoing.blind < LOOKS_AFTER_HANDLERS:
        return Perform(step.id, "probe", 0, undoing.looks + 1, 1.0)
    if undoing.rounds < ROUNDS:
        return Perform(step.id, undoing.role, 0, 1, step.rollback[0].delay_seconds)
    return STUCK


def _next_handler(step: PlannedStep, state: StepState, undoing: Undoing) -> Perform | _Result:
    """Within a round. A handler that fails for good stops only a next one that would do harm without it."""
    part, tries, failed = undoing.part, undoing.tries, undoing.failed
    if part < len(step.rollback) and tries >= step.rollback[part].attempts:
        part, tries, failed = part + 1, 0, failed + 1
        while part < len(step.rollback) and step.rollback[part].needs_previous:
            part += 1
    if part < len(step.rollback):
        after = pause_before(step.rollback[part], tries) if tries else 0.0
        return Perform(step.id, undoing.role, part, tries + 1, after)
    if step.action is not None and step.action.probed:
        return Perform(step.id, "probe")
    if failed:
        return STUCK
    doubtful = not undoing.done and state.status in ("doubtful", "running")  # nothing to undo yet: it may still come
    if doubtful and undoing.rounds < LOOKS_AT_DOUBTFUL:
        return Perform(step.id, undoing.role, 0, 1, 2.0 ** (undoing.rounds - 1))
    return UNDONE
