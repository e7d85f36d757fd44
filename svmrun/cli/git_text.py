"""`svmrun git-text FILE`: a runbook as text for git to compare; git calls it (diff.svmrun.textconv)."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from svmrun.cli.parser import add_command

if TYPE_CHECKING:
    from pathlib import Path

    from svmrun.cli.parser import Subparsers
    from svmrun.errors import Problem
    from svmrun.runbook.files import Files


def add_parser(subparsers: Subparsers) -> None:
    parser = add_command(
        subparsers,
        "git-text",
        "Print what a runbook runs, one thing a line, whatever its layout. git calls this, see svmrun git-setup.",
        examples=[("svmrun git-text mirror-backup.yaml", "commands, limits, holds, handlers, checks, inputs")],
    )
    parser.add_argument("file", metavar="FILE", help="a runbook")


def run(options: argparse.Namespace) -> int:
    """Ends with 0 also for a broken runbook, which stands as it is below its errors: else git would give up."""
    from pathlib import Path

    from svmrun.effects import runbook_files

    path = Path(options.file)
    sys.stdout.write(_text(path, runbook_files.read(path)))
    return 0


def _text(path: Path, data: bytes) -> str:
    from svmrun.adapters.registry import adapters
    from svmrun.cli.comparing import is_runbook
    from svmrun.errors import InvalidInput
    from svmrun.review.procedure_text import procedure_text
    from svmrun.runbook.load import load_runbook

    written = data.decode("utf-8", "replace")
    if not is_runbook(data):
        return written
    try:
        name, files = _whereabouts(path)
        return procedure_text(load_runbook(name, data, adapters(), files), adapters())
    except InvalidInput as error:
        faults = [f"  {_place(problem, name)}: error: {problem.message}" for problem in error.problems]
        return "\n".join(["broken runbook", *faults, "", written])


def _place(problem: Problem, name: str) -> str:
    """Git names the file itself."""
    return str(problem.position).removeprefix(name).lstrip(":")


def _whereabouts(path: Path) -> tuple[str, Files]:
    """What the text is called where it comes from, and the files beside it: git hands out a copy in another place."""
    from svmrun.effects import blobs
    from svmrun.effects.revisions import AtRevision
    from svmrun.effects.runbook_files import Beside

    if not path.is_absolute():
        return str(path), Beside(path)
    revision, name = blobs.place_of(path) or (None, path.name)
    return name, AtRevision(lambda: revision, "")
