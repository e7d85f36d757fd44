"""What must appear in no output: the values of secrets, and what expressions make of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from svmrun.runbook.expression import evaluate, names_in
from svmrun.runbook.filters import as_text
from svmrun.runbook.model import Parameter, Runbook, Step
from svmrun.runbook.order import roots_of
from svmrun.runbook.pieces import Expression, TemplateError, has_template, pieces
from svmrun.runbook.template import texts

Json = Any
LEAST_TELLING = 4  # characters: masking a shorter text everywhere would spoil the outputs


def with_derived(parameters: tuple[Parameter, ...]) -> tuple[Parameter, ...]:
    """The parameters; those whose default is made of a secret are secrets, too."""
    secret = {p.name for p in parameters if p.secret}
    while derived := {p.name for p in parameters if p.name not in secret and roots_of(p.default) & secret}:
        secret |= derived
    return tuple(replace(p, secret=p.name in secret) for p in parameters)


def hidden_texts(runbook: Runbook, names: Mapping[str, Json]) -> tuple[str, ...]:
    """Every text to mask, the longest first. `names` are the values that are known by now."""
    secret = {p.name for p in runbook.parameters if p.secret}
    values = [form for name in secret if name in names for form in _forms(names[name])]
    derived = [text for text in _derived(runbook, names, secret) if len(text) >= LEAST_TELLING]
    return tuple(sorted({text for text in (*values, *derived) if text}, key=lambda text: (-len(text), text)))


def _forms(value: Json) -> Iterator[str]:
    """A value's texts, whole and line by line (a terminal ends lines in its own way), and as messages quote them."""
    members = [text for text, _ in texts(value)] or ([] if isinstance(value, bool) or not value else [as_text(value)])
    for text in members:
        yield from (text, repr(text)[1:-1])
        yield from (line for line in text.splitlines() if len(line) >= LEAST_TELLING)


def _derived(runbook: Runbook, names: Mapping[str, Json], secret: set[str]) -> Iterator[str]:
    """What the expressions in the arguments of facts and steps make of secrets."""
    steps = [step for step in runbook.steps if isinstance(step, Step)]
    for action in (*(fact.action for fact in runbook.facts), *(step.action for step in steps)):
        for text, _ in texts(action.arguments):
            for piece in pieces(text) if has_template(text) else ():
                if isinstance(piece, Expression):
                    yield from _value(piece.text, names, secret)


def _value(expression: str, names: Mapping[str, Json], secret: set[str]) -> Iterator[str]:
    try:
        if secret & {chain.split(".")[0] for chain in names_in(expression)}:
            # A text that stands in the expression itself is none that a secret was made into.
            yield from (text for text, _ in texts(evaluate(expression, names)) if text not in expression)
    except TemplateError:  # known only after a step, or wrong: that is told elsewhere
        return
