"""Parts of a runbook made into parts of another one: other names in every text, and another place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from svmrun.adapters.base import Adapter
from svmrun.errors import Problem
from svmrun.runbook.model import Action, Check, Fact, Invariant, Model, Path, Release, Source, Step
from svmrun.runbook.pieces import TemplateError
from svmrun.runbook.substitution import Substitution

Json = Any


@dataclass(frozen=True)
class Rewriting:
    """`below` is the way to put in front of every path. What a substitution refuses becomes one of the `problems`.

    `source` tells the places of what is rewritten.
    """

    substitution: Substitution
    registry: Mapping[str, Adapter]
    source: Source
    problems: list[Problem]
    below: Path = ()

    def step(self, step: Step | Release, new_id: Callable[[str], str]) -> Step | Release:
        path = (*self.below, *step.path)
        if isinstance(step, Release):
            return replace(step, step=new_id(step.step), path=path)
        return replace(
            step,
            id=new_id(step.id),
            path=path,
            action=self.action(step.action),
            when=self.condition(step.when, step.path),
            rollback=tuple(self.action(handler) for handler in step.rollback),
        )

    def fact(self, fact: Fact, name: str) -> Fact:
        path, when = (*self.below, *fact.path), self.condition(fact.when, fact.path)
        return replace(fact, name=name, path=path, action=self.action(fact.action), when=when)

    def check(self, check: Check) -> Check:
        return replace(
            check,
            that=self.bare(check.that, (*check.path, "that")),
            message=self.value(check.message, (*check.path, "message")),
            when=self.condition(check.when, check.path),
            path=(*self.below, *check.path),
        )

    def invariant(self, invariant: Invariant) -> Invariant:
        that = self.bare(invariant.that, (*invariant.path, "that"))
        message = self.value(invariant.message, (*invariant.path, "message"))
        return Invariant(that, message, (*self.below, *invariant.path))

    def action(self, action: Action) -> Action:
        arguments = self._arguments(action.adapter, action.arguments, (*action.path, action.adapter))
        model = self._model(action.model) if action.model else None
        return replace(action, arguments=arguments, path=(*self.below, *action.path), model=model)

    def condition(self, expression: str | None, path: Path) -> str | None:
        return None if expression is None else self.bare(expression, (*path, "when"))

    def bare(self, expression: str, path: Path) -> str:
        found: str = self._attempt(lambda: self.substitution.bare(expression), expression, path)
        return found

    def value(self, value: Json, path: Path) -> Json:
        return self._attempt(lambda: self.substitution.value(value), value, path)

    def _arguments(self, name: str, arguments: Mapping[str, Json], path: Path) -> dict[str, Json]:
        adapter = self.registry[name]
        return {key: self._argument(adapter, key, value, (*path, key)) for key, value in (arguments or {}).items()}

    def _argument(self, adapter: Adapter, key: str, value: Json, path: Path) -> Json:
        if adapter.nests and key in self.registry:
            return self._arguments(key, value, path)
        if key not in adapter.expressions:
            return self.value(value, path)
        if isinstance(value, list | tuple):
            return [self.bare(text, path) if isinstance(text, str) else text for text in value]
        return self.bare(value, path) if isinstance(value, str) else value

    def _model(self, model: Model) -> Model:
        parts = {key: self.value(getattr(model, key), model.path) for key in ("does", "sets", "prints", "errors")}
        return replace(model, path=(*self.below, *model.path), **parts)

    def _attempt(self, compute: Callable[[], Json], otherwise: Json, path: Path) -> Json:
        try:
            return compute()
        except TemplateError as error:
            self.problems.append(self.source.problem(str(error), path))
            return otherwise
