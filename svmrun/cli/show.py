"""`svmrun show RUN`: one run, its steps, times, outcomes and outputs."""

from __future__ import annotations

import argparse
import time

from svmrun.cli.parser import Subparsers, add_command
from svmrun.cli.recorded import find_run, read_record
from svmrun.errors import StateError
from svmrun.report.document import as_json, show_text
from svmrun.report.summary import show

EXAMPLES = [
    ("svmrun show", "the last run"),
    ("svmrun show 20260921-13", "a run by the beginning of its name, when only one begins so"),
    ("svmrun show last --output json | jq -r '.steps[].actions[].output'", "the files with the outputs"),
]


def add_parser(subparsers: Subparsers) -> None:
    parser = add_command(
        subparsers, "show", "Show one run: its steps, commands, times, outcomes and outputs.", examples=EXAMPLES
    )
    parser.add_argument(
        "run_name", nargs="?", default="last", metavar="RUN", help="its name, the beginning of it, or last (default)"
    )
    parser.add_argument("--output", choices=("text", "json"), default="text", help="how to print it (default: text)")


def run(options: argparse.Namespace) -> int:
    record = read_record(find_run(options.run_name))
    progress = record.progress()
    if progress is None:
        raise StateError(record.damage or f"{record.journal}: its first record is missing")
    shown = show(record, progress, time.time())
    print(as_json(shown) if options.output == "json" else show_text(shown))
    return 0
