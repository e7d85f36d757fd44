"""`svmrun recover [RUN]`: finish unfinished runs; release what they hold."""

from __future__ import annotations

import argparse
import os
import sys

from svmrun.cli.parser import Subparsers, add_command

EXAMPLES = [
    ("svmrun recover", "finish every run whose runner died, and try again what is stuck"),
    ("svmrun recover last", "only the last run"),
]
NOTES = """\
exit codes: 0 nothing is left; 4 something could not be undone, and is told with the command that ends it; 5 the run
named is still at work
"""


def add_parser(subparsers: Subparsers) -> None:
    parser = add_command(
        subparsers,
        "recover",
        "Finish runs whose runner died: end their commands, release what they hold, roll back.",
        examples=EXAMPLES,
        notes=NOTES,
    )
    parser.add_argument("run", nargs="?", metavar="RUN", help="a run's name, the beginning of it, or `last`")
    parser.add_argument("--output", choices=["text", "json"], default="text", help="default: text")


def run(options: argparse.Namespace) -> int:
    from svmrun.cli.recorded import find_run, recorded_runs
    from svmrun.cli.recovering import recover_each
    from svmrun.report.choose import choose_observer

    folders = [find_run(options.run)] if options.run else recorded_runs()
    observer = choose_observer(options.output, sys.stdout, os.environ)
    return recover_each(folders, observer, named=options.run is not None)
