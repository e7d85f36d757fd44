"""Rollback handlers compared, in the order in which they run."""

from __future__ import annotations

from difflib import SequenceMatcher

from svmrun.review.actions import compare_actions, words_of
from svmrun.review.ledger import Ledger
from svmrun.review.side import Deed
from svmrun.runbook.model import Step


def compare_handlers(ledger: Ledger, where: str, before: Step, after: Step) -> None:
    old, new = ledger.before.handlers(before), ledger.after.handlers(after)
    forms = [ledger.before.form_of(deed) for deed in old], [ledger.after.form_of(deed) for deed in new]
    for _tag, i, i_end, j, j_end in SequenceMatcher(None, *forms, autojunk=False).get_opcodes():
        pairs = list(zip(old[i:i_end], new[j:j_end], strict=False))
        for was, now in pairs:
            compare_actions(ledger, f"{where}, rollback", was, now, "changes-handler")
        _unpaired(ledger, where, old[i + len(pairs) : i_end], new[j + len(pairs) : j_end], before, after)


def _unpaired(ledger: Ledger, where: str, old: list[Deed], new: list[Deed], before: Step, after: Step) -> None:
    for deed in old:
        text = f"is no longer undone by {words_of(ledger, deed, None)[0]}"
        text += "" if after.rollback else ": nothing undoes it any more"
        ledger.note("drops-handler", where, text, at=(deed.path, after.path))
    for deed in new:
        text = f"is now undone by {words_of(ledger, None, deed)[1]}"
        ledger.note("adds-handler", where, text, at=(before.path, deed.path))
