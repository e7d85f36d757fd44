"""Conditions compared by how much they demand: a check that lets more pass is the change to look at."""

from __future__ import annotations

from collections.abc import Sequence

from svmrun.review.ledger import Ledger
from svmrun.review.model import Danger
from svmrun.runbook.forms import alternatives, demands
from svmrun.runbook.model import Path


def compare_judgements(
    ledger: Ledger, where: str, before: Sequence[str], after: Sequence[str], at: tuple[Path, Path]
) -> None:
    """Two lists of bare expressions that all must hold."""
    if len(before) == len(after) and all(ledger.agree(*pair) for pair in zip(before, after, strict=True)):
        return
    danger, text = _verdict(_joined(before), _joined(after))
    ledger.note(danger, where, text, at=at, shown=(_shown(before), _shown(after)))


def _verdict(before: str, after: str) -> tuple[Danger, str]:
    if demands(before) == demands(after) or alternatives(before) == alternatives(after):
        return "cosmetic", "the same demands in another order"
    if demands(after) < demands(before) or alternatives(before) < alternatives(after):
        return "removes-check", "demands less than before"
    if demands(before) < demands(after) or alternatives(after) < alternatives(before):
        return "adds-check", "demands more than before"
    return "changes-check", "demands something else"


def compare_conditions(
    ledger: Ledger, where: str, before: str | None, after: str | None, at: tuple[Path, Path], usual: Danger
) -> None:
    """The `when` of something. Without one it always applies. `usual` is the class of a change."""
    if before == after or (before and after and ledger.agree(before, after)):
        return
    danger = usual
    if usual == "changes-check":
        danger = "removes-check" if not before or (after and _verdict(before, after)[0] == "adds-check") else usual
        danger = "adds-check" if not after else danger
    text = f"applies {_applies(before)} -> {_applies(after)}"
    ledger.note(danger, where, text, at=((*at[0], "when"), (*at[1], "when")))


def _applies(condition: str | None) -> str:
    return f"when {' '.join(condition.split())}" if condition else "always"


def _joined(conditions: Sequence[str]) -> str:
    return " and ".join(f"({one})" for one in conditions) or "true"


def _shown(conditions: Sequence[str]) -> str:
    return "; ".join(" ".join(one.split()) for one in conditions)
