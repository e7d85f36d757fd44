"""A runbook as it is written: scalars in their own spelling, comments, blank lines. For those who lay it out anew.

The values are those of `source`; this module keeps what they leave out. It reads texts that `source` accepts.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml

from svmrun.errors import InvalidInput, Position, Problem
from svmrun.runbook.notes import Note, Span, notes_between

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # a pure build has no C parser
_BLOCK_HEADER = re.compile(r"[|>][-+0-9]*")
_STRANGE_BREAK = re.compile("[\r\x85\u2028\u2029]")
_STARTS = (yaml.MappingStartEvent, yaml.SequenceStartEvent)
_COLLECTION_ENDS = (yaml.MappingEndEvent, yaml.SequenceEndEvent)
_ENDS = (*_COLLECTION_ENDS, yaml.DocumentEndEvent, yaml.StreamEndEvent)


@dataclass(frozen=True)
class Scalar:
    """`text` as written; of a block scalar (`>-`) the header alone, and `body` its lines without indentation."""

    value: str
    text: str
    start: int
    line: int
    column: int
    body: tuple[str, ...] | None = None

    @property
    def plain(self) -> bool:
        return self.body is None and self.text[:1] not in ("'", '"')


_NOTHING = Scalar("", "", 0, 0, 0)


@dataclass
class Collection:
    """A mapping or a list. `foot` are the comments behind its last member; `flow`: written with braces or brackets."""

    is_mapping: bool
    flow: bool
    members: list[Member] = field(default_factory=list)
    foot: list[str] = field(default_factory=list)


@dataclass
class Member:
    """One member; a list's have no key. `leading` are comments and blank lines ('') above, `trailing` comments behind.

    `below`: the value begins in a later line than the key.
    """

    leading: list[str] = field(default_factory=list)
    trailing: list[str] = field(default_factory=list)
    key: Scalar | None = None
    value: Scalar | Collection = _NOTHING
    below: bool = False


@dataclass
class Spelled:
    """All scalars and notes of a document, in the order of the text, whose lines end with a newline."""

    text: str
    scalars: list[Scalar]
    notes: list[Note]


@dataclass
class Written(Spelled):
    """A document whole: the comments at its head, and its top mapping."""

    head: list[str]
    top: Collection


def spelled(file: str, text: str) -> Spelled:
    """The parts of a document. InvalidInput where its lines end in a strange way."""
    return _read(file, text)[0]


def written(file: str, text: str) -> Written:
    """The document as written. InvalidInput for spellings that cannot be kept (see the messages)."""
    return _Reader(file, *_read(file, text)).document()


def _read(file: str, text: str) -> tuple[Spelled, list[Any]]:
    """The parts, and the events of the parser."""
    text = text.replace("\r\n", "\n")
    if found := _STRANGE_BREAK.search(text):
        _refuse(file, text, found.start(), f"the line ends with U+{ord(found[0]):04X}", "end lines with a newline")
    events = _events(text)
    scalars = _scalars(events, text)
    return Spelled(text, scalars, notes_between(text, _spans(scalars, text))), events


def _events(text: str) -> list[Any]:
    loader = _LOADER(text)
    try:
        return list(iter(loader.get_event, None))
    finally:
        loader.dispose()


def _scalars(events: list[Any], text: str) -> list[Scalar]:
    """Every scalar. A block scalar's indentation counts from the column of the block that it stands in."""
    lines = text.split("\n")
    columns = [-1]
    found: list[Scalar] = []
    for event in events:
        kind = type(event)
        if kind is yaml.ScalarEvent:
            found.append(_scalar(event, text, lines, columns[-1]))
        elif kind in _STARTS:
            columns.append(event.start_mark.column)
        elif kind in _COLLECTION_ENDS:
            columns.pop()
    return found


def _scalar(event: Any, text: str, lines: Sequence[str], column: int) -> Scalar:
    mark = event.start_mark
    if event.style not in ("|", ">"):
        return Scalar(event.value, text[mark.index : event.end_mark.index], mark.index, mark.line, mark.column)
    header = _BLOCK_HEADER.match(text, mark.index)
    shown = header[0] if header else event.style
    body, is_open = _body(lines, shown, column, mark.line + 1)
    if is_open:  # the file ends inside it, without a newline: one that is added must not become part of it
        shown = shown.replace("+", "").replace("-", "") + "-"
    return Scalar(event.value, shown, mark.index, mark.line, mark.column, body)


def _body(lines: Sequence[str], header: str, column: int, first: int) -> tuple[tuple[str, ...], bool]:
    """The lines of a block scalar, without its indentation; blank lines at its end only where they count (`+`).

    `lines` are those of the whole text, and `first` is the one below the header. Also, whether the text's end cuts it.
    """
    indentation = _indentation(lines, header, column, first)
    behind = number = first
    while number < len(lines) and not lines[number][:indentation].strip(" "):
        number += 1
        if len(lines[number - 1]) > indentation or ("+" in header and number < len(lines)):
            behind = number
    is_open = first < behind == len(lines) and "-" not in header
    return tuple(line[indentation:] for line in lines[first:behind]), is_open


def _indentation(lines: Sequence[str], header: str, column: int, first: int) -> int:
    """As the header says, else that of the first line with something in it; one that has none is all blank."""
    digit = next((int(character) for character in header if character.isdigit()), None)
    if digit is not None:
        return max(column, 0) + digit
    line = next((lines[n] for n in range(first, len(lines)) if lines[n].strip(" ")), "")
    return max(len(line) - len(line.lstrip(" ")), column + 1)


def _spans(scalars: list[Scalar], text: str) -> list[Span]:
    spans: list[Span] = []
    for scalar in scalars:
        if scalar.body is None:
            spans.append((scalar.start, scalar.start + len(scalar.text)))
            continue
        header = _BLOCK_HEADER.match(text, scalar.start)
        spans.append((scalar.start, header.end() if header else scalar.start + 1))
        begin = end = text.find("\n", scalar.start) + 1
        for _ in scalar.body:
            end = text.find("\n", end) + 1 or len(text)
        spans += [(begin, end)] if scalar.body else []
    return spans


def _refuse(file: str, text: str, index: int, message: str, hint: str) -> None:
    above = text[:index].split("\n")
    line = text.split("\n")[len(above) - 1]
    raise InvalidInput([Problem(message, Position(file, len(above), len(above[-1]) + 1), line, hint)])


class _Reader:
    """Builds the tree, and hands each comment to the member that it speaks of."""

    def __init__(self, file: str, parts: Spelled, events: list[Any]) -> None:
        self.file, self.text = file, parts.text
        self.scalars, self.notes = parts.scalars, parts.notes
        self.events = events
        self.at = self.next_scalar = self.next_note = 0
        self.columns: list[int] = []  # of the open blocks
        self.head: list[str] = []
        self.last = Member(trailing=self.head)  # whose line a comment behind something belongs to

    def document(self) -> Written:
        start = self.events[1]
        if start.version or start.tags:
            _refuse(self.file, self.text, start.start_mark.index, "a directive (%)", "leave it away")
        self.at = 2
        top = self.node(self.last)
        assert isinstance(top, Collection), "a runbook is a mapping"
        if top.members:
            self.head += top.members[0].leading
            top.members[0].leading = []
        return Written(self.text, self.scalars, self.notes, self.head, top)

    def node(self, owner: Member) -> Scalar | Collection:
        event = self.events[self.at]
        self.at += 1
        if type(event) is yaml.ScalarEvent:
            self.next_scalar += 1
            return self.scalars[self.next_scalar - 1]
        is_mapping = type(event) is yaml.MappingStartEvent
        return self.flow(is_mapping, owner) if event.flow_style else self.block(is_mapping, event.start_mark.column)

    def block(self, is_mapping: bool, column: int) -> Collection:
        found = Collection(is_mapping, flow=False)
        self.columns.append(column)
        while not self.ended():
            found.members.append(self.member(is_mapping))
        found.foot = self.foot(column)
        self.columns.pop()
        self.at += 1
        return found

    def flow(self, is_mapping: bool, owner: Member) -> Collection:
        found = Collection(is_mapping, flow=True)
        while not self.ended():
            found.members.append(self.member(is_mapping))
        self.take(self.events[self.at].start_mark.index, found.foot)
        self.last = owner
        self.at += 1
        return found

    def ended(self) -> bool:
        return type(self.events[self.at]) in _COLLECTION_ENDS

    def member(self, has_key: bool) -> Member:
        member = Member()
        start = self.events[self.at].start_mark
        self.take(start.index, member.leading)
        self.last = member
        if has_key:
            key = self.node(member)
            assert isinstance(key, Scalar), "a key is a text"
            if "\n" in key.text or key.body is not None:
                _refuse(self.file, self.text, key.start, "a key of more than one line", "write it in one line")
            member.key = key
        value = self.events[self.at]
        member.below = value.start_mark.line > start.line
        if type(value) is yaml.ScalarEvent or value.flow_style:
            above: list[str] = []
            self.take(value.start_mark.index, above)
            member.leading += [comment for comment in above if comment]
        member.value = self.node(member)
        return member

    def take(self, index: int, leading: list[str]) -> None:
        """Hand out all comments before a place: those in lines of their own, and those behind something."""
        while self.next_note < len(self.notes) and self.notes[self.next_note].index < index:
            note = self.notes[self.next_note]
            (leading if note.own_line else self.last.trailing).append(note.text)
            self.next_note += 1

    def foot(self, column: int) -> list[str]:
        """The comments behind a block's last member that are indented like the block, and no blank lines after them."""
        ends = 0
        while isinstance(self.events[self.at + ends], _ENDS) and self.at + ends < len(self.events) - 1:
            ends += 1
        outer = self.columns[-ends - 1] if ends < len(self.columns) else -1
        bound = self.events[self.at + ends].start_mark.index if outer >= 0 else len(self.text) + 1
        taken = self.next_note
        for number in range(self.next_note, len(self.notes)):
            note = self.notes[number]
            if note.index >= bound or (note.own_line and note.text and not note.column >= column > outer):
                break
            taken = number + 1 if note.text else taken
        found: list[str] = []
        self.take(self.notes[taken - 1].index + 1 if taken > self.next_note else 0, found)
        return found
