"""Single actions: what may be a fact or be polled, what can be undone, which arguments do not fit together."""

from __future__ import annotations

from svmrun.runbook.model import Action, Fact, Step
from svmrun.runbook.subject import Subject, is_fixed

MODELLED = ("command", "dialogue", "session")


def check_actions(subject: Subject) -> None:
    for fact in subject.runbook.facts:
        _check_fact(subject, fact)
    for step in subject.steps():
        _check_step(subject, step)
    for action, _ in subject.actions():
        _check_model(subject, action)
        _check_polled(subject, action)
        _check_command_line(subject, action)


def _check_fact(subject: Subject, fact: Fact) -> None:
    adapter, path = subject.registry[fact.action.adapter], (*fact.path, fact.action.adapter)
    if adapter.performer not in ("program", "poll"):
        subject.report(f"{adapter.name!r} reads nothing from the host: it cannot be a fact", path, of_key=True)
    elif subject.is_read_only(fact.action) is False:
        message = f"a fact must only read, but this use of {adapter.name!r} may change something"
        subject.report(message, path, "make it a step", of_key=True)


def _check_step(subject: Subject, step: Step) -> None:
    path = (*step.path, step.action.adapter)
    if step.rollback and subject.is_read_only(step.action):
        message = f"{step.action.adapter!r} changes nothing here: there is nothing to roll back"
        subject.report(message, (*step.path, "rollback"), "leave the rollback away", of_key=True)
    if subject.blocks_writers(step.action) and step.hold_seconds is None:
        message = f"writers wait from {step.id!r} on, and nothing says for how long"
        subject.report(message, path, "give it a 'rollback' and a 'hold', and release it in a later step", of_key=True)


def _check_model(subject: Subject, action: Action) -> None:
    if action.model and action.adapter not in MODELLED:
        message = f"what {action.adapter!r} does is known; only {', '.join(MODELLED)} take a model"
        subject.report(message, action.model.path, "leave the model away", of_key=True)


def _check_polled(subject: Subject, action: Action) -> None:
    inner = subject.polled(action)
    if inner and subject.is_read_only(inner) is False:
        message = f"a polled action must only read, but this use of {inner.adapter!r} may change something"
        subject.report(message, (*inner.path, inner.adapter), of_key=True)


def _check_command_line(subject: Subject, action: Action) -> None:
    """Arguments that fit the schema one by one may still not fit together; judged when all are known."""
    judged = subject.judged(action)
    if not judged or not is_fixed(action) or judged[0].performer != "program":
        return
    try:
        judged[0].command_line(judged[1])
    except ValueError as error:
        subject.report(str(error), (*action.path, action.adapter), of_key=True)
