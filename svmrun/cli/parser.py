"""The argument parser of every subcommand: argparse with suggestions, examples kept as written, and no exit."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from typing import Any, NoReturn, TypeAlias

from svmrun.errors import UsageError

Subparsers: TypeAlias = "argparse._SubParsersAction[Parser]"


class Parser(argparse.ArgumentParser):
    """Raises UsageError for what it cannot read; an option is never guessed from its first letters."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        kwargs.setdefault("allow_abbrev", False)
        super().__init__(*args, **kwargs)

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{self.prog.removeprefix('svmrun ')}: {message}\ntry: {self.prog} --help")

    def actions(self) -> list[argparse.Action]:
        """Everything that can be typed for this command."""
        return self._actions

    def options(self) -> list[str]:
        """Every option string that this parser knows."""
        return [text for action in self._actions for text in action.option_strings]

    def refuse(self, extras: Sequence[str]) -> NoReturn:
        """Raise UsageError for words that are neither options nor arguments of this command."""
        word = extras[0].split("=", 1)[0]
        if word.startswith("-"):
            self.error(f"there is no option {word}{did_you_mean(word, self.options())}")
        self.error(f"one argument too many: {word!r}")

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is not None and value not in action.choices:
            known = [str(choice) for choice in action.choices]
            near = did_you_mean(str(value), known) or f" (known: {', '.join(known)})"
            raise argparse.ArgumentError(action, f"there is no {value!r}{near}")


def add_command(
    subparsers: Subparsers, name: str, description: str, *, examples: Sequence[tuple[str, str]] = (), notes: str = ""
) -> Parser:
    """A parser whose help ends like a manual page: examples as (command line, what it does), then notes."""
    lines = ["examples:"] + [line for command, what in examples for line in (f"  {command}", f"      {what}")]
    parts = ["\n".join(lines) if examples else "", notes.strip("\n")]
    return subparsers.add_parser(name, description=description, epilog="\n\n".join(part for part in parts if part))


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`; did you mean X?` for the nearest known word, or nothing."""
    import difflib

    near = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"; did you mean {near[0]}?" if near else ""
