"""`svmrun history`: past runs, the newest first."""

from __future__ import annotations

import argparse

from svmrun.cli.parser import Subparsers, add_command
from svmrun.cli.recorded import read_record, recorded_runs
from svmrun.report.document import as_json, history_text
from svmrun.report.shapes import History
from svmrun.report.summary import newest_first

EXAMPLES = [
    ("svmrun history", "the last twenty runs"),
    ("svmrun history mirror-backup --limit 0", "every run of one runbook"),
    ("svmrun history --output json | jq '.runs[] | select(.verdict != \"succeeded\")'", "what went wrong"),
]


def add_parser(subparsers: Subparsers) -> None:
    parser = add_command(
        subparsers, "history", "List past runs, the newest first: when, how long, and the verdict.", examples=EXAMPLES
    )
    parser.add_argument("runbook", nargs="?", metavar="NAME", help="only runs of the runbook with this name")
    parser.add_argument("--limit", type=_limit, default=20, metavar="N", help="at most N runs, 0 for all (default: 20)")
    parser.add_argument("--output", choices=("text", "json"), default="text", help="how to print it (default: text)")


def _limit(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of runs")
    return int(text)


def run(options: argparse.Namespace) -> int:
    summaries = newest_first([read_record(folder) for folder in recorded_runs()])
    chosen = [s for s in summaries if options.runbook in (None, s.runbook)]
    history = History(tuple(chosen[: options.limit or None]))
    print(as_json(history) if options.output == "json" else history_text(history))
    return 0
