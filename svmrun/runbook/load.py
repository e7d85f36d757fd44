"""Bytes to a runbook whose form and meaning were checked, or every problem at once."""

from __future__ import annotations

from collections.abc import Mapping

from svmrun.adapters.base import Adapter
from svmrun.errors import InvalidInput, Problem
from svmrun.runbook.meaning import meaning_problems
from svmrun.runbook.model import Runbook
from svmrun.runbook.parse import Parser
from svmrun.runbook.schema import runbook_schema
from svmrun.runbook.source import read
from svmrun.runbook.violations import violations

_MEMBERS = 2  # ("steps", 3): the part of a path that names one member of a section


def load_runbook(path: str, data: bytes, registry: Mapping[str, Adapter]) -> Runbook:
    """The runbook in a file's bytes. `path` is only for messages.

    Raises InvalidInput with all problems of form and of meaning, in the order of the file.
    """
    document, source, problems = read(path, data)
    found = violations(runbook_schema(registry), document)
    told = {problem.position for problem in problems}  # a value that was refused as such has no form to speak of
    shown = [source.problem(v.message, v.path, hint=v.hint, of_key=v.of_key) for v in found]
    problems += [problem for problem in shown if problem.position not in told]
    broken = frozenset(v.path[:_MEMBERS] for v in found)
    parser = Parser(source, registry, broken)
    runbook = parser.runbook(document)
    problems += parser.problems
    problems += meaning_problems(runbook, document, broken, registry)
    if problems:
        raise InvalidInput(in_file_order(problems))
    return runbook


def in_file_order(problems: list[Problem]) -> list[Problem]:
    """Sorted by place, each told once."""

    def place(problem: Problem) -> tuple[int, int]:
        return (problem.position.line, problem.position.column) if problem.position else (0, 0)

    return sorted(dict.fromkeys(problems), key=place)
