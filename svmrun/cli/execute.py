"""`svmrun execute RUNBOOK`: facts, checks, plan, run, verdict."""

from __future__ import annotations

import argparse
import os
import sys

from svmrun.cli.arguments import add_inputs, add_review_options
from svmrun.cli.parser import Subparsers, add_command

EXAMPLES = [
    ("svmrun execute mirror-backup --simulate", "the documented backup, on the simulated cluster"),
    (
        "svmrun execute mirror-backup.yaml -p diskset=schost-1 -p mirror=d0 -p mount_point=/global/schost-1",
        "for real, on the node that owns the disk set",
    ),
    ("svmrun execute mirror-backup -p mirror=d0 --plan 3f9c21d0a7b4", "only if the plan is the one that was reviewed"),
    ("svmrun execute mirror-backup --params-file nightly.yaml --output json", "from cron, one JSON event a line"),
]
NOTES = """\
exit codes: 0 succeeded; 1 a step failed, what had to be undone is undone; 3 runbook or parameters invalid; 4 stuck, an
operator is needed; 5 busy; 6 a check does not hold; 129, 130, 143 cancelled by HUP, INT, TERM and rolled back
"""


def add_parser(subparsers: Subparsers) -> None:
    parser = add_command(
        subparsers,
        "execute",
        "Run a runbook: read facts, judge checks, then do the steps; roll back when one fails.",
        examples=EXAMPLES,
        notes=NOTES,
    )
    add_inputs(parser)
    parser.add_argument("--output", choices=["text", "json"], default="text", help="default: text")
    parser.add_argument("--yes", action="store_true", help="answer yes to every `confirm` step")
    parser.add_argument("--step", action="store_true", help="ask before every step")
    add_review_options(parser)
    parser.add_argument("--recover-first", action="store_true", help="first finish unfinished runs on the resources")


def run(options: argparse.Namespace) -> int:
    from svmrun.cli.preparing import choose_target
    from svmrun.cli.recovering import recover_each
    from svmrun.cli.reviewed import check_words, demand_review
    from svmrun.cli.running import conduct, prepare_or_blame
    from svmrun.effects.signals import SignalWatch
    from svmrun.effects.state_folder import state_root
    from svmrun.effects.watched import Watched
    from svmrun.errors import UsageError
    from svmrun.recovery import unfinished_on
    from svmrun.report.choose import choose_observer

    check_words(options)
    if options.step and not sys.stdin.isatty():
        raise UsageError("--step asks before every step, and nobody is at the terminal")
    observer = choose_observer(options.output, sys.stdout, os.environ)
    target = choose_target(options)
    cancel = Watched()
    stuck = False
    try:
        if options.recover_first:
            recover_each([run.folder for run in unfinished_on(state_root(), target.simulated)], observer, named=False)
        with SignalWatch(cancel, last=True):
            prepared = demand_review(prepare_or_blame(options, observer, cancel, target), options)
            ended = conduct(prepared, options, cancel)
        stuck = ended.verdict == "stuck"
    finally:
        if not stuck:  # what is left on a simulated host, too, is for `recover` to end
            target.dispose()
    return ended.exit_code
