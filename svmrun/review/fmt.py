"""A runbook in its canonical layout. What it says is not changed: not a value, not a comment, not a quote.

Keys in the order of `fmt_order`, two blanks of indentation, lists indented under their key, at most one blank line and
none where a block begins, one before each section, one blank before a comment. Braces and brackets stay what they are,
in one line where that has room (120 characters), else as a block; texts of several lines keep their line breaks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from svmrun.adapters.base import Adapter
from svmrun.review.fmt_layout import layout
from svmrun.review.fmt_order import arrange
from svmrun.runbook.load import load_runbook
from svmrun.runbook.source import read
from svmrun.runbook.text import decode
from svmrun.runbook.written import Written, written


def formatted(file: str, data: bytes, registry: Mapping[str, Adapter]) -> bytes:
    """The bytes of the runbook in canonical layout. Raises InvalidInput for a broken one, as `load_runbook` does.

    What was written is read back and compared: a layout that says something else is a bug, and is never returned.
    """
    load_runbook(file, data, registry)
    before = written(file, decode(file, data))
    arrange(before.top, registry)
    after = layout(before).encode()
    _prove(file, data, before, after)
    return after


def _prove(file: str, data: bytes, before: Written, after: bytes) -> None:
    documents = [read(file, content)[0] for content in (data, after)]
    if _spelled(documents[0]) != _spelled(documents[1]):
        raise RuntimeError(f"the canonical layout of {file} would change a value; the file is left as it is")
    if _comments(before) != _comments(written(file, after.decode())):
        raise RuntimeError(f"the canonical layout of {file} would lose a comment; the file is left as it is")


def _spelled(value: object) -> object:
    """The value with its types: 1, 1.0 and true are equal to Python. Members that may be sorted have no order."""
    if isinstance(value, dict):
        return {key: _spelled(member) for key, member in value.items()}
    if isinstance(value, list):
        return [_spelled(member) for member in value]
    return type(value), value


def _comments(document: Written) -> Counter[str]:
    return Counter(note.text for note in document.notes if note.text)
