"""Steps that are repeated for each member of a list, written out: what the plan is made of has no loops."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

from svmrun.adapters.base import Adapter
from svmrun.errors import Problem
from svmrun.runbook.filters import as_text
from svmrun.runbook.model import Loop, Release, Runbook, Step
from svmrun.runbook.rewriting import Rewriting
from svmrun.runbook.substitution import Substitution, literal
from svmrun.runbook.template import TemplateError, render

Json = Any
Steps = Sequence[Step | Release]
MOST_STEPS = 1000  # of a whole plan: more of them nobody reviews


def unrolled(
    runbook: Runbook, names: Mapping[str, Json], registry: Mapping[str, Adapter]
) -> tuple[Runbook, list[Problem]]:
    """The runbook with every repeated step once for each member, and what is wrong with the lists.

    `names` is all that is known before anything is changed. Steps whose list is not known are left out.
    """
    if not runbook.loops:
        return runbook, []
    unrolling = _Unrolling(runbook, registry, [])
    steps = tuple(unrolling.steps(runbook.steps, names, 0))
    return replace(runbook, steps=steps, loops=()), unrolling.problems


@dataclass
class _Unrolling:
    runbook: Runbook
    registry: Mapping[str, Adapter]
    problems: list[Problem]
    made: int = 0

    def steps(self, steps: Steps, names: Mapping[str, Json], depth: int) -> Iterator[Step | Release]:
        """`depth` loops around these steps are unrolled already, their members among the names."""
        for loop, group in groupby(steps, lambda step: self._loop(step, depth)):
            if loop is None:
                yield from group
            else:
                yield from self._repeated(loop, list(group), names, depth)

    def _loop(self, step: Step | Release, depth: int) -> Loop | None:
        around = self.runbook.loops_around(step.path)
        return around[depth] if len(around) > depth else None

    def _repeated(self, loop: Loop, steps: Steps, names: Mapping[str, Json], depth: int) -> Iterator[Step | Release]:
        for number, member in enumerate(self._members(loop, names), start=1):
            self.made += len(steps)
            if self.made > MOST_STEPS:
                self._complain(f"more than {MOST_STEPS} steps", loop)
                return
            yield from self.steps(self._bound(loop, steps, number, member), {**names, loop.name: member}, depth + 1)

    def _members(self, loop: Loop, names: Mapping[str, Json]) -> list[Json]:
        try:
            found = render(loop.over, names)
        except TemplateError as error:
            self._complain(f"the list has no value: {error}", loop)
            return []
        if isinstance(found, list):
            return found
        self._complain(f"this must be a list, not {as_text(found)[:60]!r}", loop)
        return []

    def _bound(self, loop: Loop, steps: Steps, number: int, member: Json) -> list[Step | Release]:
        """The steps of one turn: the member in the place of its name, and ids of their own."""
        ids = {step.id: f"{step.id}-{number}" for step in steps if isinstance(step, Step)}
        substitution = Substitution({loop.name: literal(member)}, {"steps": ids})
        rewriting = Rewriting(substitution, self.registry, self.runbook.source, self.problems)
        return [_named(rewriting.step(step, lambda name: ids.get(name, name)), member) for step in steps]

    def _complain(self, message: str, loop: Loop) -> None:
        self.problems.append(self.runbook.source.problem(message, (*loop.path, "foreach")))


def _named(step: Step | Release, member: Json) -> Step | Release:
    """Who watches sees which turn it is."""
    if isinstance(member, dict | list) or not step.name:
        return step
    return replace(step, name=f"{step.name} ({as_text(member)})")
