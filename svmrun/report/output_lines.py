"""Bytes of a running program to whole, printable lines, with bounded memory."""

from __future__ import annotations

import codecs
import re

from svmrun.report.words import printable

LONGEST_LINE = 8192  # characters; longer ones are printed in parts
LINE_END = re.compile(r"\r\n|\n|\r(?!$)")  # a carriage return at the end may be the first half of a line end


class OutputLines:
    """One stream of one action."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("backslashreplace")
        self._rest = ""

    def feed(self, data: bytes) -> list[str]:
        """The lines that are complete now."""
        *lines, self._rest = LINE_END.split(self._rest + self._decoder.decode(data))
        while len(self._rest) > LONGEST_LINE:
            lines.append(self._rest[:LONGEST_LINE])
            self._rest = self._rest[LONGEST_LINE:]
        return [printable(line) for line in lines]

    def finish(self) -> list[str]:
        """What has no line end (a question, the last words of a killed program)."""
        rest = (self._rest + self._decoder.decode(b"", final=True)).rstrip("\r")
        self._rest = ""
        return [printable(rest)] if rest else []
