"""What `plan` and `execute` have in common: everything up to the plan."""

from __future__ import annotations

import argparse
import hashlib
import math
import os
import shlex
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from svmrun import target as targets
from svmrun.adapters.registry import adapters
from svmrun.effects import runbook_files
from svmrun.effects.become import PROGRAM, Becoming, PasswordOnce
from svmrun.effects.call_book import CallBook
from svmrun.effects.cancel import Cancel
from svmrun.effects.exclusion import demand_free
from svmrun.effects.operator import Terminal, Yes, somebody_is_there
from svmrun.effects.permissions import refuse_unsafe
from svmrun.effects.repository import commit_of
from svmrun.effects.setting import Nobody, Operator, Setting
from svmrun.effects.state_folder import state_root
from svmrun.errors import CheckFailed, FactFailed, InvalidInput, Problem, Refused, UsageError
from svmrun.plan.build import Known, build, commands, has_later
from svmrun.plan.digest import plan_hash
from svmrun.plan.early import early_resources
from svmrun.plan.model import Plan, PlannedAction
from svmrun.preparation import Gathering, known_early, make_builder
from svmrun.report.observer import Observer, Silent
from svmrun.runbook import template
from svmrun.runbook.load import load_runbook
from svmrun.runbook.model import Parameter, Runbook
from svmrun.runbook.parameters import Origins, given
from svmrun.runbook.secrecy import hidden_texts
from svmrun.runbook.unroll import unrolled
from svmrun.target import Target

Json = Any
SIMULATED_TIME_SCALE = 0.01


@dataclass
class Prepared:
    """A plan, and what performing it needs. `names` hold the real values, secrets included."""

    plan: Plan
    setting: Setting
    names: Mapping[str, Json]
    target: Target

    def argv(self, action: PlannedAction) -> tuple[str, ...]:
        """The command line that an action starts; empty where there is none, or where it is known only later."""
        if has_later(action.arguments):
            return ()
        return CallBook(self.plan, self.setting, self.names).argv(action.adapter, action.arguments)


def load(name: str) -> Runbook:
    """The runbook of that name or path, with all that it brings in. Raises InvalidInput for a mere list of steps."""
    path = runbook_files.find(name)
    runbook = load_runbook(str(path), runbook_files.read(path), adapters(), runbook_files.Beside(path))
    if runbook.is_part:
        message, hint = "this is a list of steps, and no runbook", f"include it in one: - include: {path.name}"
        raise InvalidInput([runbook.source.problem(message, ("schema",), hint=hint)])
    return runbook


def choose_target(options: argparse.Namespace) -> Target:
    given = options.time_scale is not None
    if given and not (options.simulate and 0 <= options.time_scale < math.inf):
        raise UsageError(
            "--time-scale is a number from 0, and goes with --simulate: a real host's time cannot be scaled"
        )
    if not options.simulate:
        return targets.local(options.become)
    world = _own_world(options.runbook) if options.simulate is True else options.simulate
    if given and targets.is_installed(world):
        again = f"svmrun simulate {shlex.quote(world)} --time-scale {options.time_scale:g}"
        raise UsageError(f"{world} has a time scale of its own; to make it anew with another one: {again}")
    scale = SIMULATED_TIME_SCALE if options.time_scale is None else options.time_scale
    return targets.simulated(world, state_root(), options.become, scale)


def _own_world(name: str) -> str:
    from svmrun.cli.worlds import own_world  # knows the simulator, which a real run does not need

    return own_world(load(name).name)


def prepare(options: argparse.Namespace, observer: Observer, cancel: Cancel, target: Target) -> Prepared:
    """Parameters, facts, checks, plan. Raises before anything is changed."""
    runbook = load(options.runbook)
    if not target.simulated and not options.allow_unsafe_permissions:
        refuse_unsafe(_files(runbook, options))
    person = operator(options)
    values = given(runbook, _origins(options, target, person))
    setting = make_setting(target, observer, person, options.become)
    setting.secrets = hidden_texts(runbook, {**values, "host": target.facts})
    with _no_secrets_told(setting):
        reading = replace(setting, observer=Silent())  # how far a resync has come, say: nothing is at work yet
        gathering = Gathering(runbook, reading, target.facts, values, target.resolve, cancel)
        # Before the facts: asking a busy host takes time, and would blame what the other run does (a tape in use).
        early = known_early(gathering)
        sure, _ = unrolled(runbook, early.names, setting.adapters)
        occupied = early_resources(make_builder(sure, setting, early))
        demand_free(state_root(), occupied, target=target.simulated)
        known = gathering.known()
        whole, faults = unrolled(runbook, known.names, setting.adapters)
        setting.secrets = hidden_texts(whole, known.names)
        known = replace(known, facts=setting.masked(known.facts))
        make_plan = partial(_plan, whole, faults, setting, known, options.become, target.resolve)
        try:
            gathering.check()
        except CheckFailed:
            _blame_who_is_at_work(make_plan, target)
            raise
        return Prepared(make_plan(), setting, known.names, target)


@contextmanager
def _no_secrets_told(setting: Setting) -> Iterator[None]:
    """What is said about a template or a check may quote the value that it worked with."""
    try:
        yield
    except InvalidInput as error:
        problems = [replace(p, message=setting.masked(p.message)) for p in error.problems]
        raise InvalidInput(problems) from None
    except (CheckFailed, FactFailed, Refused) as error:
        raise type(error)(setting.masked(str(error))) from None


def _blame_who_is_at_work(make_plan: Callable[[], Plan], target: Target) -> None:
    """A run that is at work on the same things makes checks fail. Raises Busy, which names it."""
    with suppress(InvalidInput, Refused):  # what fails checks need not make a plan
        demand_free(state_root(), make_plan().resources, target=target.simulated)


def _files(runbook: Runbook, options: argparse.Namespace) -> list[Path]:
    """What the run goes by."""
    names = [*runbook.source.texts, *([options.params_file] if options.params_file else [])]
    return [Path(name) for name in names]


def _origins(options: argparse.Namespace, target: Target, person: Operator) -> Origins:
    """A resumed run brings its own values; what is given now comes first."""
    file = options.params_file
    return Origins(
        assignments=options.param,
        file=(file, runbook_files.read(Path(file))) if file else None,
        environment=os.environ,
        fallback={**target.parameters, **getattr(options, "kept", {})},
        read_file=lambda path: Path(path).read_text(encoding="utf-8"),
        ask=(lambda parameter: _secret(person, parameter)) if somebody_is_there() else None,
    )


def _secret(person: Operator, parameter: Parameter) -> str:
    return person.answer(f"{parameter.name} ({parameter.description}):", secret=True) or ""


def operator(options: argparse.Namespace) -> Operator:
    if getattr(options, "yes", False):
        return Yes(Terminal() if somebody_is_there() else None)
    return person_at_terminal()


def person_at_terminal() -> Operator:
    return Terminal() if somebody_is_there() else Nobody()


def make_setting(target: Target, observer: Observer, person: Operator, become: str) -> Setting:
    """The setting of a run on `target`; becoming root asks for a password at most once."""
    programs: dict[str, str] = {}
    password = PasswordOnce(lambda: "" if target.is_root else _password(person))
    return Setting(
        adapters(),
        template,
        target.environment,
        programs,
        Path("."),
        observer,
        person,
        Becoming(become, programs, target.resolve, password),
        passing=target.passing,
    )


def _password(person: Operator) -> str:
    answer = person.answer("Password of root:", secret=True)
    if answer is None:
        raise Refused(
            "su needs the password of root, and nobody is at a terminal to give it; do this at a terminal, or as root "
            "(a new run can also become root by sudo or pfexec, which do not ask)"
        )
    return answer


def _plan(
    runbook: Runbook,
    faults: list[Problem],
    setting: Setting,
    known: Known,
    become: str,
    resolve: Callable[[list[str]], dict[str, str]],
) -> Plan:
    if faults:
        raise InvalidInput(faults)
    commit, dirty = commit_of([Path(name) for name in runbook.source.texts])
    builder = make_builder(runbook, setting, known)
    digest = hashlib.sha256(runbook.source.text.encode()).hexdigest()
    plan = build(builder, digest, become, commit, dirty)
    wanted = commands(plan, setting.adapters)
    names = [c.argv[0] for c in wanted]
    for command in wanted:  # what cannot become root is refused now
        setting.become.shown(command)
    if become and any(c.needs_root for c in wanted):
        names.append(PROGRAM[become])
    setting.programs.update(resolve(names))
    whole = replace(plan, programs=dict(sorted(setting.programs.items())))
    return replace(whole, hash=plan_hash(whole, setting.adapters, template))
