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
    whole = composer.node(source, way, document, (), ())
    composed = Source(source.file, source.text, composer.values, composer.keys, composer.others)
    return Composed(whole, composed, problems, composer.ways, frozenset(composer.unread))


def is_list_of_steps(document: Json) -> bool:
    return isinstance(document, dict) and document.get("schema") == LIST_OF_STEPS


def _includes(document: Json) -> bool:
    """Whether a document, or what is repeated in it, includes anything."""
    steps = document.get(STEPS) if isinstance(document, dict) else None
    members = steps if isinstance(steps, list) else ()
    return any(isinstance(one, dict) and (INCLUDE in one or _includes(one)) for one in members)


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

    def node(self, source: Source, way: Way, value: Json, old: Path, new: Path) -> Json:
        """The node at `old` of one document becomes that at `new` of the whole."""
        self.values[new] = source.position(old)
        if old in source.keys:
            self.keys[new] = source.keys[old]
        if isinstance(value, dict):
            return {key: self.member(source, way, value, key, old, new) for key in value}
        if isinstance(value, list):
            return [self.node(source, way, one, (*old, i), (*new, i)) for i, one in enumerate(value)]
        return value

    def member(self, source: Source, way: Way, value: Json, key: str, old: Path, new: Path) -> Json:
        old, new = (*old, key), (*new, key)
        inner = value[key]
        if key != STEPS or not isinstance(inner, list) or not _is_place_of_steps(old):
            return self.node(source, way, inner, old, new)
        self.values[new], self.keys[new] = source.position(old), source.position(old, of_key=True)
        steps: list[Json] = []
        self.steps(source, way, inner, old, new, steps)
        return steps

    def steps(self, source: Source, way: Way, members: list[Json], old: Path, new: Path, steps: list[Json]) -> None:
        """Appends the members of a list of steps, those of included files in their places."""
        for index, member in enumerate(members):
            here = (*old, index)
            if isinstance(member, dict) and member.keys() == {INCLUDE} and isinstance(member[INCLUDE], str):
                if (included := self.included(source, way, member[INCLUDE], here)) is not None:
                    document, inner = included
                    self.steps(inner, (*way, inner.file), document[STEPS], (STEPS,), new, steps)
                    continue
                self.unread.add((*new, len(steps)))
            steps.append(self.node(source, way, member, here, (*new, len(steps))))

    def included(self, source: Source, way: Way, written: str, here: Path) -> tuple[Mapping[str, Json], Source] | None:
        """The list of steps that is named there; None, and its problems are told, when it is none."""
        place = (*here, INCLUDE)
        try:
            name, data = self.shelf.opened(way, written)
            document, inner, problems = read(name, data)
        except InvalidInput as error:
            self.problems += error.problems
            return None
        except Unfollowed:
            return None
        except ValueError as error:
            self.problems.append(source.problem(str(error), place))
            return None
        self.others[name], self.ways[name] = inner.text, (*way, name)
        self.problems += problems
        if isinstance(document, dict) and document.get("schema") == LANGUAGE:
            message, hint = f"{written} is a whole runbook", f"call it: - runbook: {written}"
            self.problems.append(source.problem(message, place, hint=hint))
            return None
        if not is_list_of_steps(document):
            message = f"{written} is no list of steps: its first line must be 'schema: {LIST_OF_STEPS}'"
            self.problems.append(source.problem(message, place))
            return None
        found = violations(runbook_schema(self.registry), document)
        self.problems += [inner.problem(v.message, v.path, hint=v.hint, of_key=v.of_key) for v in found]
        return (document, inner) if isinstance(document.get(STEPS), list) else None


def _is_place_of_steps(path: Path) -> bool:
    """The document's own steps, and those of a step that repeats others."""
    return all(isinstance(part, int) if index % 2 else part == STEPS for index, part in enumerate(path))
