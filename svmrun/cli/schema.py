"""`svmrun schema`: the JSON schema of runbooks."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from svmrun.adapters.registry import adapters
from svmrun.cli.parser import add_command
from svmrun.runbook.schema import runbook_schema, schema_text

if TYPE_CHECKING:
    from svmrun.cli.parser import Subparsers

EXAMPLES = [
    ("svmrun schema > runbook.schema.json", "the schema as a file, with the adapters of installed packages"),
    ("# yaml-language-server: $schema=runbook.schema.json", "as a runbook's first line: editors complete and explain"),
]


def add_parser(subparsers: Subparsers) -> None:
    add_command(
        subparsers, "schema", "Print the JSON schema (draft 2020-12) of runbooks, for editors.", examples=EXAMPLES
    )


def run(options: argparse.Namespace) -> int:  # noqa: ARG001 - the same for every subcommand
    print(schema_text(runbook_schema(adapters())), end="")
    return 0
