"""YAML text to plain data, with the place of every node.

Reads the parser's events, not its nodes: no recursion in C, no aliases to expand, and each duplicate key is seen.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import yaml

from svmrun.errors import InvalidInput, Position, Problem
from svmrun.runbook.model import Path, Source
from svmrun.runbook.scalars import plain_scalar
from svmrun.runbook.text import decode

MAXIMUM_DEPTH = 64
MAXIMUM_NODES = 50_000
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # a pure build has no C parser
_SURROGATE = re.compile("[\ud800-\udfff]")
_QUOTE = "put it in quotes"
# What is not closed is noticed far below; the place to mend is where it was opened.
_BLAME_THE_START = ("quoted scalar", "flow mapping", "flow sequence", "simple key")


def load(path_text: str, data: bytes, parser: Any = _LOADER) -> tuple[Any, Source]:
    """The one document of a file as plain data (dict, list, str, int, float, bool, None), and its places.

    `parser` is the class of PyYAML whose events are read. Raises InvalidInput with every problem found.
    """
    document, source, problems = read(path_text, data, parser)
    if problems:
        raise InvalidInput(problems)
    return document, source


def read(path_text: str, data: bytes, parser: Any = _LOADER) -> tuple[Any, Source, list[Problem]]:
    """Like `load`, but returns the problems that do not keep the rest from being read.

    Raises InvalidInput when there is no document at all: broken syntax, wrong encoding, too deep, too large.
    """
    builder = _Builder(path_text, decode(path_text, data))
    try:
        document = builder.document(parser)
    except (yaml.YAMLError, ValueError, OverflowError, RecursionError) as error:
        raise InvalidInput([*builder.problems, builder.syntax_problem(error)]) from None
    return document, builder.source, builder.problems


class _Places(Mapping[Path, Position]):
    """Where the nodes of a file stand. A position is made when it is asked for, and few ever are."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.marks: dict[Path, tuple[int, int]] = {}  # line and column, from 0

    def __getitem__(self, path: Path) -> Position:
        line, column = self.marks[path]
        return Position(self.file, line + 1, column + 1)

    def __contains__(self, path: object) -> bool:
        return path in self.marks

    def __iter__(self) -> Iterator[Path]:
        return iter(self.marks)

    def __len__(self) -> int:
        return len(self.marks)

    def note(self, path: Path, event: Any) -> None:
        mark = event.start_mark
        self.marks[path] = (mark.line, mark.column)


class _Builder:
    """Builds one document out of parser events. `problems` collects what can be reported together."""

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self.values, self.keys = _Places(file), _Places(file)
        self.source = Source(file, text, self.values, self.keys)
        self.problems: list[Problem] = []
        self.next: Callable[[], Any] = lambda: None  # the next event of the parser

    def document(self, parser: Any) -> Any:
        loader = parser(self.source.text)
        try:
            self.next = loader.get_event
            self.next()  # the stream's start
            event = self.next()
            if isinstance(event, yaml.StreamEndEvent):
                raise self.fatal("the file is empty", event)
            document = self.node(self.next(), ())
            self.next()  # the document's end
            self.refuse_more(self.next())
            return document
        finally:
            loader.dispose()

    def refuse_more(self, event: Any) -> None:
        if not isinstance(event, yaml.StreamEndEvent):
            self.report("a second document begins here", event, "keep one document in each file")

    def node(self, event: Any, path: Path) -> Any:
        if len(path) > MAXIMUM_DEPTH:
            raise self.fatal(f"nested deeper than {MAXIMUM_DEPTH} levels", event)
        if len(self.values) >= MAXIMUM_NODES:
            raise self.fatal(f"more than {MAXIMUM_NODES} values in one file", event)
        self.values.note(path, event)
        kind = type(event)
        self.refuse_features(event)
        if kind is yaml.ScalarEvent:
            return self.scalar(event)
        if kind is yaml.MappingStartEvent:
            return self.mapping(path)
        return self.sequence(path) if kind is yaml.SequenceStartEvent else None

    def sequence(self, path: Path) -> list[Any]:
        items: list[Any] = []
        while type(event := self.next()) is not yaml.SequenceEndEvent:
            items.append(self.node(event, (*path, len(items))))
        return items

    def mapping(self, path: Path) -> dict[str, Any]:
        members: dict[str, Any] = {}
        while type(event := self.next()) is not yaml.MappingEndEvent:
            key = self.key(event, path)
            here = (*path, key)
            if key in members:
                first = self.keys[here].line
                self.report(f"the key {key!r} stands here twice (first in line {first})", event, "keep one of them")
                self.node(self.next(), (*path, f"{key} (again)"))
                continue
            self.keys.note(here, event)
            members[key] = self.node(self.next(), here)
        return members

    def key(self, event: Any, path: Path) -> str:
        if type(event) not in (yaml.ScalarEvent, yaml.AliasEvent):
            message, hint = "a mapping or list cannot be a key", 'a template needs quotes: "{{ name }}"'
            self.problems.append(self.source.problem_at(message, self.values[path], hint=hint))
            self.node(event, (*path, "(key)"))
            return "(key)"
        self.refuse_features(event)
        if type(event) is yaml.AliasEvent:
            return f"*{event.anchor}"
        value = self.scalar(event)
        if value == "<<" and not event.style:
            self.report("merge keys (<<) are not supported", event, "write the keys out")
        elif not isinstance(value, str):
            self.report(f"the key {event.value} is not a text", event, _QUOTE)
        return str(event.value)

    def scalar(self, event: Any) -> Any:
        # An escape can make one, and the pure parser lets it through; no file can hold it.
        if event.style == '"' and _SURROGATE.search(event.value):
            self.report("half a character (U+D800 to U+DFFF)", event)
        if event.style:  # '' in the C parser, None in the pure one: not quoted
            return event.value
        try:
            return plain_scalar(event.value)
        except ValueError as error:
            self.report(str(error), event, f"{_QUOTE}: '{event.value[:40]}'")
            return event.value

    def refuse_features(self, event: Any) -> None:
        if not event.anchor and not getattr(event, "tag", None):
            return
        if type(event) is yaml.AliasEvent:
            self.report(f"aliases (*{event.anchor}) are not supported", event, f"write the value out, or {_QUOTE}")
        elif event.anchor:
            self.report(f"anchors (&{event.anchor}) are not supported", event, f"leave it away, or {_QUOTE}")
        if getattr(event, "tag", None):
            self.report(f"tags ({event.tag}) are not supported", event, f"leave it away, or {_QUOTE}")

    def place(self, event: Any) -> Position:
        return self.at(event.start_mark)

    def at(self, mark: Any) -> Position:
        return Position(self.file, mark.line + 1, mark.column + 1)

    def report(self, message: str, event: Any, hint: str | None = None) -> None:
        self.problems.append(self.source.problem_at(message, self.place(event), hint=hint))

    def fatal(self, message: str, event: Any) -> InvalidInput:
        return InvalidInput([*self.problems, self.source.problem_at(message, self.place(event))])

    def syntax_problem(self, error: Exception) -> Problem:
        words = " ".join(str(w) for w in (getattr(error, "context", None), getattr(error, "problem", None)) if w)
        mark = getattr(error, "problem_mark", None)
        if mark is None:
            return Problem(f"this is not YAML: {error}".splitlines()[0], Position(self.source.file))
        if any(what in words for what in _BLAME_THE_START):
            mark = getattr(error, "context_mark", None) or mark
        position = self.at(mark)
        if "mapping values are not allowed" in words and (above := self.key_without_colon(position)):
            return self.source.problem_at("this is not YAML: a key without a colon", above, hint="write 'key: value'")
        problem = self.source.problem_at(f"this is not YAML: {words}", position)
        return replace(problem, hint=_syntax_hint(words, problem.text or ""))

    def key_without_colon(self, position: Position) -> Position | None:
        """A line without a colon above a key is read as a text that goes on; only the key's colon is noticed."""
        lines = self.source.text.splitlines()[: position.line]
        here = lines[-1]
        above = next((i for i in range(len(lines) - 2, -1, -1) if lines[i].strip()), None)
        if above is None or ":" in lines[above] or _indentation(lines[above]) != _indentation(here):
            return None
        return Position(position.file, above + 1, _indentation(lines[above]) + 1)


def _indentation(line: str) -> int:
    """Blanks before a line's text; the dash of a list counts as one."""
    return len(line) - len(line.lstrip(" -"))


def _syntax_hint(words: str, line: str) -> str | None:
    if "'\\t'" in words or "tab" in words or line.lstrip(" ").startswith("\t"):
        return "indent with blanks; YAML does not allow tabs there"
    if "{{" in line:
        return 'a value with a template needs quotes around all of it: "{{ name }}"'
    if "unexpected end of stream" in words or "flow " in words:
        return "close what is opened here, and separate its parts with commas"
    if "mapping values are not allowed" in words:
        return "a text with a colon and a blank needs quotes"
    if "cannot start any token" in words:
        return "a text that begins with this character needs quotes"
    return None
