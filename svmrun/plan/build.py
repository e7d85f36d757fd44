"""From a runbook, its parameters and facts to the plan. Pure; the template language and the adapters are passed in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Protocol

from svmrun.adapters.base import Adapter, Command
from svmrun.errors import InvalidInput, Problem
from svmrun.plan.model import LATER, Plan, PlannedAction, PlannedStep, is_later, later
from svmrun.runbook.model import Action, Path, Release, Retry, Runbook, Step

Json = Any
HANDLER_RETRY = Retry(3, 1.0)


class Language(Protocol):
    """The template language, as the plan needs it. All raise ValueError with a sentence."""

    def render(self, value: Json, names: Mapping[str, Json]) -> Json: ...

    def evaluate(self, expression: str, names: Mapping[str, Json]) -> Json: ...

    def roots(self, text: str, *, bare: bool) -> frozenset[str]:
        """The first names that a template, or a bare expression, refers to."""


class Fault(Protocol):
    """What is wrong with a rendered argument; `path` begins inside the arguments."""

    @property
    def path(self) -> Path: ...

    @property
    def message(self) -> str: ...

    @property
    def hint(self) -> str | None: ...


Faults = Callable[[str, Mapping[str, Json]], Iterable[Fault]]


@dataclass(frozen=True)
class Known:
    """What is known before anything is changed. `secrets` are names of parameters whose values stay out of the plan."""

    host: Mapping[str, Json]
    parameters: Mapping[str, Json]
    facts: Mapping[str, Json]
    secrets: frozenset[str] = frozenset()

    @property
    def names(self) -> dict[str, Json]:
        return {**self.parameters, **self.facts, "host": self.host}


@dataclass
class Builder:
    """Renders actions; collects every problem instead of stopping at the first one."""

    runbook: Runbook
    adapters: Mapping[str, Adapter]
    language: Language
    known: Known
    faults: Faults
    problems: list[Problem] = field(default_factory=list)

    def arguments(self, action: Action) -> dict[str, Json]:
        """The action's arguments, rendered; what is known only later stays a template, expressions stay as written."""
        adapter = self.adapters[action.adapter]
        path = (*action.path, action.adapter)
        written = action.arguments.items()
        kept = {k: v for k, v in written if k in adapter.expressions}
        rendered = {k: self._value(v, (*path, k), k) for k, v in written if k not in adapter.expressions}
        return adapter.complete({**rendered, **kept})

    def _value(self, value: Json, path: Path, key: str) -> Json:
        if isinstance(value, Mapping):
            return {k: self._value(v, (*path, k), k) for k, v in value.items()}
        if isinstance(value, list | tuple):
            return [self._value(v, (*path, i), key) for i, v in enumerate(value)]
        if not isinstance(value, str):
            return value
        return self.attempt(path, lambda: self._text(value, key), "")

    def _text(self, text: str, key: str) -> Json:
        if self.language.roots(text, bare=False) & {"steps", *self.known.secrets}:
            return later(text)
        return member(self.language.render, text, key, self.known.names)

    def condition(self, expression: str | None, path: Path) -> bool | str:
        """A step's `when`: known now, or an expression for later."""
        if expression is None:
            return True
        if "steps" in self.attempt(path, lambda: self.language.roots(expression, bare=True), frozenset()):
            return expression
        return bool(self.attempt(path, lambda: self.language.evaluate(expression, self.known.names), False))

    def action(self, action: Action, retry: Retry, least_seconds: float = 0.0) -> PlannedAction:
        adapter = self.adapters[action.adapter]
        told = len(self.problems)
        arguments = self.arguments(action)
        shown = without_later(arguments)
        timeout = action.timeout_seconds or max(least_seconds, adapter.default_timeout(shown))
        tries = action.retry or retry
        if len(self.problems) == told:  # what stands in the place of a value that there is none of says nothing
            self._judge(action, arguments, shown)
        return PlannedAction(
            action.adapter,
            arguments,
            timeout,
            tries.attempts,
            tries.delay_seconds,
            adapter.read_only(shown),
            adapter.blocks_writers(shown),
            adapter.probe(shown) is not None,
            adapter.preceded_by(shown) is not None,
        )

    def _judge(self, action: Action, arguments: Mapping[str, Json], shown: Mapping[str, Json]) -> None:
        """A template may have become a value that its adapter would never have taken as written."""
        path = (*action.path, action.adapter)
        faults = list(self.faults(action.adapter, arguments))
        source = self.runbook.source
        self.problems += [source.problem(f.message, (*path, *f.path), hint=f.hint) for f in faults]
        if not faults:
            self.attempt(path, lambda: self.adapters[action.adapter].check(shown), None)

    def step(self, step: Step) -> PlannedStep:
        when = self.condition(step.when, (*step.path, "when"))
        position = str(self.runbook.source.position(step.path))
        if when is False:  # what a skipped step would do need not make sense
            skipped = PlannedAction(step.action.adapter, {}, 0.0)
            return PlannedStep(step.id, step.name, position, skipped, when=False)
        action = self.action(step.action, Retry())
        handlers = tuple(self.handler(a, action) for a in step.rollback)
        return PlannedStep(step.id, step.name, position, action, None, handlers, step.hold_seconds, when)

    def handler(self, written: Action, undone: PlannedAction) -> PlannedAction:
        """A rollback handler is final text before its step starts: the guard and recovery must know it."""
        action = self.action(written, HANDLER_RETRY, undone.timeout_seconds)
        if has_later(action.arguments):
            message = "a rollback handler must not depend on a step's result or on a secret"
            self.problems.append(self.runbook.source.problem(message, (*written.path, written.adapter)))
        return action

    def attempt(self, path: Path, function: Callable[[], Any], otherwise: Any) -> Any:
        try:
            return function()
        except ValueError as error:
            self.problems.append(self.runbook.source.problem(str(error), path))
            return otherwise

    def resources(self, steps: Iterable[PlannedStep]) -> tuple[str, ...]:
        held = [s.action for s in steps if s.action and s.rollback]
        names = (self.adapters[a.adapter].resource(without_later(a.arguments)) for a in held)
        return tuple(sorted({n for n in names if n}))


def member(render: Callable[[Json, Mapping[str, Json]], Json], text: str, key: str, names: Mapping[str, Json]) -> Json:
    """A template rendered as a member of the argument `key`: the language keeps the words of some arguments texts."""
    return render({key: [text]}, names)[key][0]


def build(builder: Builder, digest: str, become: str = "", commit: str | None = None, dirty: bool = False) -> Plan:
    """The whole plan. Raises InvalidInput with every problem. `programs` is filled in by who resolves them."""
    runbook, known = builder.runbook, builder.known
    steps = tuple(_release(builder, s) if isinstance(s, Release) else builder.step(s) for s in runbook.steps)
    if builder.problems:
        raise InvalidInput(builder.problems)
    masked = {k: "********" if k in known.secrets else v for k, v in known.parameters.items()}
    return Plan(
        runbook=runbook.name,
        file=runbook.source.file,
        digest=digest,
        host=known.host,
        parameters=masked,
        facts=known.facts,
        steps=steps,
        resources=builder.resources(steps),
        secrets=tuple(sorted(known.secrets)),
        become=become,  # type: ignore[arg-type]  # one of the choices of the command line
        commit=commit,
        dirty=dirty,
        files={name: sha256(text.encode()).hexdigest() for name, text in runbook.source.others.items()},
    )


def _release(builder: Builder, release: Release) -> PlannedStep:
    held = next(s for s in builder.runbook.steps if isinstance(s, Step) and s.id == release.step)
    name = release.name or f"Undo: {held.name}"
    return PlannedStep(release.id, name, str(builder.runbook.source.position(release.path)), releases=release.step)


def without_later(value: Json) -> Json:
    """The value as a person may see it now: what is known later is said so in words."""
    if isinstance(value, dict):
        if is_later(value):
            return f"(known later: {value[LATER]})"
        return {k: without_later(v) for k, v in value.items()}
    if isinstance(value, list):
        return [without_later(v) for v in value]
    return value


def has_later(value: Json) -> bool:
    """True when some part of the value is known only later."""
    if isinstance(value, dict):
        return is_later(value) or any(has_later(v) for v in value.values())
    return isinstance(value, list) and any(has_later(v) for v in value)


def commands(plan: Plan, adapters: Mapping[str, Adapter]) -> list[Command]:
    """Every command line that the plan may start: forward, handlers, probes, in the order of the steps."""
    found = []
    for step in plan.steps:
        for action in (step.action, *step.rollback) if step.action and step.when is not False else ():
            found += commands_of(action.adapter, action.arguments, adapters)
            probe = adapters[action.adapter].probe(without_later(action.arguments))
            if probe is not None:
                found += commands_of(probe.adapter, probe.arguments, adapters)
    return found


def commands_of(name: str, arguments: Mapping[str, Json], adapters: Mapping[str, Adapter]) -> list[Command]:
    """The command lines behind one action: its own, or that of the action it polls."""
    adapter = adapters[name]
    shown = adapter.complete(without_later(arguments))
    if adapter.performer == "program":
        return [adapter.command_line(shown)]
    inner = [(k, v) for k, v in shown.items() if adapter.performer == "poll" and k in adapters]
    return [c for k, v in inner for c in commands_of(k, v, adapters)]
