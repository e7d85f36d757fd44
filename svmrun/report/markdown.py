"""Pieces of Markdown in which no text can break out of its place."""

from __future__ import annotations

from svmrun.report.words import printable


def code(text: str) -> str:
    """Inline code that survives backticks in it, and bars inside a table."""
    fence = "`" * (max((len(run) for run in _backticks(text)), default=0) + 1)
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{pad}{text}{pad}{fence}".replace("|", "\\|")


def plain(text: str) -> str:
    """Text without any markup."""
    return "".join(f"\\{c}" if c in "\\`*_[]<>|#" else c for c in printable(text))


def _backticks(text: str) -> list[str]:
    return "".join(c if c == "`" else " " for c in text).split()
