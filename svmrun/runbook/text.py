"""Bytes to text: what a runbook's file may hold at all."""

from __future__ import annotations

import codecs
import re

from svmrun.errors import InvalidInput, Position, Problem

MAXIMUM_BYTES = 1_000_000
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x84\x86-\x9f\ud800-\udfff\ufeff\ufffe\uffff]")
_MARKS = (
    (codecs.BOM_UTF8, "UTF-8"),
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)


def decode(file: str, data: bytes) -> str:
    """The text of a file, which must be UTF-8 without a byte-order mark and without control characters.

    Raises InvalidInput with the place of the first byte that does not belong.
    """
    if len(data) > MAXIMUM_BYTES:
        raise _refused(file, f"the file is too large: {len(data)} bytes, the limit is {MAXIMUM_BYTES}")
    for mark, name in _MARKS:
        if data.startswith(mark):
            raise _refused(file, f"the file begins with a {name} byte-order mark", "save it as UTF-8 without one")
    if b"\x00" in data:
        raise _at(file, data[: data.index(b"\x00")], "a NUL byte: this is not a text file", "save it as UTF-8 text")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        message = f"byte 0x{data[error.start]:02x} is not UTF-8"
        raise _at(file, data[: error.start], message, "save the file as UTF-8") from None
    if found := _CONTROL.search(text):
        message = f"control character U+{ord(found[0]):04X}"
        raise _at(file, text[: found.start()].encode(), message, 'write it as an escape in double quotes, e.g. "\\x07"')
    return text


def _refused(file: str, message: str, hint: str | None = None) -> InvalidInput:
    return InvalidInput([Problem(message, Position(file), None, hint)])


def _at(file: str, before: bytes, message: str, hint: str) -> InvalidInput:
    lines = before.decode("utf-8", errors="replace").splitlines(keepends=True) or [""]
    ended = lines[-1].endswith(("\n", "\r", "\x85", "\u2028", "\u2029"))
    line, column = (len(lines) + 1, 1) if ended else (len(lines), len(lines[-1]) + 1)
    return InvalidInput([Problem(message, Position(file, line, column), None, hint)])
