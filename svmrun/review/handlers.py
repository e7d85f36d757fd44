"""Rollback handlers compared, in the order in which they run."""

from __future__ import annotations

from difflib import SequenceMatcher

from svmrun.review.actions import compare_actions
from svmrun.review.command_words import command_words
from svmrun.review.ledger import Ledger
from svmrun.review.side import Deed
from svmrun.runbook.model import Step


def compare_handlers(ledger: Ledger, where: str, before: Step, after: Step) -> None:
    old, new = ledger.before.handlers(before), ledger.after.handlers(after)
    forms = [ledger.before.form_of(deed) for deed in old], [ledger.after.form_of(deed) for deed in new]
    if sorted(forms[0]) == sorted(forms[1]) and forms[0] != forms[1]:
        order = " -> ".join(", then ".join(_command(ledger, deed) for deed in deeds) for deeds in (old, new))
        ledger.note("changes-handler", where, f"undone in another order: {order}", at=(old[0].path, new[0].path))
        new = [new[forms[1].index(form)] for form in forms[0]]
        forms = forms[0], forms[0]
    for _tag, i, i_end, j, j_end in SequenceMatcher(None, *forms, autojunk=False).get_opcodes():
        pairs = list(zip(old[i:i_end], new[j:j_end], strict=False))
        for was, now in pairs:
            compare_actions(ledger, f"{where}, rollback", was, now, "changes-handler")
        _unpaired(ledger, where, old[i + len(pairs) : i_end], new[j + len(pairs) : j_end], before, after)


def _command(ledger: Ledger, deed: Deed) -> str:
    return command_words(deed.action, ledger.before.adapters)


def _unpaired(ledger: Ledger, where: str, old: list[Deed], new: list[Deed], before: Step, after: Step) -> None:
    for deed in old:
        text = f"is no longer undone by {_command(ledger, deed)}"
        text += "" if after.rollback else ": nothing undoes it any more"
        ledger.note("drops-handler", where, text, at=(deed.path, after.path))
    for deed in new:
        ledger.note("adds-handler", where, f"is now undone by {_command(ledger, deed)}", at=(before.path, deed.path))
