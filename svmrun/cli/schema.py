"""`svmrun schema`: the JSON schema of runbooks, and the settings by which an editor uses it."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from svmrun.adapters.registry import adapters
from svmrun.cli.parser import add_command
from svmrun.runbook.schema import runbook_schema, schema_text

if TYPE_CHECKING:
    from svmrun.cli.parser import Subparsers

NOT_WRITTEN = 1
EDITORS = ("vscode", "vim", "emacs")
GLOB = "runbooks/*.yaml"
EXAMPLES = [
    ("svmrun schema > runbook.schema.json", "the schema as a file, with the adapters of installed packages"),
    ("# yaml-language-server: $schema=runbook.schema.json", "as a runbook's first line: editors complete and explain"),
    ("svmrun schema --install vscode", "schema and settings for all runbooks of this folder, without such a line"),
    ("svmrun schema --install vim --folder ~/site --files 'procedures/**/*.yaml'", "for other files"),
]
NOTES = """\
With --install, settings that are there stay; where they cannot be merged, the lines to add are printed, nothing of
them is written, and the exit code is 1."""


def add_parser(subparsers: Subparsers) -> None:
    parser = add_command(
        subparsers,
        "schema",
        "Print the JSON schema (draft 2020-12) of runbooks, or install it for an editor.",
        examples=EXAMPLES,
        notes=NOTES,
    )
    parser.add_argument("--install", choices=EDITORS, metavar="EDITOR", help=f"one of: {', '.join(EDITORS)}")
    parser.add_argument("--folder", metavar="DIR", default=".", help="the project's folder (default: this one)")
    parser.add_argument(
        "--files", metavar="GLOB", action="append", default=[], help=f"which files are runbooks (default: {GLOB})"
    )


def run(options: argparse.Namespace) -> int:
    text = schema_text(runbook_schema(adapters()))
    if options.install:
        return _install(options, text)
    print(text, end="")
    return 0


def _install(options: argparse.Namespace, text: str) -> int:
    from svmrun.cli.editor_settings import advice, install

    globs = options.files or [GLOB]
    installed = install(options.install, Path(options.folder), globs, text)
    print("\n".join(f"wrote {path}" for path in installed.written))
    if installed.to_add:
        print(f"svmrun: {installed.file} holds what cannot be merged; add this to it:", file=sys.stderr)
        print(installed.to_add, end="")
    print(advice(options.install, globs))
    return NOT_WRITTEN if installed.to_add else 0
