"""What may not stand inside a hold that keeps writers waiting, and whether all of it fits the hold's limit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod

from svmrun.adapters.base import Adapter
from svmrun.runbook.model import Action, Release, Step
from svmrun.runbook.subject import Subject
from svmrun.windows import Part, excess

MOST_ATTEMPTS = 10


def check_blocking_holds(subject: Subject) -> None:
    steps = subject.runbook.steps
    for index, step in enumerate(steps):
        if isinstance(step, Step) and step.hold_seconds is not None and subject.blocks_writers(step.action):
            later = steps[index + 1 :]
            ends = [i for i, s in enumerate(later) if isinstance(s, Release) and s.step == step.id]
            if ends:
                _check_window(subject, step, later[: ends[0]])


def _check_window(subject: Subject, hold: Step, inside: Sequence[Step | Release]) -> None:
    for action in _actions(subject, [hold, *inside, Release(hold.id, hold.path)]):
        for message, hint in _faults(subject, action):
            text = f"{message} while {hold.id!r} keeps writers waiting"
            subject.report(text, (*action.path, action.adapter), hint, of_key=True)
    parts = hold_parts(subject, hold, inside)
    if parts and hold.hold_seconds and (sentence := excess(hold.id, hold.hold_seconds, parts)):
        subject.report(sentence, (*hold.path, "hold"), "shorten the timeouts, or allow the hold to last longer")


def _actions(subject: Subject, steps: Sequence[Step | Release]) -> Iterator[Action]:
    for step in steps:
        yield from [step.action] if isinstance(step, Step) else _handlers(subject, step.step)


def _handlers(subject: Subject, step_id: str) -> tuple[Action, ...]:
    return next((step.rollback for step in subject.steps() if step.id == step_id), ())


def _faults(subject: Subject, action: Action) -> Iterator[tuple[str, str | None]]:
    adapter, judged = subject.registry[action.adapter], subject.judged(action)
    later = "move it behind the release"
    if judged and judged[0].asks(judged[1]):
        yield f"{action.adapter!r} may ask a person", later
    if judged[0].copies(judged[1]) if judged else adapter.copies_data:
        yield f"{action.adapter!r} copies data", later
    if adapter.performer == "notice":
        yield f"{action.adapter!r} sends a notice", later
    if adapter.performer == "poll" and action.timeout_seconds is None:
        yield f"{action.adapter!r} waits without a limit of its own", "give it a timeout, or move it behind the release"
    if action.retry and action.retry.attempts > MOST_ATTEMPTS:
        yield f"{action.adapter!r} is tried {action.retry.attempts} times", f"try at most {MOST_ATTEMPTS} times"


def hold_parts(subject: Subject, hold: Step, inside: Sequence[Step | Release]) -> list[Part]:
    """The arithmetic's parts; none when a timeout depends on a value that is not known yet."""
    parts: list[Part | None] = [_forward(subject, hold)]
    for step in inside:
        own = [_forward(subject, step)] if isinstance(step, Step) else _release(subject, step.step)
        parts += own * turns if (turns := _turns(subject, hold, step)) is not None else [None]
    parts += _release(subject, hold.id)
    return [] if None in parts else [part for part in parts if part]


def _turns(subject: Subject, hold: Step, step: Step | Release) -> int | None:
    """How often a step is done while the hold lasts once; None when a list is not known yet."""
    around = subject.runbook.loops_around(hold.path)
    lists = [loop.over for loop in subject.runbook.loops_around(step.path) if loop not in around]
    return prod(len(over) for over in lists) if all(isinstance(over, list) for over in lists) else None


def _forward(subject: Subject, step: Step) -> Part | None:
    timeout = timeout_seconds(subject, step.action)
    if timeout is None:
        return None
    retry = step.action.retry
    return Part(step.id, timeout, retry.attempts, retry.delay_seconds) if retry else Part(step.id, timeout)


def _release(subject: Subject, step_id: str) -> list[Part | None]:
    """One attempt of each handler: that is the success path."""
    step = next((s for s in subject.steps() if s.id == step_id), None)
    least = timeout_seconds(subject, step.action) if step else None
    if step is None or least is None:
        return [None]
    times = [(handler.timeout_seconds, timeout_seconds(subject, handler)) for handler in step.rollback]
    what = f"release of {step_id}"
    return [None if own is None else Part(what, written or max(least, own)) for written, own in times]


def timeout_seconds(subject: Subject, action: Action) -> float | None:
    """How long one attempt may take; None when that depends on a value that is not known yet."""
    if action.timeout_seconds is not None:
        return action.timeout_seconds
    if judged := subject.judged(action):
        return judged[0].default_timeout(judged[1])
    adapter = subject.registry[action.adapter]
    by_arguments = type(adapter).default_timeout is not Adapter.default_timeout
    return None if by_arguments else adapter.timeout_seconds
