"""Places in a text: offsets, and lines with columns (both from 0, in characters)."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property

from svmrun.errors import Position

_INDENTATION = re.compile("[ -]*")
_TOKEN = re.compile(r"""[\w./-]+|"[^"]*"|'[^']*'|\S+""")


@dataclass(frozen=True)
class Range:
    """From `start` to before `end`, offsets."""

    start: int
    end: int

    def holds(self, offset: int) -> bool:
        """A cursor right behind a word is on it, too."""
        return self.start <= offset <= self.end


@dataclass(frozen=True)
class Text:
    text: str

    @cached_property
    def _starts(self) -> list[int]:
        return [0, *(found.end() for found in re.finditer("\n", self.text))]

    def offset(self, line: int, column: int) -> int:
        """The offset of a place; one behind a line's end, or the text's, is at that end."""
        if line >= len(self._starts):
            return len(self.text)
        end = self._starts[line + 1] - 1 if line + 1 < len(self._starts) else len(self.text)
        return min(self._starts[line] + column, end)

    def place(self, offset: int) -> tuple[int, int]:
        line = bisect_right(self._starts, offset) - 1
        return line, offset - self._starts[line]

    def behind_indentation(self, offset: int) -> int:
        """Where the line's own text begins, for a place in front of it; a list's dash belongs to what follows it."""
        start = self._starts[self.place(offset)[0]]
        indentation = _INDENTATION.match(self.text, start)
        return max(offset, indentation.end() if indentation else start)

    def offset_of(self, position: Position) -> int:
        return self.offset(position.line - 1, position.column - 1)

    def token_at(self, position: Position | None) -> Range:
        """What to underline for a message about that place: the word or quoted text there."""
        start = self.offset_of(position) if position else 0
        found = _TOKEN.match(self.text, start)
        return Range(start, found.end() if found else start)
