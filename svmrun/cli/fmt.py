"""`svmrun fmt FILE...`: runbooks in their canonical layout."""

from __future__ import annotations

import argparse
import difflib
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from svmrun.adapters.registry import adapters
from svmrun.cli.files import named_files
from svmrun.cli.parser import add_command
from svmrun.effects import runbook_files
from svmrun.effects.rewrite import rewrite
from svmrun.errors import InvalidInput, UsageError
from svmrun.review.fmt import formatted

if TYPE_CHECKING:
    from svmrun.cli.parser import Subparsers

STANDARD_INPUT = "-"
WOULD_CHANGE = 1
EXAMPLES = [
    ("svmrun fmt mirror-backup.yaml", "rewrite one file in place"),
    ("svmrun fmt --check runbooks/", "for CI: name the files that are not in canonical layout, change nothing"),
    ("svmrun fmt --diff runbooks/", "show what would be changed, change nothing"),
    ("svmrun fmt - < draft.yaml", "for editors: from standard input to standard output"),
]
NOTES = """\
Keys come in one order, with two blanks of indentation; comments, blank lines and quotes are kept. What a runbook says
is never changed: the result is read back and compared before a file is replaced. A broken runbook is left as it is.

exit codes: 0 done; 1 with --check: a file is not in canonical layout; 3 a runbook is broken, or cannot be written."""


def add_parser(subparsers: Subparsers) -> None:
    parser = add_command(subparsers, "fmt", "Put runbooks in their canonical layout.", examples=EXAMPLES, notes=NOTES)
    parser.add_argument("files", nargs="+", metavar="FILE", help="a file, a folder, or - for standard input")
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 when a file would be changed")
    parser.add_argument("--diff", action="store_true", help="change nothing; show what would be changed")


def run(options: argparse.Namespace) -> int:
    if STANDARD_INPUT in options.files:
        if options.files != [STANDARD_INPUT]:
            raise UsageError("fmt: - stands alone: standard input is one runbook")
        return _filter(options)
    status = 0
    for path in list(named_files(options.files, to_write=True)):
        try:
            status = max(status, _file(path, options))
        except InvalidInput as error:
            print(error, file=sys.stderr)
            status = error.exit_code
    return status


def _file(path: Path, options: argparse.Namespace) -> int:
    before = runbook_files.read(path)
    after = formatted(str(path), before, adapters())
    if before == after:
        return 0
    if options.check or options.diff:
        _show(str(path), before, after, options)
        return WOULD_CHANGE if options.check else 0
    rewrite(path, after, was=before)
    print(f"{path}: rewritten")
    return 0


def _filter(options: argparse.Namespace) -> int:
    before = sys.stdin.buffer.read(runbook_files.MOST_BYTES)
    after = formatted("standard input", before, adapters())
    if not (options.check or options.diff):
        sys.stdout.write(after.decode())
        return 0
    if before == after:
        return 0
    _show("standard input", before, after, options)
    return WOULD_CHANGE if options.check else 0


def _show(name: str, before: bytes, after: bytes, options: argparse.Namespace) -> None:
    if not options.diff:
        print(f"{name}: not in canonical layout")
        return
    old, new = (_lines(content.decode()) for content in (before, after))
    shown = name.lstrip("/")
    for line in difflib.unified_diff(old, new, f"a/{shown}", f"b/{shown}"):
        sys.stdout.write(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n")


def _lines(text: str) -> list[str]:
    """Lines with their ends: `\\n` alone ends one, as in the files."""
    lines = text.split("\n")
    return [f"{line}\n" for line in lines[:-1]] + [line for line in lines[-1:] if line]
