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
from svmrun.runbook.notes import Note

_ALLOW = re.compile(r"# ?svmrun: *allow\b(?P<rules>.*?)(\bbecause\b(?P<reason>.*))?")
_ID = re.compile(r"\bSR[0-9]{3}\b")
_MEMBER = 2  # ("steps", 3) is the path of a member of a section


@dataclass(frozen=True)
class Allowance:
    """What one comment allows, in the lines `first` to `last` (from 1)."""

    note: Note
    rules: tuple[str, ...]
    reason: str
    first: int
    last: int

    def covers(self, finding: Finding) -> bool:
        return finding.rule.id in self.rules and self.first <= finding.line <= self.last and bool(self.reason)


def allowances(book: Book) -> tuple[Allowance, ...]:
    """Every comment that allows something."""
    found = [(note, match) for note in book.written.notes if (match := _ALLOW.fullmatch(note.text))]
    return tuple(_allowance(book, note, match) for note, match in found)


def _allowance(book: Book, note: Note, match: re.Match[str]) -> Allowance:
    first, last = _lines(book, note)
    return Allowance(note, tuple(_ID.findall(match["rules"])), (match["reason"] or "").strip(), first, last)


def _lines(book: Book, note: Note) -> tuple[int, int]:
    if not note.own_line:
        return note.line + 1, note.line + 1
    passed = {other.line for other in book.written.notes if other.own_line}
    first = note.line + 1
    while first - 1 in passed:
        first += 1
    return first, _last_line(book, first)


def _last_line(book: Book, first: int) -> int:
    """The last line of the member of a section that begins there; the line itself where none does."""
    source = book.runbook.source
    places = {source.position(path, of_key=True).line: path for path in source.values if 0 < len(path) <= _MEMBER}
    if len(places.get(first, ())) != _MEMBER:
        return first
    later = [line for line in places if line > first]
    return min(later) - 1 if later else len(source.text.splitlines())


def without_reason(book: Book) -> Iterator[Found]:
    for allowance in allowances(book):
        if not allowance.rules:
            yield Found("this comment does not say which rule it allows", position=_place(book, allowance.note))
        elif not allowance.reason:
            message = f"{', '.join(allowance.rules)} cannot be allowed without a reason"
            yield Found(message, hint="write: because REASON", position=_place(book, allowance.note))


def unknown(book: Book, ids: Collection[str]) -> Iterator[Found]:
    """Allowances of rules that do not exist."""
    for allowance in allowances(book):
        for rule in sorted(set(allowance.rules) - set(ids)):
            yield Found(f"there is no rule {rule}", hint="svmrun lint --list", position=_place(book, allowance.note))


def unused(book: Book, rule: Rule, findings: Sequence[Finding], selected: Sequence[Rule]) -> Iterator[Found]:
    """Allowances that cover nothing, of rules that were looked for; the comment can be taken away."""
    looked_for = {one.id for one in selected if one is not rule}
    for allowance in allowances(book):
        known = bool(allowance.rules) and set(allowance.rules) <= looked_for
        if known and allowance.reason and not any(allowance.covers(finding) for finding in findings):
            message = f"nothing is found here that {', '.join(allowance.rules)} could allow"
            note = allowance.note
            edit = Edit(note.line + 1, _column(book, note), _column(book, note) + len(note.text), "")
            yield Found(message, hint="take the comment away", position=_place(book, note), edit=edit)


def _column(book: Book, note: Note) -> int:
    return note.index - (book.written.text.rfind("\n", 0, note.index) + 1)


def _place(book: Book, note: Note) -> Position:
    return Position(book.runbook.source.file, note.line + 1, _column(book, note) + 1)


def nothing_by_itself(book: Book) -> Iterator[Found]:  # noqa: ARG001 - what it finds depends on the other rules
    return iter(())


UNUSED = Rule("SR002", "unused-allowance", "note", "A comment that allows what is not found", nothing_by_itself)
RULES = (
    Rule("SR001", "allowed-without-reason", "warning", "A rule is silenced without a reason", without_reason),
    UNUSED,
)
