"""`svmrun git-merge`: git's own merge of a runbook, refused when its result does not validate; git calls it."""

from __future__ import annotations

import argparse
import subprocess
import sys
from typing import TYPE_CHECKING

from svmrun.cli.parser import add_command

if TYPE_CHECKING:
    from svmrun.cli.parser import Subparsers
    from svmrun.runbook.files import Files

CONFLICT = 1
MOST_CONFLICTS = 127  # more is git's way to tell of an error
ERROR = 129  # what git takes for an error of the driver


def add_parser(subparsers: Subparsers) -> None:
    parser = add_command(
        subparsers,
        "git-merge",
        "Merge a runbook as git does; refuse a result that does not validate. git calls this, see svmrun git-setup.",
        examples=[
            ("git config merge.svmrun.driver 'svmrun git-merge %O %A %B %P %L'", "what svmrun git-setup sets"),
        ],
    )
    parser.add_argument("base", metavar="BASE", help="the common ancestor (%%O)")
    parser.add_argument("ours", metavar="OURS", help="our version (%%A); the result is written here")
    parser.add_argument("theirs", metavar="THEIRS", help="their version (%%B)")
    parser.add_argument("path", metavar="PATH", help="the file's name in the repository (%%P)")
    parser.add_argument("marker_size", metavar="SIZE", nargs="?", default="7", help="of conflict markers (%%L)")


def run(options: argparse.Namespace) -> int:
    names = ("-L", "ours", "-L", "base", "-L", "theirs", "--marker-size", options.marker_size)
    merge = ("git", "merge-file", "--quiet", *names, "--", options.ours, options.base, options.theirs)
    status = subprocess.run(merge, check=False).returncode
    if status:
        return CONFLICT if 0 < status <= MOST_CONFLICTS else ERROR
    return CONFLICT if _refused(options.path, options.ours) else 0


def _either(path: str) -> Files:
    """What the runbook brings in: ours, which lies there, or what comes with theirs and does not lie there yet."""
    from pathlib import Path

    from svmrun.effects.blobs import merged_in
    from svmrun.effects.revisions import AtRevision
    from svmrun.effects.runbook_files import Beside
    from svmrun.runbook.files import Either

    return Either(Beside(Path(path)), AtRevision(merged_in, ""))


def _refused(path: str, result: str) -> bool:
    from pathlib import Path

    from svmrun.adapters.registry import adapters
    from svmrun.cli.comparing import is_runbook
    from svmrun.effects import runbook_files
    from svmrun.errors import InvalidInput
    from svmrun.runbook.load import load_runbook

    data = runbook_files.read(Path(result))
    if not is_runbook(data):
        return False
    try:
        load_runbook(path, data, adapters(), _either(path))
    except InvalidInput as error:
        print(f"{error}\nsvmrun: {path}: the lines merge, but the result does not validate.", file=sys.stderr)
        print(f"Mend the file, see svmrun validate {path}, then git add {path}", file=sys.stderr)
        return True
    return False
