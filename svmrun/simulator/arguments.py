"""Command line options as getopt(3C) reads them, with its words for bad ones."""

from __future__ import annotations

import getopt
from collections.abc import Sequence


class BadOption(Exception):
    """An option that does not exist, or lacks its argument. The text is getopt's own line without the command."""


def options(words: Sequence[str], letters: str) -> tuple[list[tuple[str, str]], list[str]]:
    """The options in their order, each with its argument (or ""), and the remaining words. Raises BadOption."""
    try:
        found, rest = getopt.getopt(list(words), letters)
    except getopt.GetoptError as error:
        text = "option requires an argument" if "requires argument" in error.msg else "illegal option"
        raise BadOption(f"{text} -- {error.opt}") from None
    return [(flag[1:], value) for flag, value in found], rest
