"""What is called and what is repeated: their names, and lists that are known in time."""

from __future__ import annotations

import re
from collections.abc import Iterator

from svmrun.runbook.meaning_inputs import RESERVED
from svmrun.runbook.model import Call, Fact, Loop, Parameter
from svmrun.runbook.order import roots_of
from svmrun.runbook.subject import Subject


def check_reuse(subject: Subject) -> None:
    for loop in subject.runbook.loops:
        _check_loop(subject, loop)
    _check_turns(subject)
    _check_calls(subject)


def _check_loop(subject: Subject, loop: Loop) -> None:
    outer = subject.runbook.loops_around(loop.path[:-1])
    if loop.name in RESERVED:
        subject.report(f"the name {loop.name!r} is taken by the language", (*loop.path, "as"), "choose another name")
    elif loop.name in {*subject.parameter_names, *subject.fact_names, *(one.name for one in outer)}:
        subject.report(f"{loop.name!r} means something else already", (*loop.path, "as"), "choose another name")
    secret = {parameter.name for parameter in subject.runbook.parameters if parameter.secret}
    if told := sorted(roots_of(loop.over) & secret):
        message = f"the plan would show the members of this list, and {told[0]!r} is secret"
        subject.report(message, (*loop.path, "foreach"))


def _check_turns(subject: Subject) -> None:
    """The plan gives the steps of each turn a number."""
    repeated = {step.id for step in subject.steps() if subject.runbook.loops_around(step.path)}
    for step in subject.steps():
        name = re.sub(r"(-[0-9]+)+$", "", step.id)
        if name != step.id and name in repeated:
            message = f"{step.id!r} is the name of a turn of {name!r}"
            subject.report(message, (*step.path, "id"), "choose another id")


def _check_calls(subject: Subject) -> None:
    """The names of a call begin with its id; nobody else's may."""
    own = [call for call in subject.runbook.calls if "runbook" not in call.path]
    seen: dict[str, Call] = {}
    for call in own:
        if (first := seen.setdefault(call.prefix, call)) is not call:
            subject.report(f"a call is named {first.id!r} already", (*call.path, "id"), "choose another id")
        for name in _taken(subject, call):
            subject.report(f"{name!r} looks like a name of this call", (*call.path, "id"), "choose another id")


def _taken(subject: Subject, call: Call) -> Iterator[str]:
    runbook = subject.runbook
    named: list[Parameter | Fact | Loop] = [*runbook.parameters, *runbook.facts, *runbook.loops]
    for one in named:
        if one.name.startswith(call.prefix) and one.path[: len(call.path)] != call.path:
            yield one.name
