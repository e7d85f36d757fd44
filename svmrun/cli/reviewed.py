"""What was reviewed is what runs: the plan's hash, its approvals, and who may change the runbook's file."""

from __future__ import annotations

import argparse
import re
from dataclasses import replace
from pathlib import Path

from svmrun.cli.preparing import Prepared
from svmrun.effects import plan_store, signatures
from svmrun.effects.permissions import refuse_unsafe
from svmrun.effects.state_folder import state_root
from svmrun.errors import Refused, UsageError
from svmrun.plan.digest import FEWEST_DIGITS
from svmrun.plan.model import Plan

APPROVALS = "approvals"


def check_words(options: argparse.Namespace) -> None:
    """What can be wrong with these options is said before the host is looked at. Raises UsageError."""
    if options.plan is not None:
        hash_digits(options.plan)
    if options.approvals < 1:
        raise UsageError("--approvals must be at least 1")


def hash_digits(text: str) -> str:
    digits = text.lower()
    if not re.fullmatch(rf"[0-9a-f]{{{FEWEST_DIGITS},64}}", digits):
        raise UsageError(
            f"{text} is no plan's hash: give {FEWEST_DIGITS} or more of the digits that `svmrun plan` prints"
        )
    return digits


def demand_review(prepared: Prepared, options: argparse.Namespace) -> Prepared:
    """The plan with its signers. Raises Refused, before anything is changed, when it is not what was reviewed."""
    plan = prepared.plan
    if options.plan is not None:
        _demand_same(plan, hash_digits(options.plan), prepared)
    if options.require_approval is None:
        return prepared
    if not prepared.target.simulated and not options.allow_unsafe_permissions:
        refuse_unsafe([Path(options.require_approval)])
    return replace(prepared, plan=replace(plan, signers=_signers(plan, options)))


def keep_approvals(old: Plan, prepared: Prepared) -> Prepared:
    """A resumed run stands on the approvals of its first plan, as long as it goes by that one. Raises Refused."""
    if not old.signers:
        return prepared
    if old.hash != prepared.plan.hash:
        raise Refused(
            f"{', '.join(old.signers)} approved the plan {old.hash}, and it is {prepared.plan.hash} now; nothing was "
            "done. Undo the change, or start a new run with an approved plan"
        )
    return replace(prepared, plan=replace(prepared.plan, signers=old.signers))


def _demand_same(plan: Plan, digits: str, prepared: Prepared) -> None:
    if plan.hash.startswith(digits):
        return
    from svmrun.report.diff_document import compared_text
    from svmrun.review.plans import compare_plans

    reviewed = plan_store.known(state_root(), digits)
    head = f"the plan is not the reviewed one, {digits}; it is {plan.hash}; nothing was changed"
    if reviewed is None:
        raise Refused(f"{head}\nthe reviewed plan is not known on this host, so the difference cannot be shown")
    compared = compare_plans(reviewed, plan, prepared.setting.adapters)
    if not compared.changes:
        raise Refused(f"{head}\nthe steps are the same: what differs is a fact that a step judges by, or svmrun itself")
    raise Refused("\n".join([head, *compared_text(compared)]))


def _signers(plan: Plan, options: argparse.Namespace) -> tuple[str, ...]:
    folder = approvals_folder(plan, options.approvals_from)
    revoked = Path(options.revoked) if options.revoked else None
    found = signatures.approvals(plan.hash, folder, Path(options.require_approval), revoked)
    signers = signatures.signers(found)
    if len(signers) >= options.approvals:
        return signers
    lines = [f"  - {a.path.name}: {a.fault or f'signed by {a.signer}'}" for a in found] or ["  - there is none"]
    raise Refused(
        f"the plan {plan.hash} has {len(signers)} of {options.approvals} approvals; nothing was changed. "
        f"In {folder / plan.hash}:\n" + "\n".join(lines) + "\nto approve it: svmrun approve, with the same parameters"
    )


def approvals_folder(plan: Plan, given: str | None) -> Path:
    return Path(given) if given else Path(plan.file).parent / APPROVALS
