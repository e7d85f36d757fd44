"""From a loaded runbook to a plan: parameters, facts, checks. Reads from the host; changes nothing."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from svmrun.adapters.base import Outcome
from svmrun.effects.actions import Actions, Call
from svmrun.effects.cancel import Cancel
from svmrun.effects.setting import Setting
from svmrun.errors import CheckFailed, FactFailed, InvalidInput, Refused
from svmrun.plan.build import Builder, Known, commands_of
from svmrun.plan.model import PlannedAction, is_later
from svmrun.runbook import template
from svmrun.runbook.arguments import argument_faults
from svmrun.runbook.model import Check, Fact, Parameter, Retry, Runbook
from svmrun.runbook.order import in_order, needs
from svmrun.runbook.parameters import default_value
from svmrun.runbook.violations import Violation

Json = Any
Resolve = Callable[[list[str]], Mapping[str, str]]
Perform = Callable[[Setting, Call], Outcome]


def perform_on_host(setting: Setting, call: Call) -> Outcome:
    return Actions(setting).perform(call)


def make_builder(runbook: Runbook, setting: Setting, known: Known) -> Builder:
    """A builder of plans that speaks the template language and judges rendered arguments by their schemas."""

    def faults(name: str, arguments: Mapping[str, Json]) -> list[Violation]:
        return argument_faults(name, arguments, setting.adapters, is_later)

    return Builder(runbook, setting.adapters, template, known, faults)


@dataclass
class Gathering:
    """Reads facts in the order in which they need each other and the parameters' defaults.

    `given` holds the parameters that were given; `resolve` finds programs (and raises Refused for missing ones);
    `perform` asks the host.
    """

    runbook: Runbook
    setting: Setting
    host: Mapping[str, Json]
    given: Mapping[str, Json]
    resolve: Resolve
    cancel: Cancel
    perform: Perform = perform_on_host
    parameters: dict[str, Json] = field(default_factory=dict)
    facts: dict[str, Json] = field(default_factory=dict)
    _rendered: dict[str, tuple[Known, PlannedAction]] = field(default_factory=dict)

    def known(self) -> Known:
        """Everything that is known before anything is changed. Raises FactFailed, CheckFailed or InvalidInput."""
        with _temporary_folder() as folder:
            for name in self.order():
                self.gather(name, Path(folder))
        return self.now()

    def order(self) -> list[str]:
        """The names of parameters and facts, each after what it needs."""
        self.parameters.update(self.given)
        names = [*(p.name for p in self.runbook.parameters), *(f.name for f in self.runbook.facts)]
        return in_order(needs(self.runbook), names)

    def gather(self, name: str, folder: Path) -> None:
        """Find out the next name of the order; `folder` takes the outputs."""
        fact = next((f for f in self.runbook.facts if f.name == name), None)
        if fact is not None:
            self.facts[name] = self._read(fact, folder)
        elif name not in self.parameters:
            self.parameters[name] = self._default(next(p for p in self.runbook.parameters if p.name == name))

    def now(self) -> Known:
        secrets = frozenset(p.name for p in self.runbook.parameters if p.secret)
        return Known(self.host, self.parameters, self.facts, secrets)

    def _default(self, parameter: Parameter) -> Json:
        return default_value(self.runbook, parameter, self.now().names)

    def _read(self, fact: Fact, folder: Path) -> Json:
        names = self.now().names
        if fact.when is not None and not self._evaluate(fact.when, (*fact.path, "when"), names):
            return None
        outcome = self._perform(fact.name, self._action(fact), folder, names)
        if not outcome.ok:
            raise FactFailed(f"the fact {fact.name} cannot be read: {outcome.message}; nothing was changed")
        return outcome.result

    def _action(self, fact: Fact) -> PlannedAction:
        """Verification reads a fact many times, and mostly knows the same before it.

        A fact may need a secret (a password): nothing of it is written down, so it is rendered like the rest.
        """
        known = Known(self.host, dict(self.parameters), dict(self.facts))
        before = self._rendered.get(fact.name)
        if before is not None and before[0] == known:
            return before[1]
        builder = make_builder(self.runbook, self.setting, known)
        action = builder.action(fact.action, Retry())
        if builder.problems:
            raise InvalidInput(builder.problems)
        self._rendered[fact.name] = (known, action)
        return action

    def _perform(self, name: str, action: PlannedAction, folder: Path, names: Mapping[str, Json]) -> Outcome:
        programs = [c.argv[0] for c in commands_of(action.adapter, action.arguments, self.setting.adapters)]
        self.setting.programs.update(self.resolve(programs))
        output = folder / f"{name}.txt"
        call = Call(
            name, action.adapter, action.arguments, action.timeout_seconds, self.cancel, names, output, quiet=True
        )
        return self.perform(self.setting, call)

    def _evaluate(self, expression: str, path: tuple[str | int, ...], names: Mapping[str, Json]) -> Json:
        try:
            return template.evaluate(expression, names)
        except ValueError as error:
            raise InvalidInput([self.runbook.source.problem(str(error), path)]) from error

    def check(self) -> None:
        """Every check that applies must hold. Raises CheckFailed with all that do not, each with its message."""
        failures = [message for check in self.runbook.checks if (message := self._failure(check)) is not None]
        if failures:
            listed = "\n".join(f"  - {message}" for message in failures)
            what = "a check does not hold" if len(failures) == 1 else f"{len(failures)} checks do not hold"
            raise CheckFailed(f"{what}; nothing was changed:\n{listed}")

    def _failure(self, check: Check) -> str | None:
        names = self.now().names
        if check.when is not None and not self._evaluate(check.when, (*check.path, "when"), names):
            return None
        try:
            holds = bool(template.evaluate(check.that, names))
            reason = ""
        except ValueError as error:  # what the check looks at is not there: it does not hold
            holds, reason = False, f" ({error})"
        if holds:
            return None
        try:
            return template.render_text(check.message, names) + reason
        except ValueError:
            return f"{check.message}{reason}"


def known_early(gathering: Gathering) -> Known:
    """What is known without asking the host: the values given, and the defaults that no fact is needed for."""
    early = replace(gathering, parameters={}, facts={})
    parameters = {p.name for p in early.runbook.parameters}
    for name in early.order():
        if name in parameters:
            with suppress(InvalidInput):  # a fact tells it; or it is wrong, which is told later
                early.gather(name, Path())
    return early.now()


def _temporary_folder() -> tempfile.TemporaryDirectory[str]:
    try:
        return tempfile.TemporaryDirectory(prefix="svmrun-facts-")
    except OSError as error:
        reason = error.strerror or error
        raise Refused(
            f"there is no folder for what the facts print: {reason}; make room in /tmp, or name another one in TMPDIR"
        ) from error
