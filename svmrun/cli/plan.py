"""`svmrun plan RUNBOOK`: everything up to the plan, and the plan for a person to review; changes nothing."""

from __future__ import annotations

import argparse
import json
import sys
from typing import TYPE_CHECKING

from svmrun.cli.arguments import add_inputs
from svmrun.cli.parser import Subparsers, add_command

if TYPE_CHECKING:
    from svmrun.cli.preparing import Prepared

EXAMPLES = [
    ("svmrun plan mirror-backup -p diskset=schost-1 -p mirror=d0 -p mount_point=/global/schost-1", "on this host"),
    ("svmrun plan mirror-backup --simulate", "on the simulated cluster, with its example parameters"),
    ("svmrun plan mirror-backup --simulate --output markdown", "for a merge request"),
]


def add_parser(subparsers: Subparsers) -> None:
    parser = add_command(
        subparsers,
        "plan",
        "Read facts, judge checks and print every command that a run would start, with its limits, holds and handlers.",
        examples=EXAMPLES,
    )
    add_inputs(parser)
    parser.add_argument("--output", choices=["text", "json", "markdown"], default="text", help="default: text")


def run(options: argparse.Namespace) -> int:
    prepared = make_plan(options)
    print(document(prepared, options.output))
    return 0


def make_plan(options: argparse.Namespace) -> Prepared:
    """The plan, kept by its hash, so that a later run can tell how it differs from this one."""
    from svmrun.cli.preparing import choose_target, prepare
    from svmrun.effects import plan_store
    from svmrun.effects.cancel import Cancel
    from svmrun.effects.state_folder import state_root
    from svmrun.errors import StateError
    from svmrun.refusal import refuse_dangerous_holds
    from svmrun.report.observer import Silent

    target = choose_target(options)
    try:
        prepared = prepare(options, Silent(), Cancel(), target)
        refuse_dangerous_holds(prepared.plan, prepared.setting, target)
    finally:
        target.dispose()
    try:
        plan_store.keep(state_root(), prepared.plan)
    except StateError as error:
        print(f"svmrun: the plan is not kept for a later comparison: {error}", file=sys.stderr)
    return prepared


def document(prepared: Prepared, output: str) -> str:
    from svmrun.plan.holds import worst_case_seconds
    from svmrun.report.plan_document import PlanView, plan_markdown, plan_text

    if output == "json":
        return json.dumps(prepared.plan.to_json(), indent=2, ensure_ascii=False)
    view = PlanView(prepared.plan, prepared.argv, worst_case_seconds(prepared.plan))
    return plan_markdown(view) if output == "markdown" else plan_text(view)
