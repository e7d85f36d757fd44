"""Bytes to a runbook whose form and meaning were checked, or every problem at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from svmrun.adapters.base import Adapter
from svmrun.errors import InvalidInput, Position, Problem
from svmrun.runbook.calls import CALL, Written, argument_problems, with_calls, written_calls
from svmrun.runbook.compose import Composed, compose, is_list_of_steps
from svmrun.runbook.files import Files, Shelf, Unfollowed, Way
from svmrun.runbook.meaning import meaning_problems
from svmrun.runbook.model import Path, Runbook
from svmrun.runbook.parse import Parser
from svmrun.runbook.schema import runbook_schema
from svmrun.runbook.subject import Subject
from svmrun.runbook.violations import violations

_MEMBERS = 2  # ("steps", 3): the part of a path that names one member of a section


@dataclass(frozen=True)
class Reading:
    """A runbook as far as its form is right, with the document that it comes from; and what is wrong with that form."""

    subject: Subject
    problems: tuple[Problem, ...]

    @property
    def runbook(self) -> Runbook:
        return self.subject.runbook

    @property
    def document(self) -> Any:
        return self.subject.document


def load_runbook(path: str, data: bytes, registry: Mapping[str, Adapter], files: Files | None = None) -> Runbook:
    """The runbook in a file's bytes, with all that it brings in from `files`; or a list of steps, which is a part.

    Without `files` what it brings in is left alone, and nothing is said of what may be there.
    Raises InvalidInput with all problems of form and of meaning, in the order of the file.
    """
    return checked_reading(path, data, registry, files).runbook


def checked_reading(path: str, data: bytes, registry: Mapping[str, Adapter], files: Files | None = None) -> Reading:
    """As `load_runbook`, with the document that the runbook comes from."""
    reading, problems = _Loading(Shelf(files), registry).checked(data, (path,))
    if problems:
        raise InvalidInput(in_file_order(path, problems))
    return reading


def read_runbook(path: str, data: bytes, registry: Mapping[str, Adapter], files: Files | None = None) -> Reading:
    """The runbook without its broken members. Raises InvalidInput when there is no document at all."""
    return _Loading(Shelf(files), registry).read(data, (path,))


@dataclass(frozen=True)
class _Loading:
    shelf: Shelf
    registry: Mapping[str, Adapter]

    def checked(self, data: bytes, way: Way) -> tuple[Reading, list[Problem]]:
        reading = self.read(data, way)
        return reading, [*reading.problems, *meaning_problems(reading.subject)]

    def read(self, data: bytes, way: Way) -> Reading:
        composed = compose(data, self.shelf, self.registry, way)
        document, source = composed.document, composed.source
        found = violations(runbook_schema(self.registry), document)
        told = {problem.position for problem in composed.problems}  # a value refused as such has no form to speak of
        shown = [source.problem(v.message, v.path, hint=v.hint, of_key=v.of_key) for v in found]
        broken = composed.unread | {_member(v.path) for v in found}
        problems = [*composed.problems, *(problem for problem in shown if problem.position not in told)]
        called = self.called(composed, broken, problems)
        unread = composed.unread | {call.path for call in written_calls(document)} - {call.path for call, _ in called}
        parser = Parser(source, self.registry, broken | unread, is_part=is_list_of_steps(document))
        runbook = replace(parser.runbook(document), unread=tuple(sorted(unread)))
        problems += parser.problems
        runbook = with_calls(runbook, called, self.registry, problems)
        return Reading(Subject(runbook, document, broken | unread, self.registry), tuple(problems))

    def called(
        self, composed: Composed, broken: frozenset[Path], problems: list[Problem]
    ) -> list[tuple[Written, Runbook]]:
        """The runbooks that a document calls, each good in itself; what is wrong with the others is a problem."""
        found = []
        for call in written_calls(composed.document):
            way = composed.ways[composed.source.position((*call.path, CALL)).file]
            if call.path not in broken and (other := self.other(composed, call, way, problems)):
                found.append((call, other))
        return found

    def other(self, composed: Composed, call: Written, way: Way, problems: list[Problem]) -> Runbook | None:
        place = (*call.path, CALL)
        try:
            name, data = self.shelf.opened(way, call.file)
            reading, wrong = self.checked(data, (*way, name))
        except InvalidInput as error:
            problems += error.problems
            return None
        except Unfollowed:
            return None
        except ValueError as error:
            problems.append(composed.source.problem(str(error), place))
            return None
        runbook = reading.runbook
        if runbook.is_part and not wrong:
            message, hint = f"{call.file} is a list of steps, and no runbook", f"include it: - include: {call.file}"
            wrong = [composed.source.problem(message, place, hint=hint)]
        wrong += [] if wrong else argument_problems(composed.source, call, runbook)
        problems += wrong
        return None if wrong else runbook


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

    told: dict[tuple[Position | None, str], Problem] = {}
    for problem in problems:  # the first may have a hint
        told.setdefault((problem.position, problem.message), problem)
    return sorted(told.values(), key=place)
