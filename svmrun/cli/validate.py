"""`svmrun validate RUNBOOK...`: the form and the meaning of runbooks, without a host."""

from __future__ import annotations

import argparse
import gc
import os
from pathlib import Path
from typing import TYPE_CHECKING

from svmrun.adapters.registry import adapters
from svmrun.cli.files import in_folder
from svmrun.cli.parser import add_command
from svmrun.effects import runbook_files
from svmrun.errors import InvalidInput, Problem
from svmrun.report.validated import Validated, ValidatedFile
from svmrun.runbook.load import load_runbook

if TYPE_CHECKING:
    from svmrun.cli.parser import Subparsers

EXAMPLES = [
    ("svmrun validate mirror-backup.yaml", "every error of one runbook, each with its line"),
    ("svmrun validate runbooks/", "all runbooks of a folder and of the folders in it"),
    ("svmrun validate --output json *.yaml | jq '.files[].problems[]'", "for other programs"),
]
NOTES = "exit codes: 0 all are valid, 3 at least one is not."


def add_parser(subparsers: Subparsers) -> None:
    parser = add_command(
        subparsers,
        "validate",
        "Check the form and the meaning of runbooks. No host is touched.",
        examples=EXAMPLES,
        notes=NOTES,
    )
    parser.add_argument("runbooks", nargs="+", metavar="RUNBOOK", help="a file, the name of a runbook, or a folder")
    parser.add_argument("--output", choices=("text", "json"), default="text", help="how to print it (default: text)")


def run(options: argparse.Namespace) -> int:
    gc.disable()  # runbooks hold no circles: looking for them in hundreds takes a tenth of the time
    files = [validated for name in options.runbooks for validated in _validate(name)]
    result = Validated(all(file.ok for file in files), tuple(files))
    print(_json(result) if options.output == "json" else _text(result))
    return 0 if result.ok else InvalidInput.exit_code


def _validate(name: str) -> list[ValidatedFile]:
    if not os.path.isdir(name):
        return [_validate_file(name)]
    try:
        return [_validate_file(str(path)) for path in in_folder(Path(name))]
    except InvalidInput as error:
        return [_result(name, list(error.problems))]


def _validate_file(name: str) -> ValidatedFile:
    try:
        path = runbook_files.find(name)
        load_runbook(str(path), runbook_files.read(path), adapters(), runbook_files.Beside(path))
    except InvalidInput as error:
        return _result(name, list(error.problems))
    return _result(str(path), [])


def _result(file: str, problems: list[Problem]) -> ValidatedFile:
    return ValidatedFile(file, not problems, tuple(problems))


def _json(result: Validated) -> str:
    from svmrun.report.document import as_json  # measured: knows all documents, a tenth of the time of a `validate`

    return as_json(result)


def _text(result: Validated) -> str:
    lines = [f"{file.file}: valid" for file in result.files if file.ok]
    problems = {problem: file.file for file in result.files for problem in file.problems}  # some share a file
    lines += [str(problem) for problem in problems]
    if problems:
        bad = {problem.position.file if problem.position else file for problem, file in problems.items()}
        lines.append(f"{_count(len(problems), 'error')} in {_count(len(bad), 'file')}")
    return "\n".join(lines)


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
