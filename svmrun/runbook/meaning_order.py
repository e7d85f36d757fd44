"""Actions that lose data unless another one stands before them."""

from __future__ import annotations

from collections.abc import Sequence

from svmrun.adapters.base import Arguments, Before
from svmrun.runbook.model import Action
from svmrun.runbook.subject import Subject


def check_order(subject: Subject) -> None:
    done: list[Action] = []
    for step in subject.steps():
        if not subject.lacks_steps:
            _check_before(subject, step.action, done)
        for number, handler in enumerate(step.rollback):
            # Whatever stands elsewhere may not have been done when the handler runs.
            _check_before(subject, handler, step.rollback[:number])
        done.append(step.action)


def _check_before(subject: Subject, action: Action, done: Sequence[Action]) -> None:
    judged = subject.judged(action)
    before = judged and judged[0].preceded_by(judged[1])
    if not judged or not before:
        return
    undone = judged[0].inverse(judged[1])
    since = list(done)
    if undone:
        places = [n for n, other in enumerate(done) if _is(other, undone.adapter, undone.arguments)]
        since = since[max(places, default=-1) + 1 :]
    if not any(_is(other, before.adapter, before.arguments) for other in since):
        message = f"{action.adapter!r} without {before.adapter!r} before it: {before.otherwise}"
        subject.report(message, (*action.path, action.adapter), f"put before it: {_written(before)}", of_key=True)


def _is(action: Action, adapter: str, arguments: Arguments) -> bool:
    return action.adapter == adapter and all(action.arguments.get(key) == value for key, value in arguments.items())


def _written(before: Before) -> str:
    inside = ", ".join(
        f'{key}: "{value}"' if "{" in str(value) else f"{key}: {value}" for key, value in before.arguments.items()
    )
    return f"{before.adapter}: {{{inside}}}"
