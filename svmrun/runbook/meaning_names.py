"""Names in templates and expressions: each must be known by the time it is evaluated."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from svmrun.runbook.model import Action, Model, Path, Step
from svmrun.runbook.near import meant, nearest
from svmrun.runbook.pieces import TemplateError, has_template
from svmrun.runbook.subject import Subject
from svmrun.runbook.template import names_in, names_used, texts

HOST, STEPS, RESULT = "host", "steps", "result"
BEFORE, RUN, SWITCHES = "before", "run", "switches"  # known to `svmrun verify` alone


@dataclass(frozen=True)
class Scope:
    """The names that may be used somewhere: first names, ids of earlier steps, and the step that it belongs to."""

    names: frozenset[str]
    steps: tuple[str, ...] = ()
    own: str | None = None


@dataclass(frozen=True)
class Use:
    """A text that is evaluated: a template, or a bare expression."""

    text: str
    path: Path
    scope: Scope
    bare: bool = False


def check_names(subject: Subject) -> None:
    """Syntax, filters and names of every template and expression."""
    for use in uses(subject):
        try:
            chains = names_in(use.text) if use.bare else names_used(use.text)
        except TemplateError as error:
            subject.report(str(error), use.path)
            continue
        for chain in sorted(chains):
            _check_chain(subject, use, chain.split("."))


def uses(subject: Subject) -> Iterator[Use]:
    """Every text of the runbook that is evaluated."""
    parameters, facts = frozenset(subject.parameter_names), subject.fact_names
    everything = Scope(parameters | set(facts) | {HOST})
    for parameter in subject.runbook.parameters:
        yield from _templates(parameter.default, (*parameter.path, "default"), everything)
    for fact in subject.runbook.facts:
        earlier = Scope(parameters | set(facts[: facts.index(fact.name)]) | {HOST})
        yield from _when(fact.when, fact.path, earlier)
        yield from _of_action(subject, fact.action, earlier)
    for check in subject.runbook.checks:
        yield from _when(check.when, check.path, everything)
        yield Use(check.that, (*check.path, "that"), everything, bare=True)
        yield from _templates(check.message, (*check.path, "message"), everything)
    for loop in subject.runbook.loops:
        outer = {one.name for one in subject.runbook.loops_around(loop.path[:-1])}
        yield from _templates(loop.over, (*loop.path, "foreach"), Scope(everything.names | outer))
    for step in subject.steps():
        members = {loop.name for loop in subject.runbook.loops_around(step.path)}
        yield from _of_step(subject, step, everything.names | members)
    ended = Scope(everything.names | {BEFORE, RUN})
    for invariant in subject.runbook.invariants:
        yield Use(invariant.that, (*invariant.path, "that"), ended, bare=True)
        yield from _templates(invariant.message, (*invariant.path, "message"), ended)


def _of_step(subject: Subject, step: Step, names: frozenset[str]) -> Iterator[Use]:
    earlier = subject.step_ids[: subject.step_ids.index(step.id)]
    scope = Scope(names | {STEPS}, earlier, step.id)
    yield from _when(step.when, step.path, scope)
    yield from _of_action(subject, step.action, scope)
    for handler in step.rollback:
        yield from _of_action(subject, handler, scope)


def _of_action(subject: Subject, action: Action, scope: Scope) -> Iterator[Use]:
    adapter, path = subject.registry[action.adapter], (*action.path, action.adapter)
    inner = subject.polled(action)
    result = {RESULT} if adapter.performer != "judge" else set()
    for key, value in action.arguments.items():
        if key in adapter.expressions:
            wider = Scope(scope.names | result, scope.steps, scope.own)
            yield from (Use(text, where, wider, bare=True) for text, where in texts(value, (*path, key)))
        elif not (inner and key == inner.adapter):
            yield from _templates(value, (*path, key), scope)
    if inner:
        yield from _of_action(subject, inner, scope)
    if action.model:
        yield from _of_model(action.model, Scope(scope.names - {STEPS} | {SWITCHES}))


def _of_model(model: Model, scope: Scope) -> Iterator[Use]:
    parts = {"does": model.does, "sets": model.sets, "prints": model.prints, "errors": model.errors}
    for key, value in parts.items():
        yield from _templates(value, (*model.path, key), scope)


def _templates(value: Any, path: Path, scope: Scope) -> Iterator[Use]:
    return (Use(text, where, scope) for text, where in texts(value, path) if has_template(text))


def _when(expression: str | None, path: Path, scope: Scope) -> Iterator[Use]:
    if expression is not None:
        yield Use(expression, (*path, "when"), scope, bare=True)


def _check_chain(subject: Subject, use: Use, chain: list[str]) -> None:
    root = chain[0]
    if root not in use.scope.names and not (subject.has_strange_sections or _may_be_of_a_call(subject, root)):
        message, hint = _unknown(subject, use, root)
        subject.report_inside(message, use.path, rf"(?<![\w.'\"]){re.escape(root)}(?!\w)", hint)
    elif root == STEPS and root in use.scope.names and len(chain) > 1 and _is_strange_step(subject, use, chain[1]):
        message, hint = _unknown_step(subject, use, chain[1])
        subject.report_inside(message, use.path, rf"steps(\.|\[.){re.escape(chain[1])}(?!\w)", hint)


def _may_be_of_a_call(subject: Subject, name: str) -> bool:
    return subject.lacks_steps and "__" in name


def _is_strange_step(subject: Subject, use: Use, name: str) -> bool:
    """Not one that may be in a file which is not known."""
    if name in use.scope.steps:
        around = subject.runbook.loops_around(use.path)
        return any(loop not in around for loop in subject.loops_around_step(name))
    return not (subject.lacks_steps and name not in subject.step_ids)


def _unknown(subject: Subject, use: Use, name: str) -> tuple[str, str | None]:
    if name == RESULT:
        return "'result' is known only in expressions about an action's own result, such as `until`", None
    if name == STEPS:
        return "results of steps are not known here, before anything has run", "use a fact instead"
    if name in subject.fact_names:
        return f"the fact {name!r} is read later than this", "move the fact up"
    return f"nothing is called {name!r}", meant(name, use.scope.names)


def _unknown_step(subject: Subject, use: Use, name: str) -> tuple[str, str | None]:
    if name == use.scope.own:
        return f"the result of {name!r} is not known before that step has run", None
    if name in use.scope.steps:
        return f"the step {name!r} runs once for each member of a list: only steps within that foreach see it", None
    if name in subject.step_ids:
        return f"the step {name!r} runs later than this", None
    near = nearest(name, subject.step_ids)
    if near and "-" in near:
        return f"there is no step {name!r}", f"a name with a dash is written steps['{near}']"
    return f"there is no step {name!r}", meant(name, use.scope.steps)
