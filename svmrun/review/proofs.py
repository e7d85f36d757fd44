"""What `svmrun verify` goes by, compared: models of programs and invariants. Nothing of it runs on a host."""

from __future__ import annotations

from dataclasses import asdict

from svmrun.review.ledger import Ledger
from svmrun.review.side import Deed, Side
from svmrun.runbook.model import Invariant, Model


def compare_models(ledger: Ledger, where: str, before: Deed, after: Deed) -> None:
    was, now = before.action.model, after.action.model
    if _form(ledger.before, was) != _form(ledger.after, now):
        text = "a model is new" if was is None else "the model is gone" if now is None else "its model does otherwise"
        at = (was.path if was else before.action.path, now.path if now else after.action.path)
        ledger.note("changes-proof", where, text, at=at)


def compare_invariants(ledger: Ledger) -> None:
    old = {_demand(ledger.before, one): one for one in ledger.before.runbook.invariants}
    new = {_demand(ledger.after, one): one for one in ledger.after.runbook.invariants}
    for form, invariant in old.items():
        if form not in new:
            ledger.note(
                "changes-proof", _named(invariant), "is gone", at=(invariant.path, None), shown=(_that(invariant), "")
            )
        elif new[form].message != invariant.message:
            at = ((*invariant.path, "message"), (*new[form].path, "message"))
            ledger.note("cosmetic", _named(new[form]), "says something else", at=at)
    for form, invariant in new.items():
        if form not in old:
            ledger.note(
                "changes-proof", _named(invariant), "is new", at=(None, invariant.path), shown=("", _that(invariant))
            )


def _form(side: Side, model: Model | None) -> str:
    return side.form({**asdict(model), "path": []}) if model else ""


def _demand(side: Side, invariant: Invariant) -> str:
    return side.expression(invariant.that)


def _named(invariant: Invariant) -> str:
    return f"invariant {int(invariant.path[-1]) + 1}"


def _that(invariant: Invariant) -> str:
    return " ".join(invariant.that.split())
