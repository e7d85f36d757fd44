"""Where a text names other files: what it includes, and what it calls."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from svmrun.editor.places import Range, Text
from svmrun.errors import InvalidInput
from svmrun.runbook.files import Files
from svmrun.runbook.source import read

_NAMING = ("include", "runbook")


@dataclass(frozen=True)
class Link:
    """`range` is the written path, `file` the name of what it leads to."""

    range: Range
    file: str


def links(file: str, text: Text, files: Files | None) -> list[Link]:
    """Those that lead into the tree, in the order of the text; none of a text that cannot be read."""
    return list(_links(file, text, files)) if files else []


def _links(file: str, text: Text, files: Files) -> Iterator[Link]:
    try:
        document, source, _ = read(file, text.text.encode("utf-8", "surrogatepass"))
    except InvalidInput:
        return
    for path, position in source.values.items():
        if path[-1:] and path[-1] in _NAMING and len(path) > 1 and isinstance(path[-2], int):
            written = document
            for key in path:
                written = written[key]
            try:
                yield Link(text.token_at(position), files.beside(file, str(written)))
            except ValueError:
                continue
