"""`svmrun completion SHELL`: a static script, so that a press of TAB starts no Python."""

from __future__ import annotations

import argparse
import importlib

from svmrun.cli.commands import COMMANDS
from svmrun.cli.completions import bash, fish, zsh
from svmrun.cli.completions.grammar import CommandGrammar, read_grammar
from svmrun.cli.parser import Parser, Subparsers, add_command
from svmrun.effects.runbook_files import shipped
from svmrun.simulator.world_file import shipped_names

SCRIPTS = {"bash": bash.script, "zsh": zsh.script, "fish": fish.script}
EXAMPLES = [
    ("svmrun completion bash > /etc/bash_completion.d/svmrun", "for everybody on this host"),
    ('eval "$(svmrun completion bash)"', "for this shell, or in ~/.bashrc"),
    ("svmrun completion zsh > ~/.zsh/completions/_svmrun", "a folder that stands in fpath"),
    ("svmrun completion fish > ~/.config/fish/completions/svmrun.fish", "for fish"),
]


def add_parser(subparsers: Subparsers) -> None:
    parser = add_command(
        subparsers,
        "completion",
        "Print a completion script. It knows the commands of this version: make it again after an update.",
        examples=EXAMPLES,
    )
    parser.add_argument("shell", choices=list(SCRIPTS), metavar="SHELL", help=f"one of: {', '.join(SCRIPTS)}")


def run(options: argparse.Namespace) -> int:
    runbooks = [path.stem for path in shipped("runbooks").glob("*.yaml")]
    print(SCRIPTS[options.shell](grammars(), {"runbook": runbooks, "world": shipped_names()}), end="")
    return 0


def grammars() -> list[CommandGrammar]:
    """The grammar of every subcommand."""
    parser = Parser(prog="svmrun")
    subparsers = parser.add_subparsers()
    for module, _summary in COMMANDS.values():
        importlib.import_module(module).add_parser(subparsers)
    return [read_grammar(subparsers.choices[name], (name,), text) for name, (_, text) in COMMANDS.items()]
