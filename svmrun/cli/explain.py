"""`svmrun explain RUNBOOK`: the procedure as a document that a person can follow by hand, without svmrun."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from svmrun.cli.arguments import OWN_WORLD
from svmrun.cli.parser import Subparsers, add_command

if TYPE_CHECKING:
    from svmrun.manual.values import Values
    from svmrun.runbook.model import Runbook

Json = Any
EXAMPLES = [
    ("svmrun explain mirror-backup", "with words in capitals for what must be filled in"),
    ("svmrun explain mirror-backup -p diskset=schost-1 -p mirror=d0 -p submirror=d30 -p mount_point=/export", "yours"),
    ("svmrun explain mirror-backup --simulate", "as on the documented cluster: with the values of its facts, too"),
    ("svmrun explain mirror-backup --output html > mirror-backup.html", "to print, and to keep beside the machine"),
]
NOTES = """\
Nothing is run, and no host is touched: facts of a host are known only from a world (svmrun world from-metastat makes
one of your own). Conditions that depend on unknown values are told as conditions."""


def add_parser(subparsers: Subparsers) -> None:
    parser = add_command(
        subparsers,
        "explain",
        "Print the procedure for a person who follows it by hand: purpose, commands, what to expect, what to do when "
        "one fails.",
        examples=EXAMPLES,
        notes=NOTES,
    )
    parser.add_argument("runbook", metavar="RUNBOOK", help="a file, or a name found in runbooks/ and $SVMRUN_PATH")
    parser.add_argument(
        "-p", "--param", metavar="NAME=VALUE", action="append", default=[], help="a parameter (may be repeated)"
    )
    parser.add_argument("--params-file", metavar="FILE", help="parameters as YAML or JSON")
    parser.add_argument("--examples", action="store_true", help="the runbook's own examples where nothing is given")
    parser.add_argument(
        "--simulate",
        "--world",
        dest="simulate",
        metavar="WORLD",
        nargs="?",
        const=True,
        help=f"with the parameters and facts of a simulated host: a world's name or file ({OWN_WORLD})",
    )
    parser.add_argument(
        "--output", choices=["text", "markdown", "html"], default="text", help="how to print it (default: text)"
    )


def run(options: argparse.Namespace) -> int:
    from svmrun.adapters.registry import adapters
    from svmrun.cli.preparing import load
    from svmrun.manual.build import manual

    runbook = load(options.runbook)
    values = _of_world(options, runbook) if options.simulate else _without_host(options, runbook)
    print(_writers()[options.output](manual(runbook, values, adapters())), end="")
    return 0


def _writers() -> dict[str, Any]:
    from svmrun.manual.html import manual_html
    from svmrun.manual.markdown import manual_markdown
    from svmrun.manual.text import manual_text

    return {"text": manual_text, "markdown": manual_markdown, "html": manual_html}


def _without_host(options: argparse.Namespace, runbook: Runbook) -> Values:
    from svmrun.manual.values import values_of

    return values_of(runbook, _given(options, runbook, {}), examples=options.examples)


def _given(options: argparse.Namespace, runbook: Runbook, fallback: dict[str, Json]) -> dict[str, Json]:
    """What was given, checked; what is missing is left to a word that stands for it."""
    from svmrun.effects import runbook_files
    from svmrun.runbook.parameters import Origins, given

    file = options.params_file
    origins = Origins(
        assignments=options.param,
        file=(file, runbook_files.read(Path(file))) if file else None,
        fallback=fallback,
        read_file=lambda path: Path(path).read_text(encoding="utf-8"),
    )
    optional = tuple(replace(parameter, has_default=True) for parameter in runbook.parameters)
    return given(replace(runbook, parameters=optional), origins)


def _of_world(options: argparse.Namespace, runbook: Runbook) -> Values:
    """Everything that is known when the facts have been read there. The checks need not hold."""
    from svmrun import target as targets
    from svmrun.cli.preparing import make_setting
    from svmrun.cli.worlds import own_world
    from svmrun.effects.cancel import Cancel
    from svmrun.effects.setting import Nobody
    from svmrun.effects.state_folder import state_root
    from svmrun.manual.values import Values
    from svmrun.preparation import Gathering
    from svmrun.report.observer import Silent
    from svmrun.runbook.parameters import Origins, given

    world = own_world(runbook.name) if options.simulate is True else options.simulate
    target = targets.simulated(world, state_root(), "", 0.0)
    try:
        values = _given(options, runbook, dict(target.parameters))
        given(runbook, Origins(fallback=values))  # here none may be missing
        setting = make_setting(target, Silent(), Nobody(), "")
        names = Gathering(runbook, setting, target.facts, values, target.resolve, Cancel()).known().names
    finally:
        target.dispose()
    secret = _secret(runbook, names)
    return Values({name: value for name, value in names.items() if name not in secret})


def _secret(runbook: Runbook, names: dict[str, Json]) -> set[str]:
    """Secret parameters, and facts in which a secret appears."""
    from svmrun.runbook.secrecy import hidden_texts
    from svmrun.runbook.template import texts

    hidden = hidden_texts(runbook, names)
    telling = {n for n, value in names.items() if any(h in text for text, _ in texts(value) for h in hidden)}
    return telling | {parameter.name for parameter in runbook.parameters if parameter.secret}
