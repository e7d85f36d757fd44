"""What the checks of meaning look at, and how they report."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from svmrun.adapters.base import Adapter
from svmrun.errors import Position, Problem
from svmrun.runbook.fitting import misfits
from svmrun.runbook.model import Action, Fact, Loop, Parameter, Path, Runbook, Step
from svmrun.runbook.pieces import has_template
from svmrun.runbook.template import texts
from svmrun.runbook.violations import violations

Json = Any
Judged = tuple[Adapter, dict[str, Json]]


@dataclass
class Subject:
    """A runbook, and the names that its document declares: those of broken members too, which the runbook lacks."""

    runbook: Runbook
    document: Json
    broken: Collection[Path]
    registry: Mapping[str, Adapter]
    problems: list[Problem] = field(default_factory=list)
    # Every check asks again. By the arguments themselves; kept with them, so that no others can take their id.
    _judged: dict[tuple[str, int], tuple[Action, Judged | None]] = field(default_factory=dict)

    def report(self, message: str, path: Path, hint: str | None = None, *, of_key: bool = False) -> None:
        self.problems.append(self.runbook.source.problem(message, path, hint=hint, of_key=of_key))

    def line_of(self, path: Path, here: Path) -> str:
        """Where another part stands, as seen from here: a line, in another file with its name."""
        place, own = (self.runbook.source.position(one) for one in (path, here))
        return f"line {place.line}" if place.file == own.file else f"{place.file}:{place.line}"

    def report_inside(self, message: str, path: Path, pattern: str, hint: str | None = None) -> None:
        """Report at the first match of a regular expression in the text which stands at `path`."""
        position = self._position_of(pattern, path)
        self.problems.append(self.runbook.source.problem_at(message, position, hint=hint))

    def _position_of(self, pattern: str, path: Path) -> Position:
        """Where it stands; the text's own place when it is written with escapes."""
        start = self.runbook.source.position(path)
        lines = self.runbook.source.text_of(start.file).splitlines()
        for number in range(start.line, min(start.line + 20, len(lines) + 1)):
            first = start.column - 1 if number == start.line else 0
            if found := re.compile(pattern).search(lines[number - 1], first):
                return Position(start.file, number, found.start() + 1)
        return start

    @cached_property
    def parameter_names(self) -> tuple[str, ...]:
        return self._keys("parameters", self.runbook.parameters)

    @cached_property
    def fact_names(self) -> tuple[str, ...]:
        return self._keys("facts", self.runbook.facts)

    @cached_property
    def step_ids(self) -> tuple[str, ...]:
        """The ids in the document, in order, with those of broken steps, and those of called runbooks."""
        return tuple(self._ids(self.document, ()))

    def _ids(self, document: Json, path: Path) -> Iterator[str]:
        steps = document.get("steps") if isinstance(document, dict) else None
        for index, member in enumerate(steps if isinstance(steps, list) else ()):
            here = (*path, "steps", index)
            yield from self._ids(member, here)
            if isinstance(member, dict) and "runbook" in member:
                yield from (step.id for step in self.steps() if step.path[: len(here)] == here)
            elif isinstance(member, dict) and isinstance(member.get("id"), str):
                yield member["id"]

    @cached_property
    def has_broken_steps(self) -> bool:
        """Steps may be missing."""
        return self.lacks_steps or any(path[:1] == ("steps",) for path in self.broken) or not self.runbook.steps

    @cached_property
    def lacks_steps(self) -> bool:
        """Steps of other files are not known: those around a part, or of what it brings in."""
        return self.runbook.is_part or bool(self.runbook.unread)

    @cached_property
    def has_strange_sections(self) -> bool:
        """A section may be misspelt, or be that of the runbook around a part: what it declares is not known."""
        return self.runbook.is_part or any(len(path) == 1 for path in self.broken)

    def _keys(self, section: str, read: Sequence[Parameter | Fact]) -> tuple[str, ...]:
        """Those of the document, then those of called runbooks."""
        value = self.document.get(section) if isinstance(self.document, dict) else None
        written = value if isinstance(value, dict) else ()
        return tuple(dict.fromkeys((*written, *(one.name for one in read))))

    def loops_around_step(self, name: str) -> tuple[Loop, ...]:
        return next((self.runbook.loops_around(step.path) for step in self.steps() if step.id == name), ())

    def steps(self) -> Iterator[Step]:
        return (step for step in self.runbook.steps if isinstance(step, Step))

    def actions(self) -> Sequence[tuple[Action, Step | Fact]]:
        """Every action with its owner, rollback handlers and polled actions included."""
        return self._all_actions

    @cached_property
    def _all_actions(self) -> Sequence[tuple[Action, Step | Fact]]:
        return tuple(self._actions())

    def _actions(self) -> Iterator[tuple[Action, Step | Fact]]:
        owners: list[Step | Fact] = [*self.runbook.facts, *self.steps()]
        for owner in owners:
            for action in (owner.action, *(owner.rollback if isinstance(owner, Step) else ())):
                yield action, owner
                if inner := self.polled(action):
                    yield inner, owner

    def polled(self, action: Action) -> Action | None:
        """The action inside an action."""
        if not self.registry[action.adapter].nests:
            return None
        path = (*action.path, action.adapter)
        key = next(key for key in action.arguments if key in self.registry)
        return Action(key, action.arguments[key], path)

    def judged(self, action: Action) -> Judged | None:
        """The adapter and the arguments that it can be asked about; None while a typed argument is a template.

        A template that stands for a text says nothing yet about the text's form, and the adapter can be asked.
        """
        key = (action.adapter, id(action.arguments))
        if key not in self._judged:
            self._judged[key] = (action, self._judge(action))
        return self._judged[key][1]

    def _judge(self, action: Action) -> Judged | None:
        adapter = self.registry[action.adapter]
        own = {k: v for k, v in action.arguments.items() if not (adapter.nests and k in self.registry)}
        keys, more = misfits(adapter.schema, own)
        paths = [v.path for v in violations(adapter.schema, own)] if more else [(key,) for key in keys]
        if any(not _stands_for_a_text(adapter, own, path) for path in paths):
            return None
        return adapter, adapter.complete(action.arguments)

    def is_read_only(self, action: Action) -> bool | None:
        """None when it depends on a value that is not known yet."""
        judged = self.judged(action)
        return judged and judged[0].read_only(judged[1])

    def blocks_writers(self, action: Action) -> bool:
        judged = self.judged(action)
        return bool(judged and judged[0].blocks_writers(judged[1]))


def _stands_for_a_text(adapter: Adapter, arguments: Mapping[str, Json], path: Path) -> bool:
    value = arguments.get(str(path[0])) if path else None
    is_text = bool(path) and adapter.schema["properties"].get(path[0], {}).get("type") == "string"
    return is_text and isinstance(value, str) and has_template(value)


def is_fixed(action: Action) -> bool:
    """True when no argument holds a template."""
    return not any(has_template(text) for text, _ in texts(action.arguments))
