"""Bytes to a runbook whose form and meaning were checked, or every problem at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from svmrun.adapters.base import Adapter
from svmrun.errors import InvalidInput, Problem
from svmrun.runbook.compose import compose, is_list_of_steps
from svmrun.runbook.files import ALONE, Files
from svmrun.runbook.meaning import meaning_problems
from svmrun.runbook.model import Path, Runbook
from svmrun.runbook.parse import Parser
from svmrun.runbook.schema import runbook_schema
from svmrun.runbook.subject import Subject
from svmrun.runbook.violations import violations

_MEMBERS = 2  # ("steps", 3): the part of a path that names one member of a section


@dataclass(frozen=True)
class Reading:
    """A runbook as far as its form is right, the document that it comes from, and what is wrong with that form.

    `broken` are the paths of the members that do not fit, which the runbook lacks.
    """

    runbook: Runbook
    document: Any
    broken: frozenset[Path]
    problems: tuple[Problem, ...]

    def subject(self, registry: Mapping[str, Adapter]) -> Subject:
        return Subject(self.runbook, self.document, self.broken, registry)


def load_runbook(path: str, data: bytes, registry: Mapping[str, Adapter], files: Files = ALONE) -> Runbook:
    """The runbook in a file's bytes, with all that it brings in from `files`; or a list of steps, which is a part.

    Raises InvalidInput with all problems of form and of meaning, in the order of the file.
    """
    reading = read_runbook(path, data, registry, files)
    problems = [*reading.problems, *meaning_problems(reading.subject(registry))]
    if problems:
        raise InvalidInput(in_file_order(path, problems))
    return reading.runbook


def read_runbook(
    path: str, data: bytes, registry: Mapping[str, Adapter], files: Files = ALONE, way: tuple[str, ...] = ()
) -> Reading:
    """The runbook without its broken members; `way` are the files that led to it.

    Raises InvalidInput when there is no document at all.
    """
    composed = compose(path, data, files, registry, way)
    document, source = composed.document, composed.source
    found = violations(runbook_schema(registry), document)
    told = {problem.position for problem in composed.problems}  # a value refused as such has no form to speak of
    shown = [source.problem(v.message, v.path, hint=v.hint, of_key=v.of_key) for v in found]
    broken = composed.unread | {_member(v.path) for v in found}
    parser = Parser(source, registry, broken, is_part=is_list_of_steps(document))
    runbook = parser.runbook(document)
    problems = (*composed.problems, *(p for p in shown if p.position not in told), *parser.problems)
    return Reading(runbook, document, broken, problems)


def _member(path: Path) -> Path:
    """The way to the member of a section that a path leads into; to the innermost step where some are repeated."""
    most = _MEMBERS
    while path[most : most + 1] == ("steps",) and path[0] == "steps" and len(path) > most + 1:
        most += _MEMBERS
    return path[:most]


def in_file_order(path: str, problems: Iterable[Problem]) -> list[Problem]:
    """Sorted by place, each told once; first those of the file that was asked for."""

    def place(problem: Problem) -> tuple[bool, str, int, int]:
        where = problem.position
        return (where.file != path, where.file, where.line, where.column) if where else (False, "", 0, 0)

    return sorted(dict.fromkeys(problems), key=place)
