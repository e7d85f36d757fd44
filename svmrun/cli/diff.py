"""`svmrun diff A B`: what changes for the machine between two runbooks, or in all runbooks of a range of commits."""

from __future__ import annotations

import argparse
import gc
import os
import sys
from typing import TYPE_CHECKING

from svmrun.cli.arguments import OWN_WORLD
from svmrun.cli.parser import add_command
from svmrun.errors import InvalidInput
from svmrun.review.model import DANGERS, MEANINGS, Diff, diff_of, level

if TYPE_CHECKING:
    from svmrun.cli.comparing import Judge
    from svmrun.cli.parser import Subparsers

LEVELS = ("danger", "caution", "note")
FINDINGS = 1
EXAMPLES = [
    ("svmrun diff old.yaml new.yaml", "two files"),
    ("svmrun diff HEAD~3:runbooks/mirror-backup.yaml runbooks/mirror-backup.yaml", "a file as it was, and as it is"),
    ("svmrun diff main...topic --output markdown", "every runbook that the branch changes, for a merge request"),
    ("svmrun diff --fail-on danger", "what is not committed yet; fails when a reviewer must look"),
]
NOTES = f"""\
Layout, comments, quotes and the order of keys are no change. Classes of changes, the worst first:
{chr(10).join(f"  {danger:<18} {level(danger):<8} {MEANINGS[danger]}" for danger in DANGERS)}

exit codes: 0; 1 with --exit-code when something of what runs changed, or with --fail-on when such a change is there;
3 a runbook cannot be read
"""


def add_parser(subparsers: Subparsers) -> None:
    parser = add_command(
        subparsers,
        "diff",
        "Tell what changes for the machine: commands, handlers, holds, checks, inputs, limits, order.",
        examples=EXAMPLES,
        notes=NOTES,
    )
    operand = "two files or REV:path, or one range A..B, A...B, or one revision to compare the working tree with"
    parser.add_argument("operands", nargs="*", metavar="A", help=f"{operand} (default: HEAD)")
    parser.add_argument("--output", choices=("text", "json", "markdown"), default="text", help="default: text")
    parser.add_argument(
        "--verify",
        metavar="WORLD",
        nargs="?",
        const=True,
        help=f"also try every failure of both in that world, and tell what ends otherwise ({OWN_WORLD})",
    )
    parser.add_argument(
        "-p", "--param", metavar="NAME=VALUE", action="append", default=[], help="a parameter, for --verify"
    )
    parser.add_argument("--exit-code", action="store_true", help="end with 1 when something of what runs changed")
    parser.add_argument(
        "--fail-on",
        action="append",
        default=[],
        metavar="CLASS",
        choices=[*LEVELS, *DANGERS],
        help="end with 1 when there is a change of this class, or of this level or worse (may be repeated)",
    )


def run(options: argparse.Namespace) -> int:
    from svmrun.cli.comparing import compare_texts, texts
    from svmrun.errors import UsageError

    if len(options.operands) > 2:
        raise UsageError("diff: compare two things, or one range; try: svmrun diff --help")
    gc.disable()  # runbooks hold no circles: looking for them in hundreds takes a tenth of the time
    judge = _verifier(options) if options.verify else None
    diff = diff_of([compare_texts(before, after, judge) for before, after in texts(options.operands)])
    print(rendered(diff, options.output, wants_colours()))
    if any(compared.problems for compared in diff.runbooks):
        return InvalidInput.exit_code
    return FINDINGS if _fails(diff, options) else 0


def _verifier(options: argparse.Namespace) -> Judge:
    from svmrun.cli.verified_diff import Verifier

    return Verifier(options.verify, options.param).judge


def rendered(diff: Diff, output: str, coloured: bool) -> str:
    from svmrun.report.diff_document import colours, diff_markdown, diff_text, no_colours
    from svmrun.report.document import as_json

    if output == "json":
        return as_json(diff)
    return diff_markdown(diff) if output == "markdown" else diff_text(diff, colours if coloured else no_colours)


def wants_colours() -> bool:
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _fails(diff: Diff, options: argparse.Namespace) -> bool:
    return (options.exit_code and not diff.same) or any(_has(diff, wish) for wish in options.fail_on)


def _has(diff: Diff, wish: str) -> bool:
    if wish not in LEVELS:
        return wish in diff.dangers
    return bool({level(danger) for danger in diff.dangers} & set(LEVELS[: LEVELS.index(wish) + 1]))
