"""What can be typed, read from the parsers themselves: the scripts cannot fall behind them."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from svmrun.cli.parser import Parser

Kind = Literal["choices", "file", "folder", "runbook", "world", "run", "free"]
Names = Mapping[str, Sequence[str]]  # by kind: the names of what comes with svmrun
NO_NAMES: Names = {"runbook": (), "world": ()}
KINDS: Mapping[str, Kind] = {
    "FILE": "file",
    "OUT": "file",
    "PATH": "file",
    "DIR": "folder",
    "FOLDER": "folder",
    "RUN": "run",
    "RUNBOOK": "runbook",
    "WORLD": "world",
}


@dataclass(frozen=True)
class Value:
    """What an option or an argument takes."""

    kind: Kind
    name: str
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Option:
    """`value` is None for a switch."""

    strings: tuple[str, ...]
    help: str
    value: Value | None
    repeated: bool = False


@dataclass(frozen=True)
class CommandGrammar:
    """`path` are the words of the command, without the program's name: `("world", "show")`."""

    path: tuple[str, ...]
    help: str
    options: tuple[Option, ...]
    arguments: tuple[Value, ...]
    commands: tuple[CommandGrammar, ...] = ()

    def walk(self) -> Iterator[CommandGrammar]:
        yield self
        for command in self.commands:
            yield from command.walk()


def with_names(head: str, names: Names) -> str:
    """The head of a script, with the names of each kind where it says `@KIND@`."""
    for kind, known in names.items():
        head = head.replace(f"@{kind}@", " ".join(sorted(known)))
    return head


def read_grammar(parser: Parser, path: tuple[str, ...], summary: str) -> CommandGrammar:
    """The grammar of one subcommand, and of those below it."""
    options, arguments, commands = [], [], []
    for action in parser.actions():
        if isinstance(action, argparse._SubParsersAction):
            helps = {choice.dest: choice.help or "" for choice in action._choices_actions}
            for name, below in action.choices.items():
                commands.append(read_grammar(below, (*path, name), helps.get(name, "")))
        elif action.option_strings:
            value = None if action.nargs == 0 else _value(action)
            repeated = isinstance(action, argparse._AppendAction)
            options.append(Option(tuple(action.option_strings), _help(action), value, repeated))
        else:
            arguments.append(_value(action))
    return CommandGrammar(path, summary, tuple(options), tuple(arguments), tuple(commands))


def _value(action: argparse.Action) -> Value:
    metavar = action.metavar[0] if isinstance(action.metavar, tuple) else action.metavar
    name = metavar or action.dest.upper()
    if action.choices is not None:
        return Value("choices", name, tuple(str(choice) for choice in action.choices))
    return Value(KINDS.get(name, "free"), name)


def _help(action: argparse.Action) -> str:
    """One line without argparse's own placeholders."""
    text = action.help or ""
    return " ".join((text % {"default": action.default, "prog": "svmrun"} if "%" in text else text).split())
