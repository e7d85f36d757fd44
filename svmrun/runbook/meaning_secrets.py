"""Secrets that are typed: only the value of a secret parameter is masked, in the plan, the journal and all outputs."""

from __future__ import annotations

from svmrun.runbook.model import Path
from svmrun.runbook.order import roots_of
from svmrun.runbook.subject import Subject


def check_secrets(subject: Subject) -> None:
    for action, _ in subject.actions():
        if judged := subject.judged(action):
            adapter, arguments = judged
            for path, text in adapter.secret_texts(arguments):
                _check_text(subject, text, (*action.path, action.adapter, *path))


def _check_text(subject: Subject, text: str, path: Path) -> None:
    """What a fact or step told may be hidden at its source, which is not known here."""
    names = roots_of(text)
    if not names and text:
        message = "this secret stands in the runbook, so in its plan and journal, too"
        subject.report(message, path, 'take it from a parameter that has "secret: true"')
    known = {parameter.name: parameter.secret for parameter in subject.runbook.parameters}
    if names and names <= known.keys() and not any(known[name] for name in names):
        name = min(names)
        message = f"the value of the parameter {name!r} is typed as a secret, and yet plan and journal show it"
        subject.report(message, path, f'give the parameter {name!r} "secret: true"')
