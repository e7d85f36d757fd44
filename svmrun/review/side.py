"""One of the two runbooks that are compared: its actions with every default filled in, and where each part stands."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from svmrun import duration
from svmrun.adapters.base import Adapter
from svmrun.errors import Position
from svmrun.review.devices import names_device
from svmrun.runbook.forms import expression_form, value_form
from svmrun.runbook.meaning_blocking import timeout_seconds
from svmrun.runbook.model import Action, Loop, Path, Release, Retry, Runbook, Step
from svmrun.runbook.order import needs, reach, roots_of
from svmrun.runbook.subject import Subject
from svmrun.windows import in_words

Json = Any
Leaves = dict[tuple[str, ...], Json]
HANDLER_RETRY = Retry(3, 1.0)  # what a rollback handler gets when the runbook does not say


@dataclass(frozen=True)
class Deed:
    """An action as it will be done. `timeout_seconds` is None where it depends on a value that is not known yet.

    `leaves` are its arguments with defaults, by the way to each; a list of plain values is one leaf. `forms` are the
    same for leaves that mean the same.
    """

    adapter: str
    leaves: Leaves
    forms: Mapping[tuple[str, ...], str]
    timeout_seconds: float | None
    retry: Retry
    action: Action

    @property
    def path(self) -> Path:
        return (*self.action.path, self.adapter)


@dataclass
class Side:
    """`step_names` maps ids of this side to those that the other side has for the same steps."""

    runbook: Runbook
    adapters: Mapping[str, Adapter]
    step_names: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def subject(self) -> Subject:
        return Subject(self.runbook, {}, (), self.adapters)

    def place(self, path: Path | None) -> Position | None:
        """Where a part stands; a part that is not written at all stands where what it belongs to does."""
        source = self.runbook.source
        return None if path is None else source.position(path, of_key=True)

    def form(self, value: Json) -> str:
        """Equal for two values that mean the same."""
        return json.dumps(value_form(value, self.step_names), sort_keys=True)

    def expression(self, text: str) -> str:
        """Equal for two bare expressions that mean the same."""
        return expression_form(text, self.step_names)

    def form_of(self, deed: Deed) -> str:
        """Equal for two actions that do the same, whatever time they get."""
        return json.dumps([deed.adapter, sorted([".".join(way), form] for way, form in deed.forms.items())])

    def deed(self, action: Action) -> Deed:
        """A forward action, or a fact's."""
        leaves = dict(_leaves(self.complete(action.adapter, action.arguments)))
        bare = self.adapters[action.adapter].expressions
        forms = {way: self._form_of_leaf(value, bare=way[0] in bare) for way, value in leaves.items() if way}
        limit = timeout_seconds(self.subject, action)
        return Deed(action.adapter, leaves, forms, limit, action.retry or Retry(), action)

    def _form_of_leaf(self, value: Json, *, bare: bool) -> str:
        return self.expression(value) if bare and isinstance(value, str) else self.form(value)

    def handlers(self, step: Step) -> list[Deed]:
        """Rollback handlers take at least as long as what they undo, unless they say so themselves."""
        least = timeout_seconds(self.subject, step.action)
        return [self._handler(action, least) for action in step.rollback]

    def _handler(self, action: Action, least: float | None) -> Deed:
        plain = self.deed(action)
        known = None if least is None or plain.timeout_seconds is None else max(least, plain.timeout_seconds)
        limit = action.timeout_seconds if action.timeout_seconds is not None else known
        return replace(plain, timeout_seconds=limit, retry=action.retry or HANDLER_RETRY)

    def complete(self, name: str, arguments: Mapping[str, Json]) -> dict[str, Json]:
        """Arguments with their defaults, durations in one form, and those of a polled action likewise."""
        adapter = self.adapters[name]
        whole = adapter.complete(arguments or {})
        inner = {k: self.complete(k, v) for k, v in whole.items() if adapter.nests and k in self.adapters}
        return {k: inner.get(k, _plain(adapter.schema["properties"].get(k, {}), v)) for k, v in whole.items()}

    def loops(self, step: Step | Release) -> tuple[Loop, ...]:
        return self.runbook.loops_around(step.path)

    def steps(self) -> dict[str, Step | Release]:
        """By the ids that the other side uses."""
        return {self.other_name(step): step for step in self.runbook.steps}

    def other_name(self, step: Step | Release) -> str:
        if isinstance(step, Release):
            return f"release-{self.step_names.get(step.step, step.step)}"
        return self.step_names.get(step.id, step.id)

    @cached_property
    def names_of_devices(self) -> frozenset[str]:
        """The parameters and facts that some command's device is made of, directly or through others."""
        deeds = [self.deed(a) for s in self.subject.steps() for a in (s.action, *s.rollback)]
        direct = {
            name
            for deed in deeds
            for way, value in deed.leaves.items()
            if names_device(way, value, None)
            for name in roots_of(value)
        }
        graph = needs(self.runbook)
        return frozenset(direct).union(*(reach(graph, name) for name in direct))

    def holds_around(self) -> dict[str, tuple[str, ...]]:
        """For each step the holds that are open while it runs, by the other side's ids."""
        around: dict[str, tuple[str, ...]] = {}
        opened: list[str] = []
        for name, step in self.steps().items():
            if isinstance(step, Release):
                opened = [other for other in opened if f"release-{other}" != name]
            around[name] = tuple(opened)
            if isinstance(step, Step) and step.hold_seconds is not None:
                opened.append(name)
        return around


def _plain(schema: Mapping[str, Json], value: Json) -> Json:
    if schema.get("pattern") != duration.PATTERN:
        return value
    try:
        return in_words(duration.seconds(value))
    except ValueError:  # a template
        return value


def _leaves(value: Json, way: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], Json]]:
    if isinstance(value, Mapping) and (value or not way):
        return [leaf for key, member in value.items() for leaf in _leaves(member, (*way, key))]
    if isinstance(value, list | tuple) and any(isinstance(member, Mapping) for member in value):
        return [leaf for index, member in enumerate(value) for leaf in _leaves(member, (*way, str(index)))]
    return [(way, value)]
