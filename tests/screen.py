"""What a terminal shows after some output: just as much of ECMA-48 as rich writes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import pexpect

TOKEN = re.compile(r"\x1b\[([?0-9;]*)([A-Za-z])|\r|\n|[^\x1b\r\n]+", re.DOTALL)


def on_terminal(argv: Sequence[str], environment: Mapping[str, str], width: int = 80, height: int = 24) -> str:
    """All that a program writes to a pseudo-terminal of its own."""
    dimensions = (height, width)
    with pexpect.spawn(
        argv[0], list(argv[1:]), env=dict(environment), dimensions=dimensions, encoding="utf-8", timeout=60
    ) as terminal:
        terminal.expect(pexpect.EOF)
        return terminal.before or ""


class Screen:
    """An endless screen of `width` columns that wraps as terminals do."""

    def __init__(self, width: int) -> None:
        self._width = width
        self._rows: list[str] = [""]
        self._row = self._column = 0

    def feed(self, text: str) -> Screen:
        for match in TOKEN.finditer(text):
            if match[2]:
                self._control(match[1], match[2])
            elif match[0] == "\r":
                self._column = 0
            elif match[0] == "\n":
                self._down()
            else:
                for character in match[0]:
                    self._put(character)
        return self

    def lines(self) -> list[str]:
        return [row.rstrip() for row in self._rows]

    def text(self) -> str:
        return "\n".join(self.lines())

    def _put(self, character: str) -> None:
        if self._column >= self._width:
            self._column = 0
            self._down()
        row = self._rows[self._row].ljust(self._column)
        self._rows[self._row] = row[: self._column] + character + row[self._column + 1 :]
        self._column += 1

    def _down(self) -> None:
        self._row += 1
        if self._row == len(self._rows):
            self._rows.append("")

    def _control(self, parameters: str, letter: str) -> None:
        if letter == "A":
            self._row = max(0, self._row - int(parameters or 1))
        elif letter == "K" and parameters == "2":
            self._rows[self._row] = ""
        elif letter == "K":
            self._rows[self._row] = self._rows[self._row][: self._column]
