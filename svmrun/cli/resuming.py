"""Resume one run: prepare its plan anew, see what has to be done again, and go on."""

from __future__ import annotations

import argparse
import difflib
import os
import socket
from dataclasses import replace

from svmrun import target as targets
from svmrun.cli.preparing import Prepared, prepare
from svmrun.cli.reviewed import keep_approvals
from svmrun.conduct import Conductor
from svmrun.core import events as e
from svmrun.core.resume import again, done_twice
from svmrun.core.state import State, replay
from svmrun.effects.journal import Journal
from svmrun.effects.processes import process_started
from svmrun.effects.rooted import ask_before
from svmrun.effects.signals import SignalWatch
from svmrun.effects.state_folder import RunFolder
from svmrun.effects.watched import Watched
from svmrun.errors import Busy, Refused, UsageError
from svmrun.guarding import RunGuard
from svmrun.plan.build import without_later
from svmrun.plan.model import Plan
from svmrun.recovery import plan_of, runner_lives
from svmrun.refusal import refuse_dangerous_holds
from svmrun.report.observer import Observer
from svmrun.report.plan_document import PlanView, plan_text


def resume(folder: RunFolder, options: argparse.Namespace, observer: Observer) -> e.RunEnded:
    """Raises Refused when going on would not be safe, Busy when the run must be recovered or still runs."""
    events, _torn = Journal.read(folder.journal)
    state, old = replay(events), plan_of(events)
    _demand_rolled_back(folder, state, runner_lives(events))
    cancel = Watched()
    with SignalWatch(cancel):
        prepared = _prepare(old, options, observer, cancel)
    prepared = keep_approvals(old, prepared)
    _demand_same_plan(old, prepared, options)
    refuse_dangerous_holds(prepared.plan, prepared.setting, prepared.target)
    ask_before(prepared.plan, prepared.setting)
    chosen = _steps_again(prepared, state)
    conductor = Conductor(prepared.plan, prepared.setting, prepared.names, cancel, lambda _folder: None)
    guard = RunGuard(prepared.plan, prepared.setting, folder.run)
    pid = os.getpid()
    resumed = e.RunResumed(prepared.plan.to_json(), chosen, pid, process_started(pid), socket.gethostname())
    ended = conductor.go_on(folder, lambda: [resumed], guard).ended
    assert ended is not None, "a driven run has ended"
    return ended


def _demand_rolled_back(folder: RunFolder, state: State, alive: bool) -> None:
    if state.ended is None and alive:
        raise Busy(f"the run {folder.run} still runs")
    if state.ended is None or state.ended.verdict == "stuck":
        raise Busy(f"the run {folder.run} must be recovered before it can go on: svmrun recover {folder.run}")
    if state.ended.verdict == "succeeded":
        raise UsageError(f"the run {folder.run} succeeded: there is nothing to resume")


def _prepare(old: Plan, options: argparse.Namespace, observer: Observer, cancel: Watched) -> Prepared:
    target = targets.of_plan(old.host)
    if target.simulated and not os.path.isdir(target.simulated):
        raise Refused(
            f"the simulated host {target.simulated} of this run is gone; use `svmrun simulate DIR` to keep one"
        )
    wanted = argparse.Namespace(**vars(options))
    wanted.runbook, wanted.become, wanted.params_file = options.runbook or old.file, old.become, None
    wanted.kept = {name: value for name, value in old.parameters.items() if name not in old.secrets}
    return prepare(wanted, observer, cancel, target)


def _demand_same_plan(old: Plan, prepared: Prepared, options: argparse.Namespace) -> None:
    """What the facts say may have changed; what will be done may not, unless somebody has seen it."""
    before, now = (_steps_text(plan, prepared) for plan in (old, prepared.plan))
    if before == now:
        return
    difference = "\n".join(difflib.unified_diff(before, now, "the plan of the run", "the plan now", lineterm="", n=1))
    if options.accept_plan or prepared.setting.operator.confirm(f"{difference}\ngo on with the new plan?"):
        return
    raise Refused(f"the plan changed; nothing was done. Look at the difference, then give --accept-plan:\n{difference}")


def _steps_text(plan: Plan, prepared: Prepared) -> list[str]:
    steps = tuple(replace(step, position="") for step in plan.steps)
    view = PlanView(replace(plan, steps=steps), prepared.argv)
    text = plan_text(view)
    return text[text.index("\nsteps\n") :].splitlines()[:-1]


def _steps_again(prepared: Prepared, state: State) -> tuple[str, ...]:
    chosen = again(prepared.plan, state)
    adapters = prepared.setting.adapters
    unsafe = []
    for step in done_twice(prepared.plan, state, chosen):
        assert step.action is not None, "only actions are done twice"
        if not adapters[step.action.adapter].repeatable(without_later(step.action.arguments)):
            unsafe.append(step.id)
    if unsafe:
        raise Refused(
            f"to go on, {', '.join(unsafe)} would be done a second time, and nobody says that this is safe; "
            "start a new run instead: svmrun execute"
        )
    return chosen
