"""Conduct a prepared plan: with its guard, after the closure check."""

from __future__ import annotations

import argparse

from svmrun.cli.preparing import Prepared, prepare
from svmrun.conduct import Conductor
from svmrun.core.events import RunEnded
from svmrun.effects.rooted import ask_before
from svmrun.effects.state_folder import state_root
from svmrun.effects.watched import Watched
from svmrun.errors import Busy, Cancelled, CheckFailed, FactFailed
from svmrun.guarding import RunGuard
from svmrun.recovery import unfinished_on
from svmrun.refusal import refuse_dangerous_holds
from svmrun.report.observer import Observer
from svmrun.target import Target


def prepare_or_blame(options: argparse.Namespace, observer: Observer, cancel: Watched, target: Target) -> Prepared:
    """Prepare; what an unfinished run left behind fails checks, so that run is named. Raises Busy for it.

    What a signal interrupted is no failure of the host. Raises Cancelled for it.
    """
    try:
        return prepare(options, observer, cancel, target)
    except (CheckFailed, FactFailed) as error:
        if cancel.requested:
            raise Cancelled(cancel.requested, cancel.reason) from error
        dead = [run.folder.run for run in unfinished_on(state_root(), target.simulated)]
        if not dead:
            raise
        raise Busy(
            f"{error}\nthe run {dead[0]} on this host did not come to its end, which may be why; "
            f"finish it first: svmrun recover {dead[0]}, or give --recover-first"
        ) from error


def conduct(prepared: Prepared, options: argparse.Namespace, cancel: Watched) -> RunEnded:
    """Run it. Raises Busy, StateError or Refused before anything is changed."""
    refuse_dangerous_holds(prepared.plan, prepared.setting, prepared.target)
    ask_before(prepared.plan, prepared.setting)
    operator = prepared.setting.operator

    def wanted(step: str) -> bool:
        with prepared.setting.observer.suspended():
            return bool(operator.confirm(f"do {step} ({prepared.plan.step(step).name})?"))

    conductor = Conductor(
        prepared.plan,
        prepared.setting,
        prepared.names,
        cancel,
        lambda folder: RunGuard(prepared.plan, prepared.setting, folder.run),
        wanted if options.step else lambda _step: True,
    )
    ended = conductor.start().ended
    assert ended is not None, "a driven run has ended"
    return ended
