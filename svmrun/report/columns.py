"""Plain columns of text, as wide as their contents: nothing is cut, so that a line can be searched and copied."""

from __future__ import annotations

from collections.abc import Sequence


def columns(head: Sequence[str], rows: Sequence[Sequence[str]], indent: str = "") -> list[str]:
    """Lines without trailing blanks; the last column may be of any length."""
    widths = [max(len(row[number]) for row in (head, *rows)) for number in range(len(head))]
    return [
        indent + "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in (head, *rows)
    ]
