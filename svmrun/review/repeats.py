"""Lists that steps are repeated over, compared."""

from __future__ import annotations

from svmrun.review.command_words import shown
from svmrun.review.ledger import Ledger
from svmrun.review.side import Side
from svmrun.runbook.model import Loop, Path, Release, Step


def compare_loops(ledger: Ledger, where: str, before: Step | Release, after: Step | Release) -> None:
    """What a step is repeated for; told once of the steps that stand together."""
    was, now = ledger.before.loops(before), ledger.after.loops(after)
    if _forms(ledger.before, was) == _forms(ledger.after, now):
        return
    places = (_place(was, before.path), _place(now, after.path))
    if places not in ledger.told:
        ledger.told.add(places)
        ledger.note("changes-condition", where, f"done {in_words(was)} -> {in_words(now)}", at=places)


def in_words(loops: tuple[Loop, ...]) -> str:
    """`once`, or `for each side of {submirrors}`."""
    return ", ".join(f"for each {loop.name} of {shown(loop.over)}" for loop in loops) or "once"


def _forms(side: Side, loops: tuple[Loop, ...]) -> list[str]:
    return [side.form([loop.name, loop.over]) for loop in loops]


def _place(loops: tuple[Loop, ...], path: Path) -> Path:
    return (*loops[-1].path, "foreach") if loops else path
