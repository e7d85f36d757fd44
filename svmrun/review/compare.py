"""Two runbooks compared by what they make a machine do. Layout, comments, quotes and the order of keys are nothing."""

from __future__ import annotations

from collections.abc import Mapping

from svmrun.adapters.base import Adapter
from svmrun.review.holds import hold_times, note_worst_cases
from svmrun.review.inputs import compare_checks, compare_facts, compare_parameters
from svmrun.review.ledger import Ledger
from svmrun.review.model import DANGERS, Compared
from svmrun.review.proofs import compare_invariants
from svmrun.review.side import Side
from svmrun.review.steps import compare_steps, renamed_steps
from svmrun.runbook.model import Runbook, Source

Adapters = Mapping[str, Adapter]


def compare(before: Runbook | None, after: Runbook | None, adapters: Adapters) -> Compared:
    """What changes for the machine; None stands for a runbook that is not there."""
    empty = Runbook("", "", Source("", "", {}, {}))
    ledger = Ledger(Side(before or empty, adapters), Side(after or empty, adapters))
    ledger.after.step_names = renamed_steps(ledger)
    compare_parameters(ledger)
    compare_facts(ledger)
    compare_checks(ledger)
    compare_steps(ledger)
    compare_invariants(ledger)
    times = hold_times(ledger)
    if before and after:
        note_worst_cases(ledger, times)
        _compare_heads(ledger, before, after)
    changes = sorted(ledger.changes, key=lambda change: DANGERS.index(change.danger))
    if after is None:
        changes = [change for change in changes if change.where.startswith(("step ", "release "))]
    files = [runbook.source.file if runbook else "" for runbook in (before, after)]
    return Compared(files[0], files[1], tuple(changes), times)


def _compare_heads(ledger: Ledger, before: Runbook, after: Runbook) -> None:
    for key in ("name", "description"):
        was, now = getattr(before, key), getattr(after, key)
        if was != now:
            text = f"name: {was} -> {now}" if key == "name" else "described in other words"
            ledger.note("cosmetic", "runbook", text, at=((key,), (key,)))
    if before.is_part != after.is_part:
        text = "is a list of steps now, and runs no more by itself" if after.is_part else "runs by itself now"
        ledger.note(
            "removes-command" if after.is_part else "adds-command", "runbook", text, at=(("schema",), ("schema",))
        )
    old, new = ({call.id: call for call in runbook.calls} for runbook in (before, after))
    for name in [name for name in new if name in old]:
        was, now = old[name], new[name]
        if (was.runbook, was.description) != (now.runbook, now.description):
            ledger.note("cosmetic", f"call {name}", "named or described in other words", at=(was.path, now.path))
