"""A runbook's document with the steps of the files that it includes: spliced in, each part with its own place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from svmrun.adapters.base import Adapter
from svmrun.errors import InvalidInput, Position, Problem
from svmrun.runbook.files import Shelf, Unfollowed, Way
from svmrun.runbook.model import Path, Source
from svmrun.runbook.schema import LANGUAGE, LIST_OF_STEPS, runbook_schema
from svmrun.runbook.source import read
from svmrun.runbook.violations import violations

Json = Any
INCLUDE, STEPS = "include", "steps"


@dataclass(frozen=True)
class Composed:
    """`unread` are the places of includes that could not be followed; they are left as they are written.

    `ways` tells for each file how it was come by.
    """

    document: Json
    source: Source
    problems: list[Problem]
    ways: Mapping[str, Way]
    unread: frozenset[Path] = frozenset()


def compose(data: bytes, shelf: Shelf, registry: Mapping[str, Adapter], way: Way) -> Composed:
    """The document of the last file of a way. Raises InvalidInput where there is none at all."""
    document, source, problems = read(way[-1], data)
    if not _includes(document):
        return Composed(document, source, problems, {source.file: way})
    composer = _Composer(shelf, registry, problems, {source.file: way})
    whole = composer.node(_File(document, source, way), document, (), ())
    composed = Source(source.file, source.text, composer.values, composer.keys, composer.others)
    return Composed(whole, composed, problems, composer.ways, frozenset(composer.unread))


def is_list_of_steps(document: Json) -> bool:
    return isinstance(document, dict) and document.get("schema") == LIST_OF_STEPS


def _includes(document: Json) -> bool:
    """Whether a document, or what is repeated in it, includes anything."""
    steps = document.get(STEPS) if isinstance(document, dict) else None
    members = steps if isinstance(steps, list) else ()
    return any(isinstance(one, dict) and (INCLUDE in one or _includes(one)) for one in members)


@dataclass(frozen=True)
class _File:
    """A file that was read; the last one of its way."""

    document: Json
    source: Source
    way: Way


@dataclass
class _Composer:
    """Copies documents into one, node by node, with the places of the nodes."""

    shelf: Shelf
    registry: Mapping[str, Adapter]
    problems: list[Problem]
    ways: dict[str, Way]
    others: dict[str, str] = field(default_factory=dict)
    values: dict[Path, Position] = field(default_factory=dict)
    keys: dict[Path, Position] = field(default_factory=dict)
    unread: set[Path] = field(default_factory=set)

    def node(self, file: _File, value: Json, old: Path, new: Path) -> Json:
        """The node at `old` of a file's document becomes that at `new` of the whole."""
        self.place(file, old, new)
        if isinstance(value, dict):
            return {key: self.member(file, member, (*old, key), (*new, key)) for key, member in value.items()}
        if isinstance(value, list):
            return [self.node(file, member, (*old, i), (*new, i)) for i, member in enumerate(value)]
        return value

    def member(self, file: _File, value: Json, old: Path, new: Path) -> Json:
        if not (isinstance(value, list) and _is_place_of_steps(old)):
            return self.node(file, value, old, new)
        self.place(file, old, new)
        steps: list[Json] = []
        self.append(steps, file, value, old, new)
        return steps

    def place(self, file: _File, old: Path, new: Path) -> None:
        self.values[new] = file.source.position(old)
        if old in file.source.keys:
            self.keys[new] = file.source.keys[old]

    def append(self, steps: list[Json], file: _File, members: list[Json], old: Path, new: Path) -> None:
        """The members of a list of steps, those of included files in their places."""
        for index, member in enumerate(members):
            here = (*old, index)
            if not (isinstance(member, dict) and member.keys() == {INCLUDE} and isinstance(member[INCLUDE], str)):
                steps.append(self.node(file, member, here, (*new, len(steps))))
            elif other := self.included(file, member[INCLUDE], (*here, INCLUDE)):
                self.append(steps, other, other.document[STEPS], (STEPS,), new)
            else:
                self.unread.add((*new, len(steps)))
                steps.append(self.node(file, member, here, (*new, len(steps))))

    def included(self, file: _File, written: str, place: Path) -> _File | None:
        """The list of steps that is named at a place; None, and its problems are told, when it is none."""
        try:
            name, data = self.shelf.opened(file.way, written)
            document, source, problems = read(name, data)
        except InvalidInput as error:
            self.problems += error.problems
            return None
        except Unfollowed:
            return None
        except ValueError as error:
            self.problems.append(file.source.problem(str(error), place))
            return None
        self.problems += problems
        return self.judged(file, _File(document, source, (*file.way, name)), written, place)

    def judged(self, file: _File, other: _File, written: str, place: Path) -> _File | None:
        """The other file, when it is a list of steps; what is wrong in it is told there."""
        source = other.source
        self.others[source.file], self.ways[source.file] = source.text, other.way
        if not is_list_of_steps(other.document):
            self.problems.append(_no_list(file.source, written, other.document, place))
            return None
        found = violations(runbook_schema(self.registry), other.document)
        self.problems += [source.problem(v.message, v.path, hint=v.hint, of_key=v.of_key) for v in found]
        return other if isinstance(other.document.get(STEPS), list) else None


def _no_list(source: Source, written: str, document: Json, place: Path) -> Problem:
    if isinstance(document, dict) and document.get("schema") == LANGUAGE:
        return source.problem(f"{written} is a whole runbook", place, hint=f"call it: - runbook: {written}")
    hint = f"its first line must be 'schema: {LIST_OF_STEPS}'"
    return source.problem(f"{written} is no list of steps", place, hint=hint)


def _is_place_of_steps(path: Path) -> bool:
    """The document's own steps, and those of a step that repeats others."""
    return all(isinstance(part, int) if index % 2 else part == STEPS for index, part in enumerate(path))
