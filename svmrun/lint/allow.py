"""`# svmrun: allow SR012 because REASON`: a finding that somebody has looked at.

Behind something it speaks of its own line. In a line of its own it speaks of the next line that is not a comment; where
a member of a section (a step, a check, a fact, a parameter) begins there, of the whole member.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from svmrun.errors import Position
from svmrun.lint.book import Book
from svmrun.lint.rule import Edit, Finding, Found, Rule
from svmrun.runbook.model import Path
from svmrun.runbook.notes import Note
from svmrun.runbook.written import Spelled, spelled

_ALLOW = re.compile(r"# ?svmrun: *allow\b(?P<rules>.*?)(\bbecause\b(?P<reason>.*))?")
_MARK = "svmrun:"
_ID = re.compile(r"\bSR[0-9]{3}\b")
SECTIONS = ("parameters", "facts", "checks", "steps", "invariants")
_MEMBER = 2  # ("steps", 3) is the path of a member of a section


@dataclass(frozen=True)
class Allowance:
    """What one comment allows, in the lines `first` to `last` (from 1)."""

    file: str
    note: Note
    rules: tuple[str, ...]
    reason: str
    first: int
    last: int

    def covers(self, finding: Finding) -> bool:
        here = finding.file == self.file and self.first <= finding.line <= self.last
        return here and finding.rule.id in self.rules and bool(self.reason)


def allowances(book: Book) -> tuple[Allowance, ...]:
    """Every comment that allows something, in whatever file."""
    own = book.runbook.source.file
    others = [(name, text) for name, text in book.runbook.source.others.items() if _MARK in text]
    texts = [(own, book.spelled), *((name, spelled(name, text)) for name, text in others)]
    return tuple(found for name, text in texts for found in _allowances(book, name, text))


def _own(book: Book) -> Iterator[Allowance]:
    return (one for one in allowances(book) if one.file == book.runbook.source.file)


def _allowances(book: Book, file: str, text: Spelled) -> Iterator[Allowance]:
    for note in text.notes:
        if match := _ALLOW.fullmatch(note.text):
            first, last = _lines(book, file, text, note)
            rules, reason = tuple(_ID.findall(match["rules"])), (match["reason"] or "").strip()
            yield Allowance(file, note, rules, reason, first, last)


def _lines(book: Book, file: str, text: Spelled, note: Note) -> tuple[int, int]:
    if not note.own_line:
        return note.line + 1, note.line + 1
    passed = {other.line for other in text.notes if other.own_line}
    first = note.line + 1
    while first - 1 in passed:
        first += 1
    return first, _last_line(book, file, first)


def _last_line(book: Book, file: str, first: int) -> int:
    """The last line of the member of a section that begins there; the line itself where none does."""
    source = book.runbook.source
    found = [(source.position(path, of_key=True), path) for path in source.values if _is_member_or_section(path)]
    places = {place.line: path for place, path in found if place.file == file}
    member = places.get(first, ())
    if len(member) < _MEMBER:
        return first
    later = [line for line, path in places.items() if line > first and path[: len(member)] != member]
    return min(later) - 1 if later else len(source.text_of(file).splitlines())


def _is_member_or_section(path: Path) -> bool:
    """A section of the document, or a member of one; a step that is repeated, or in a called runbook, is one too."""
    outer = path[-_MEMBER - 1 : -_MEMBER]
    return len(path) == 1 or (len(path) >= _MEMBER and path[-_MEMBER] in SECTIONS and _may_hold_sections(outer))


def _may_hold_sections(outer: Path) -> bool:
    return outer in ((), ("runbook",)) or isinstance(outer[0], int)


def without_reason(book: Book) -> Iterator[Found]:
    for allowance in _own(book):
        if not allowance.rules:
            yield Found("this comment does not say which rule it allows", position=_place(book, allowance.note))
        elif not allowance.reason:
            message = f"{', '.join(allowance.rules)} cannot be allowed without a reason"
            yield Found(message, hint="write: because REASON", position=_place(book, allowance.note))


def unknown(book: Book, ids: Collection[str]) -> Iterator[Found]:
    """Allowances of rules that do not exist."""
    for allowance in _own(book):
        for rule in sorted(set(allowance.rules) - set(ids)):
            yield Found(f"there is no rule {rule}", hint="svmrun lint --list", position=_place(book, allowance.note))


def unused(book: Book, rule: Rule, findings: Sequence[Finding], selected: Sequence[Rule]) -> Iterator[Found]:
    """Allowances that cover nothing, of rules that were looked for; the comment can be taken away."""
    looked_for = {one.id for one in selected if one is not rule}
    for allowance in _own(book):
        known = bool(allowance.rules) and set(allowance.rules) <= looked_for
        if known and allowance.reason and not any(allowance.covers(finding) for finding in findings):
            message = f"nothing is found here that {', '.join(allowance.rules)} could allow"
            note = allowance.note
            edit = Edit(note.line + 1, _column(book, note), _column(book, note) + len(note.text), "")
            yield Found(message, hint="take the comment away", position=_place(book, note), edit=edit)


def _column(book: Book, note: Note) -> int:
    return note.index - (book.spelled.text.rfind("\n", 0, note.index) + 1)


def _place(book: Book, note: Note) -> Position:
    return Position(book.runbook.source.file, note.line + 1, _column(book, note) + 1)


def nothing_by_itself(book: Book) -> Iterator[Found]:  # noqa: ARG001 - what it finds depends on the other rules
    return iter(())


UNUSED = Rule("SR002", "unused-allowance", "note", "A comment that allows what is not found", nothing_by_itself)
RULES = (
    Rule(
        "SR001",
        "allowed-without-reason",
        "warning",
        "A rule is silenced without a reason",
        without_reason,
        of_parts=True,
    ),
    UNUSED,
)
