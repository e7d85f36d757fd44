"""Conduct a prepared plan: with its guard, after the closure check."""

from __future__ import annotations

import argparse

from svmrun.cli.preparing import Prepared
from svmrun.conduct import Conductor
from svmrun.core.events import RunEnded
from svmrun.effects.cancel import Cancel
from svmrun.guarding import RunGuard
from svmrun.refusal import refuse_dangerous_holds


def conduct(prepared: Prepared, options: argparse.Namespace, cancel: Cancel) -> RunEnded:
    """Run it. Raises Busy, StateError or Refused before anything is changed."""
    refuse_dangerous_holds(prepared.plan, prepared.setting, prepared.target)
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
