"""Another runbook as a part of this one. It knows its own names alone, so they become ID__NAME, its steps ID-STEP."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from svmrun.adapters.base import Adapter
from svmrun.errors import Problem
from svmrun.runbook.model import Call, Loop, Parameter, Path, Runbook, Source, Step
from svmrun.runbook.near import meant
from svmrun.runbook.rewriting import Rewriting
from svmrun.runbook.secrecy import with_derived
from svmrun.runbook.substitution import Substitution

Json = Any
CALL = "runbook"


@dataclass(frozen=True)
class Written:
    """A call as it is written: its id, the values of parameters, its place, and the file that it names."""

    id: str
    file: str
    given: Mapping[str, Json]
    path: Path


def written_calls(document: Json) -> Iterator[Written]:
    """The calls of a document, in order."""
    steps = document.get("steps") if isinstance(document, dict) else None
    for index, step in enumerate(steps if isinstance(steps, list) else ()):
        if isinstance(step, dict) and CALL in step and isinstance(step.get("id"), str):
            given = step.get("parameters")
            yield Written(step["id"], str(step[CALL]), given if isinstance(given, dict) else {}, ("steps", index))


def argument_problems(source: Source, call: Written, called: Runbook) -> Iterator[Problem]:
    """What of the values that are given does not go with the parameters; `source` is the caller's."""
    names = {parameter.name for parameter in called.parameters if not parameter.bound}
    for name in call.given:
        if name not in names:
            message, path = f"{call.file} has no parameter {name!r}", (*call.path, "parameters", name)
            yield source.problem(message, path, hint=meant(name, names), of_key=True)
    for parameter in called.parameters:
        if not parameter.has_default and parameter.name not in call.given:
            about = f" ({parameter.description})" if parameter.description else ""
            message = f"{call.file} needs a value of {parameter.name!r}{about}"
            yield source.problem(message, (*call.path, CALL), hint=f"parameters: {{{parameter.name}: ...}}")


def with_calls(
    runbook: Runbook,
    called: Sequence[tuple[Written, Runbook]],
    registry: Mapping[str, Adapter],
    problems: list[Problem],
) -> Runbook:
    """The runbook with what it calls as parts of it, each in its place. Problems are added to the list."""
    for call, other in called:
        runbook = _joined(runbook, call, _Part(call, other, registry, problems))
    return runbook


def _joined(runbook: Runbook, call: Written, part: _Part) -> Runbook:
    place = sum(step.path < call.path for step in runbook.steps)
    return replace(
        runbook,
        source=part.source(runbook.source),
        parameters=with_derived((*runbook.parameters, *part.parameters())),
        facts=(*runbook.facts, *(part.rewriting.fact(f, part.names[f.name]) for f in part.other.facts)),
        checks=(*runbook.checks, *(part.rewriting.check(check) for check in part.other.checks)),
        invariants=(*runbook.invariants, *(part.rewriting.invariant(one) for one in part.other.invariants)),
        steps=(
            *runbook.steps[:place],
            *(part.rewriting.step(step, part.step_id) for step in part.other.steps),
            *runbook.steps[place:],
        ),
        loops=(*runbook.loops, *(part.loop(loop) for loop in part.other.loops)),
        calls=(*runbook.calls, *part.calls()),
    )


class _Part:
    """A called runbook under the names that it has in its caller."""

    def __init__(self, call: Written, other: Runbook, registry: Mapping[str, Adapter], problems: list[Problem]) -> None:
        self.call, self.other = call, other
        self.below: Path = (*call.path, CALL)
        self.own_call = Call(call.id, other.name, other.description, call.path)
        own = [*(p.name for p in other.parameters), *(f.name for f in other.facts), *(one.name for one in other.loops)]
        self.names = {name: self.own_call.prefix + name for name in own}
        steps = {step.id: self.step_id(step.id) for step in other.steps if isinstance(step, Step)}
        members = {"steps": steps, "before": {fact.name: self.names[fact.name] for fact in other.facts}}
        self.rewriting = Rewriting(Substitution(self.names, members), registry, other.source, problems, self.below)

    def step_id(self, name: str) -> str:
        return f"{self.call.id}-{name}"

    def parameters(self) -> Iterator[Parameter]:
        for parameter in self.other.parameters:
            own = replace(parameter, name=self.names[parameter.name], has_default=True, bound=True)
            if parameter.name in self.call.given and not parameter.bound:
                path = (*self.call.path, "parameters", parameter.name)
                yield replace(own, path=path, default=self.call.given[parameter.name])
            else:
                default = self.rewriting.value(parameter.default, (*parameter.path, "default"))
                yield replace(own, path=(*self.below, *parameter.path), default=default)

    def loop(self, loop: Loop) -> Loop:
        over = self.rewriting.value(loop.over, (*loop.path, "foreach"))
        return Loop(over, self.names[loop.name], (*self.below, *loop.path))

    def calls(self) -> Iterator[Call]:
        yield self.own_call
        for call in self.other.calls:
            yield replace(call, id=self.step_id(call.id), path=(*self.below, *call.path))

    def source(self, caller: Source) -> Source:
        """The caller's places with those of the part below the call, which itself stays where it is written."""
        inner = self.other.source
        values = {(*self.below, *path): place for path, place in inner.values.items() if path}
        keys = {(*self.below, *path): place for path, place in inner.keys.items()}
        others = {**caller.others, **{name: text for name, text in inner.texts.items() if name != caller.file}}
        return replace(caller, values={**caller.values, **values}, keys={**caller.keys, **keys}, others=others)
