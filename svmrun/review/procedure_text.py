"""A runbook as plain lines that change only when what runs changes: what git compares line by line.

No line numbers and nothing that depends on the layout; each argument that is not at its default has a line of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from svmrun.review.command_words import command_words, shown
from svmrun.review.holds import worst_case
from svmrun.review.repeats import in_words as repeated
from svmrun.review.side import Deed, Side
from svmrun.runbook.model import Action, Check, Fact, Loop, Parameter, Release, Runbook, Step
from svmrun.runbook.pieces import Literal, TemplateError, has_template, pieces
from svmrun.windows import in_words

Json = Any


def procedure_text(runbook: Runbook, adapters: Mapping[str, Any]) -> str:
    side = Side(runbook, adapters)
    lines = [f"runbook {runbook.name}", "", "parameters"]
    lines += [f"  {line}" for parameter in runbook.parameters for line in _parameter(parameter)]
    lines += ["", "facts", *(f"  {line}" for fact in runbook.facts for line in _fact(side, fact))]
    lines += ["", "checks", *(f"  {line}" for check in runbook.checks for line in _check(check))]
    lines += ["", "steps", *(f"  {line}" for line in _steps(side))]
    return "\n".join(lines) + "\n"


def _parameter(parameter: Parameter) -> Iterator[str]:
    yield f"{parameter.name}: {shown(parameter.schema.get('type'))}{', secret' if parameter.secret else ''}"
    yield from (f"  {key}: {shown(value)}" for key, value in sorted(parameter.schema.items()) if key != "type")
    default = "********" if parameter.secret and parameter.default else text_of(parameter.default)
    yield f"  default: {default}" if parameter.has_default else "  must be given"


def _fact(side: Side, fact: Fact) -> Iterator[str]:
    yield f"{fact.name}: {command_words(fact.action, side.adapters)}"
    yield from _only_when(fact.when)
    yield from _details(side, side.deed(fact.action))


def _check(check: Check) -> Iterator[str]:
    yield " ".join(check.that.split())
    yield from _only_when(check.when)


def _only_when(condition: str | None) -> Iterator[str]:
    if condition:
        yield f"  only when {' '.join(condition.split())}"


def _steps(side: Side) -> Iterator[str]:
    """Those that are repeated are indented under what they are repeated for."""
    around: tuple[Loop, ...] = ()
    for step in side.runbook.steps:
        before, around = around, side.loops(step)
        for depth, loop in enumerate(around):
            if around[: depth + 1] != before[: depth + 1]:
                yield f"{'  ' * depth}{repeated((loop,))}:"
        yield from (f"{'  ' * len(around)}{line}" for line in _step(side, step))


def _step(side: Side, step: Step | Release) -> Iterator[str]:
    if isinstance(step, Release):
        yield f"release {step.step}"
        return
    yield f"{step.id}: {command_words(step.action, side.adapters)}"
    yield from _only_when(step.when)
    yield from _details(side, side.deed(step.action))
    if step.hold_seconds is not None:
        yield f"  hold: at most {in_words(step.hold_seconds)}{_worst(side, step)}"
    for deed in side.handlers(step):
        yield f"  undo: {command_words(deed.action, side.adapters)}"
        yield from (f"  {line}" for line in _details(side, deed))


def _worst(side: Side, step: Step) -> str:
    seconds = worst_case(side, step)
    reckoned = f", worst case {in_words(seconds)}" if seconds is not None else ""
    return f"{reckoned}{', WRITERS WAIT' if side.subject.blocks_writers(step.action) else ''}"


def _details(side: Side, deed: Deed) -> Iterator[str]:
    """Limits, and the arguments that are not at their defaults."""
    retry = deed.retry
    tries = f", {retry.attempts} tries, {in_words(retry.delay_seconds)} apart" if retry.attempts > 1 else ""
    limit = "as its arguments say" if deed.timeout_seconds is None else in_words(deed.timeout_seconds)
    yield f"  at most {limit}{tries}"
    if side.adapters[deed.adapter].performer == "judge":
        return  # its condition was told already, its message is for people
    usual = side.deed(Action(deed.adapter, _only_needed(side, deed), ()))
    for way, value in sorted(deed.leaves.items()):
        if way not in usual.leaves or usual.forms[way] != deed.forms[way]:
            yield f"  {'.'.join(way)} = {text_of(value)}"


def _only_needed(side: Side, deed: Deed) -> dict[str, Json]:
    """Of a polled action its key, so that its defaults are filled in."""
    return {key: {} for key in deed.action.arguments if key in side.adapters and side.adapters[deed.adapter].nests}


def text_of(value: Json) -> str:
    """A value in one line, with the same blanks around every expression."""
    if not isinstance(value, str) or not has_template(value):
        return shown(value)
    try:
        parts = pieces(value)
    except TemplateError:
        return shown(value)
    return shown("".join(p.text if isinstance(p, Literal) else f"{{{{ {' '.join(p.text.split())} }}}}" for p in parts))
