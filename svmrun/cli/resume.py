"""`svmrun resume RUN`: go on with a rolled back run after what made it fail was removed."""

from __future__ import annotations

import argparse
import os
import sys

from svmrun.cli.parser import Subparsers, add_command

EXAMPLES = [
    ("svmrun resume last", "there is a new tape: go on"),
    ("svmrun resume 20261128-210137 --accept-plan", "the runbook was mended meanwhile, and its new plan was reviewed"),
]
NOTES = """\
Facts are read and checks judged again. What is done stays done, with its results; holds that were rolled back are
taken again, and what depends on them is done again where that is safe. A stuck or unfinished run is recovered first.
"""


def add_parser(subparsers: Subparsers) -> None:
    parser = add_command(
        subparsers,
        "resume",
        "Go on with a rolled back run after an operator removed what made it fail (a new tape, space).",
        examples=EXAMPLES,
        notes=NOTES,
    )
    parser.add_argument("run", metavar="RUN", help="a run's name, the beginning of it, or `last`")
    parser.add_argument("--runbook", metavar="FILE", help="where the runbook is now, when it was moved")
    parser.add_argument("-p", "--param", metavar="NAME=VALUE", action="append", default=[], help="another value")
    parser.add_argument("--accept-plan", action="store_true", help="go on although the plan changed")
    parser.add_argument(
        "--allow-unsafe-permissions", action="store_true", help="although others than you and root may write the files"
    )
    parser.add_argument("--yes", action="store_true", help="answer yes to every `confirm` step")
    parser.add_argument("--output", choices=["text", "json"], default="text", help="default: text")


def run(options: argparse.Namespace) -> int:
    from svmrun.cli.recorded import find_run
    from svmrun.cli.resuming import resume
    from svmrun.report.choose import choose_observer

    observer = choose_observer(options.output, sys.stdout, os.environ)
    return resume(find_run(options.run), options, observer).exit_code
