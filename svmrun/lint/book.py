"""A runbook with what the rules ask of it, again and again."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from svmrun.adapters.base import Adapter
from svmrun.runbook.meaning_names import Use, uses
from svmrun.runbook.model import Action, Fact, Path, Release, Runbook, Step
from svmrun.runbook.order import roots_of
from svmrun.runbook.subject import Judged, Subject
from svmrun.runbook.template import texts
from svmrun.runbook.written import Spelled

Json = Any
_BRACES = re.compile(r"\{\{\s*(.*?)\s*\}\}", re.DOTALL)

# Who tells how a mirror is, and what its result calls the sides.
MIRROR_READERS = ("metastat", "mdadm", "lvs")
SIDES = r"(submirrors|devices|images|legs)"


@dataclass(frozen=True)
class Condition:
    """An expression that must hold before a step: a check, or the `that` of an `assert`. `index` is the assert's."""

    text: str
    index: int

    @cached_property
    def roots(self) -> frozenset[str]:
        return roots_of(self.text, bare=True)


@dataclass(frozen=True)
class Book:
    """A valid runbook as the checks of meaning looked at it, with what they found out of its actions; its spelling."""

    subject: Subject
    spelled: Spelled

    @property
    def runbook(self) -> Runbook:
        return self.subject.runbook

    @property
    def registry(self) -> Mapping[str, Adapter]:
        return self.subject.registry

    @cached_property
    def steps(self) -> tuple[tuple[int, Step], ...]:
        """The steps that act, with their places among all."""
        return tuple((i, s) for i, s in enumerate(self.runbook.steps) if isinstance(s, Step))

    @cached_property
    def conditions(self) -> tuple[Condition, ...]:
        """All checks (index -1), and the asserts at the places where they stand."""
        found = [Condition(check.that, -1) for check in self.runbook.checks]
        for index, step in self.steps:
            if self.registry[step.action.adapter].performer == "judge":
                found += [Condition(text, index) for text, _ in texts(step.action.arguments.get("that"))]
        return tuple(found)

    def actions(self) -> Sequence[tuple[Action, Step | Fact]]:
        """Every action with its owner, handlers and polled actions included."""
        return self.subject.actions()

    @cached_property
    def uses(self) -> tuple[Use, ...]:
        """Every text that is evaluated."""
        return tuple(uses(self.subject))

    @cached_property
    def used_names(self) -> frozenset[str]:
        """Every first name that some text uses; a fact or parameter that only names itself does not count."""
        own = {fact.path: fact.name for fact in self.runbook.facts}
        own |= {parameter.path: parameter.name for parameter in self.runbook.parameters}
        found = [(use.path[:2], roots_of(use.text, bare=use.bare) | _as_found(use.text)) for use in self.uses]
        return frozenset(root for path, roots in found for root in roots if own.get(path) != root)

    def judged(self, action: Action) -> Judged | None:
        return self.subject.judged(action)

    def adapter(self, action: Action) -> Adapter:
        return self.registry[action.adapter]

    def arguments(self, action: Action) -> dict[str, Json]:
        """With the defaults filled in; templates as they are written."""
        return self.adapter(action).complete(action.arguments)

    def facts(self, *adapters: str) -> dict[str, Fact]:
        """The facts that these adapters read, by name."""
        return {fact.name: fact for fact in self.runbook.facts if fact.action.adapter in adapters}

    def release_of(self, step: Step) -> int | None:
        """Where the hold of a step is released."""
        places = (i for i, s in enumerate(self.runbook.steps) if isinstance(s, Release) and s.step == step.id)
        return next(places, None)

    def held_at(self, index: int) -> Iterator[Step]:
        """The steps whose holds last at that place."""
        for start, step in self.steps:
            if start < index and step.hold_seconds is not None and (self.release_of(step) or 0) > index:
                yield step

    def blocks_writers(self, action: Action) -> bool:
        judged = self.judged(action)
        return bool(judged and judged[0].blocks_writers(judged[1]))

    def takes_a_side_off(self, action: Action) -> bool:
        judged = self.judged(action)
        if judged is None:
            return type(self.adapter(action)).split_device is not Adapter.split_device
        try:
            return judged[0].split_device(judged[1]) is not None
        except ValueError:
            return True  # it does, of a mirror whose name is not known yet

    @cached_property
    def sides(self) -> tuple[tuple[int, Step], ...]:
        """The steps that take a side off a mirror."""
        return tuple((i, step) for i, step in self.steps if self.takes_a_side_off(step.action))

    def read_only(self, action: Action) -> bool:
        judged = self.judged(action)
        return bool(judged and judged[0].read_only(judged[1]))

    def copies(self, action: Action) -> bool:
        judged = self.judged(action)
        return judged[0].copies(judged[1]) if judged else self.adapter(action).copies_data


def _as_found(text: str) -> frozenset[str]:
    """The facts that an invariant compares with: `before.NAME`."""
    return frozenset(re.findall(r"\bbefore(?:\.|\[')(\w+)", text))


def at(action: Action, *more: str | int) -> Path:
    """The path of an action's adapter key, or of one of its arguments."""
    return (*action.path, action.adapter, *more)


def argument_place(action: Action, name: str) -> Path:
    """The argument's path; the adapter key's when the argument is not written."""
    return at(action, name) if name in action.arguments else at(action)


def same(first: Json, second: Json) -> bool:
    """Whether two arguments are the same as written; blanks inside braces do not count."""
    return bool(_plain(first) == _plain(second))


def _plain(value: Json) -> Json:
    return _BRACES.sub(r"{{\1}}", value).strip() if isinstance(value, str) else value
