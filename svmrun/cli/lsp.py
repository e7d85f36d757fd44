"""`svmrun lsp`: a language server for what a schema cannot know of a runbook. An editor starts it."""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING

from svmrun.cli.parser import Subparsers, add_command
from svmrun.errors import UsageError

if TYPE_CHECKING:
    from types import ModuleType

EXAMPLES = [
    ("svmrun lsp", "what an editor is told to start for YAML files; it talks over the standard streams"),
    ("svmrun schema --install vim", "prints how; the schema itself is yaml-language-server's work, beside this one"),
]
NOTES = """\
It tells problems (validate, lint) while you type, leads from a name to its declaration, shows the command line that a
step will run, completes names inside {{ }}, and renames steps, parameters and facts."""


def add_parser(subparsers: Subparsers) -> None:
    parser = add_command(
        subparsers,
        "lsp",
        "The language server of runbooks, for editors (needs the optional package pygls).",
        examples=EXAMPLES,
        notes=NOTES,
    )
    parser.add_argument("--stdio", action="store_true", help="the standard streams, as always: some editors say so")


def run(options: argparse.Namespace) -> int:  # noqa: ARG001 - the same for every subcommand
    server = _server().make_server()
    with os.fdopen(os.dup(sys.stdout.fileno()), "wb") as answers:  # pygls closes what it writes to
        server.start_io(stdout=answers)
    return 0


def _server() -> ModuleType:
    try:
        import pygls  # noqa: F401
    except ModuleNotFoundError as error:
        raise UsageError("lsp: this needs the package pygls\ninstall it: pip install 'svmrun[lsp]'") from error
    from svmrun.cli import lsp_server

    return lsp_server
