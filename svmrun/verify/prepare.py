"""From a runbook to the desk of its stories: facts, checks and plan in memory, and what can go wrong with them."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from svmrun.adapters.base import Adapter, Outcome
from svmrun.core.events import RunEnded
from svmrun.effects import actions as real
from svmrun.effects.cancel import Cancel
from svmrun.effects.mounts import Mount, MountTable
from svmrun.effects.setting import Setting, same_command
from svmrun.errors import CheckFailed, FactFailed, InvalidInput, Refused
from svmrun.plan.build import Known, build, commands, without_later
from svmrun.plan.model import Plan
from svmrun.preparation import Gathering, make_builder
from svmrun.refusal import dangers
from svmrun.report.observer import Silent
from svmrun.runbook import template
from svmrun.runbook.model import Invariant, Runbook, Step
from svmrun.runbook.unroll import unrolled
from svmrun.simulator.world import World
from svmrun.values import replace
from svmrun.verify.actions import Actions, Call
from svmrun.verify.commands import Limits, Runner
from svmrun.verify.desk import Desk
from svmrun.verify.kinds import ACTION_KINDS, Kind
from svmrun.verify.memory import Memory
from svmrun.verify.models import register, setters_of, switches_of
from svmrun.verify.scene import Finding
from svmrun.verify.world_key import WorldKeys

Json = Any
PROGRAMS = "/usr/sbin"
NOWHERE = Path(".")
Prevented = (FactFailed, CheckFailed, Refused, InvalidInput)
FACT_KINDS = tuple(
    k for k in ACTION_KINDS if k.effect and not k.changes and not k.name.startswith(("cancelled", "disconnected"))
)


@dataclass(frozen=True)
class Ended:
    """A run that ended before its first step. `exit_code` and `message` are what the operator sees."""

    exit_code: int
    message: str
    world: World


@dataclass(frozen=True)
class Opening:
    """What became of a run before its first step, when something went wrong with a fact or a check."""

    where: str
    kind: str
    result: Ended | Desk | None  # None: the run went on as if nothing had happened


@dataclass
class Preparation:
    """Facts and checks of one runbook in one world, in memory."""

    runbook: Runbook
    adapters: Mapping[str, Adapter]
    world: World
    given: Mapping[str, Json]
    become: str = ""
    runner: Runner = field(default_factory=Runner)

    def __post_init__(self) -> None:
        self.world = replace(self.world, switches={**switches_of(self.runbook), **self.world.switches})
        self._cancel = Cancel()
        self._kind: Kind | None = None
        self._now = self.world
        self._found: tuple[Mapping[str, Json], Mapping[str, Json]] = ({}, {})
        self._worlds = WorldKeys()
        self._memory = Memory(self._worlds)
        self._judged: dict[Hashable, tuple[Finding, ...]] = {}

    def desk(self) -> Desk:
        """Raises FactFailed, CheckFailed, Refused or InvalidInput when the run would end before its first step."""
        gathering = self._gathering()
        for name in gathering.order():
            gathering.gather(name, NOWHERE)
        gathering.check()
        self._found = (gathering.parameters, gathering.facts)
        return self._planned(gathering)

    def openings(self) -> Iterator[Opening]:
        """Every failure of every fact, and every check that does not hold."""
        gathering = self._gathering()
        facts = {f.name for f in self.runbook.facts}
        order = gathering.order()
        for number, name in enumerate(order):
            if name in facts:
                for kind in FACT_KINDS:
                    yield Opening(name, kind.name, self._with(gathering, order[number:], kind))
            gathering.gather(name, NOWHERE)
        for number, check in enumerate(self.runbook.checks, start=1):
            place = self.runbook.source.position(check.path)
            message = f"a check does not hold; nothing was changed:\n  - {check.message} ({place})"
            yield Opening(f"check {number}", "false", Ended(CheckFailed.exit_code, message, self._now))

    def _with(self, before: Gathering, order: list[str], kind: Kind) -> Ended | Desk | None:
        gathering = copy.copy(before)
        gathering.facts, gathering.parameters = dict(before.facts), dict(before.parameters)
        world = self._now
        try:
            self._kind = kind
            gathering.gather(order[0], NOWHERE)
            self._kind = None
            for name in order[1:]:
                gathering.gather(name, NOWHERE)
            if (gathering.parameters, gathering.facts) == self._found:
                return None
            gathering.check()
            return self._planned(gathering)
        except Prevented as error:
            return Ended(error.exit_code, str(error), self._now)
        finally:
            self._kind, self._now = None, world

    def _gathering(self) -> Gathering:
        return Gathering(self.runbook, self._setting(), self._host(), self.given, _resolve, self._cancel, self._perform)

    def _setting(self) -> Setting:
        secrets = tuple(str(self.given[p.name]) for p in self.runbook.parameters if p.secret and p.name in self.given)
        return Setting(self.adapters, template, {}, {}, NOWHERE, Silent(), become=same_command, secrets=secrets)

    def _host(self) -> dict[str, Json]:
        world = self.world
        uid = 0 if world.user == "root" else 100
        facts = {"name": world.host, "os": world.os, "release": world.release, "user": world.user, "uid": uid}
        return facts | {"become": self.become, "path": PROGRAMS, "simulated": "memory"}

    def _perform(self, setting: Setting, call: real.Call) -> Outcome:
        fact = next((f for f in self.runbook.facts if f.name == call.step), None)
        if fact is not None:
            register(fact.action, setting.adapters[call.adapter], call.arguments, call.names, self.runner)
        kind, self._kind = self._kind, None
        actions = Actions(setting, self.runner, self._now, memory=self._memory)
        outcome = actions.perform(
            Call(
                call.adapter,
                call.arguments,
                Limits(call.timeout_seconds),
                call.names,
                kind.effect if kind else "",
                identity=self._identity(setting, call),
            )
        )
        self._now = actions.world
        return outcome

    def _identity(self, setting: Setting, call: real.Call) -> Hashable:
        """None for what depends on more than its arguments: on other facts, or on what a model is by now."""
        alone = not setting.adapters[call.adapter].expressions and not self.runner.models
        return (call.step, repr(call.arguments)) if alone else None

    def _planned(self, gathering: Gathering) -> Desk:
        known = gathering.now()
        setting = gathering.setting
        whole, faults = unrolled(self.runbook, known.names, self.adapters)
        if faults:
            raise InvalidInput(faults)
        plan = plan_of(whole, setting, known, self.become)
        table = MountTable(tuple(Mount(f.mount_point, f.special, f.kind) for f in self._now.file_systems))
        found = dangers(plan, setting.adapters, (), table)
        if found:
            raise Refused("\n".join(found))
        self._register_steps(whole, plan, known.names)
        own = partial(self._own, gathering) if self.runbook.invariants else None
        return Desk(plan, setting, known.names, self._now, self.runner, own, setters_of(whole))

    def _register_steps(self, runbook: Runbook, plan: Plan, names: Mapping[str, Json]) -> None:
        written = {s.id: s for s in runbook.steps if isinstance(s, Step)}
        for step in plan.steps:
            if step.action is None or step.when is False:
                continue
            found = written[step.id]
            for action, planned in zip((found.action, *found.rollback), (step.action, *step.rollback), strict=True):
                register(action, self.adapters[action.adapter], without_later(planned.arguments), names, self.runner)

    def _own(self, found: Gathering, world: World, ended: RunEnded) -> Iterator[Finding]:
        """The runbook's own invariants over the facts as they can be read at the end."""
        key = (self._worlds.of(world), ended.verdict, ended.exit_code)
        if key not in self._judged:
            self._judged[key] = tuple(self._broken(found, world, ended))
        yield from self._judged[key]

    def _broken(self, found: Gathering, world: World, ended: RunEnded) -> Iterator[Finding]:
        gathering = copy.copy(found)
        gathering.facts, gathering.parameters = {}, dict(found.parameters)
        kept, self._now = self._now, world
        try:
            for name in gathering.order():
                gathering.gather(name, NOWHERE)
        except Prevented as error:
            yield Finding("yours", f"the facts cannot be read at the end: {error}")
            return
        finally:
            self._now = kept
        run = {"verdict": ended.verdict, "exit_code": ended.exit_code}
        names = {**gathering.now().names, "before": dict(found.facts), "run": run}
        for invariant in self.runbook.invariants:
            message = self._failure(invariant, names)
            if message is not None:
                yield Finding("yours", f"{message} ({self.runbook.source.position(invariant.path)})")

    def _failure(self, invariant: Invariant, names: Mapping[str, Json]) -> str | None:
        try:
            return None if template.evaluate(invariant.that, names) else template.render_text(invariant.message, names)
        except ValueError as error:
            return f"{invariant.message} ({error})"


def plan_of(runbook: Runbook, setting: Setting, known: Known, become: str) -> Plan:
    digest = hashlib.sha256(runbook.source.text.encode()).hexdigest()
    plan = build(make_builder(runbook, setting, known), digest, become)
    setting.programs.update(_resolve([c.argv[0] for c in commands(plan, setting.adapters)]))
    return replace(plan, programs=dict(sorted(setting.programs.items())))


def _resolve(names: list[str]) -> dict[str, str]:
    return {name: name if name.startswith("/") else f"{PROGRAMS}/{name}" for name in names}
