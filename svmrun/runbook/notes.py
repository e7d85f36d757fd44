"""What stands between the values of a YAML text: comments and blank lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

Span = tuple[int, int]  # from the first character to behind the last


@dataclass(frozen=True)
class Note:
    """A comment from its `#` on, or a blank line (empty text). `line` counts from 0, as `column` does.

    What stands alone behind a dash counts as a line of its own, which begins at the dash.
    """

    text: str
    index: int
    line: int
    column: int
    own_line: bool


def notes_between(text: str, spans: Sequence[Span]) -> list[Note]:
    """The comments and blank lines outside of the spans, which are sorted and hold every value."""
    return list(_notes(text, spans))


def _notes(text: str, spans: Sequence[Span]) -> Iterator[Note]:
    start, next_span = 0, 0
    for number, line in enumerate(text.split("\n")):
        end = start + len(line)
        while next_span < len(spans) and spans[next_span][1] <= start:
            next_span += 1
        inside = next_span < len(spans) and spans[next_span][0] <= start
        if not line.strip() and not inside and end < len(text):
            yield Note("", start, number, 0, own_line=True)
        elif "#" in line and (mark := _comment(text, start, end, spans, next_span)) is not None:
            own_line = not inside and not text[start:mark].strip(" \t-?")
            column = len(line) - len(line.lstrip(" \t"))
            yield Note(text[mark:end].rstrip(), mark, number, column if own_line else mark - start, own_line)
        start = end + 1


def _comment(text: str, start: int, end: int, spans: Sequence[Span], next_span: int) -> int | None:
    """Where the comment of a line begins: at the first `#` outside of the values."""
    place = start
    while next_span < len(spans) and spans[next_span][0] < end:
        first, behind = spans[next_span]
        next_span += 1
        if (mark := text.find("#", place, max(first, place))) >= 0:
            return mark
        place = max(place, behind)
    mark = text.find("#", place, end)
    return mark if mark >= 0 else None
