"""`svmrun world list | show NAME | from-metastat FILE | schema`: the worlds of the simulator."""

from __future__ import annotations

import argparse
import json
import os
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from svmrun.cli.parser import Parser, add_command
from svmrun.errors import InvalidInput, Problem, UsageError
from svmrun.runbook.source import load
from svmrun.simulator.from_metastat import world_from_metastat
from svmrun.simulator.world import World
from svmrun.simulator.world_file import load_world, shipped_names, world_path
from svmrun.simulator.world_plain import world_to_plain
from svmrun.simulator.world_schema import world_schema

if TYPE_CHECKING:
    from svmrun.cli.parser import Subparsers

LARGEST_BYTES = 16 * 1024 * 1024
EXAMPLES = [
    ("svmrun world list", "the worlds that are shipped"),
    ("svmrun world show resyncing", "one of them, whole, as YAML"),
    ("metastat -s oracle -p | svmrun world from-metastat - -o oracle.yaml", "a world with the volumes of this host"),
    ("svmrun execute mirror-backup --simulate oracle.yaml", "try a runbook on it"),
]


def add_parser(subparsers: Subparsers) -> None:
    parser = add_command(subparsers, "world", "Build and show the worlds of the simulator.", examples=EXAMPLES)
    kinds = parser.add_subparsers(
        dest="kind", metavar="list|show|from-metastat|schema", required=True, parser_class=Parser
    )
    kinds.add_parser("list", description="Name the worlds that are shipped, one a line.", help="name the worlds")
    show = kinds.add_parser("show", description="Print a world as YAML.", help="print a world")
    show.add_argument("name", metavar="WORLD", help="a shipped world, or a file")
    kinds.add_parser("schema", description="Print the JSON schema of world files.", help="print the schema")
    build = kinds.add_parser(
        "from-metastat",
        description="Build a world from the output of metastat -p [-s SET]; what it does not tell is invented.",
        help="build a world",
    )
    build.add_argument("file", metavar="FILE", help="the output, or - for standard input")
    build.add_argument("-o", "--output", metavar="OUT", help="write it there instead of printing it")
    build.add_argument("--name", help="its name (default: that of the file)")
    build.add_argument("--host", default="node1", help="the host's name (default: %(default)s)")
    build.add_argument("--mirror", help="the mirror to back up in examples (default: the first with two sides)")


def run(options: argparse.Namespace) -> int:
    if options.kind == "list":
        print("\n".join(f"{name:<20} {_summary(name)}" for name in shipped_names()))
    elif options.kind == "schema":
        print(json.dumps(world_schema(), indent=2))
    elif options.kind == "show":
        print(_yaml(load_world(options.name, load)), end="")
    else:
        _build(options)
    return 0


def _summary(name: str) -> str:
    """The first sentence of the comment at the head of the file, which says what is special."""
    lines = Path(world_path(name)).read_text(encoding="utf-8").splitlines()
    comment = " ".join(line[2:] for line in lines if line.startswith("# ") and "$schema" not in line)
    return comment.partition(". ")[0].removesuffix(".") + "."


def _build(options: argparse.Namespace) -> None:
    text = _read(options.file)
    stem = "from-metastat" if options.file == "-" else Path(options.file).stem
    world = world_from_metastat(
        text, file=options.file, name=options.name or stem, host=options.host, mirror=options.mirror
    )
    if options.output is None:
        print(_yaml(world), end="")
        return
    try:
        Path(options.output).write_text(_yaml(world), encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot write {options.output}: {error.strerror}") from None
    print(f"wrote {options.output}; {_what_to_try(world, options.output)}", file=sys.stderr)


def _what_to_try(world: World, output: str) -> str:
    if "mirror" not in world.parameters:
        return "no mirror in it has two sides, so there is nothing that mirror-backup could back up"
    return f"try: svmrun execute mirror-backup --simulate {shlex.quote(output)}"


def _read(file: str) -> str:
    try:
        if file == "-":
            data = sys.stdin.buffer.read(LARGEST_BYTES + 1)
        else:
            with open(file, "rb") as stream:
                data = stream.read(LARGEST_BYTES + 1)
    except OSError as error:
        raise InvalidInput([Problem(f"cannot read {file}: {os.strerror(error.errno or 0)}")]) from None
    if len(data) > LARGEST_BYTES:
        raise InvalidInput([Problem(f"{file} is larger than the output of metastat can be")])
    return data.decode("utf-8", errors="replace")


def _yaml(world: World) -> str:
    return yaml.dump(world_to_plain(world), Dumper=_Dumper, sort_keys=False, width=120, default_flow_style=None)


class _Dumper(yaml.SafeDumper):
    """Writes equal parts twice instead of making aliases, which the reader of worlds refuses."""

    def ignore_aliases(self, _data: Any) -> bool:
        return True
