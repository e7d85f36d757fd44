"""`svmrun simulate DIR`: the simulated commands as programs in a folder, with a world behind them."""

from __future__ import annotations

import argparse
import math
import shlex
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from svmrun.cli.parser import add_command
from svmrun.errors import UsageError
from svmrun.runbook.source import load
from svmrun.simulator.commands import names
from svmrun.simulator.fault_text import parse_fault
from svmrun.simulator.install import install
from svmrun.simulator.world_file import load_world

if TYPE_CHECKING:
    from svmrun.cli.parser import Subparsers

DEFAULT_WORLD = "schost"
EXAMPLES = [
    ("svmrun simulate /tmp/schost && PATH=/tmp/schost/bin:$PATH metastat -s schost-1", "the documented cluster"),
    (
        "svmrun simulate /tmp/lab --world full-tape --time-scale 0.01",
        "a tape that is too short, a hundred times faster",
    ),
    ("svmrun simulate /tmp/lab --fault metadetach=fail-after", "every metadetach detaches and then fails"),
    ("svmrun simulate /tmp/lab --fault 'lockfs -u#1-2=hang'", "the first two unlocks hang"),
]
NOTES = """\
faults are written PROGRAM[ WORD...][#FIRST[-LAST]]=EFFECT[:SECONDS]; the effects are
  fail        nothing happens, exit 1           fail-after  it happens, exit 1
  lie         nothing happens, exit 0           garbage     it happens and prints rubbish
  hang        nothing happens, never ends       hang-after  it happens, never ends
  stubborn    hangs and ignores TERM and INT    late        hangs; it happens SECONDS after its death
  signal      is killed                         prompt      asks an unknown question first
"""


def add_parser(subparsers: Subparsers) -> None:
    parser = add_command(
        subparsers,
        "simulate",
        "Install simulated Solaris commands in a folder, and a world for them to work on.",
        examples=EXAMPLES,
        notes=NOTES,
    )
    parser.add_argument("folder", metavar="DIR", help="made if it is missing; a world that is there is replaced")
    parser.add_argument("--world", default=DEFAULT_WORLD, metavar="W", help="a shipped world or a file (%(default)s)")
    parser.add_argument(
        "--time-scale",
        type=float,
        metavar="X",
        help="real seconds that a second of the world takes; 0: commands wait not",
    )
    parser.add_argument("--fault", action="append", default=[], metavar="F", help="what shall go wrong; repeatable")


def run(options: argparse.Namespace) -> int:
    """Exit 0 with a few lines on how to use the folder."""
    world = load_world(options.world, load)
    if options.time_scale is not None:
        if not 0 <= options.time_scale < math.inf:
            raise UsageError("--time-scale must be a number from 0")
        world = replace(world, time_scale=options.time_scale)
    world = replace(world, faults=(*world.faults, *(parse_fault(text) for text in options.fault)))
    folder = Path(options.folder).absolute()
    install(folder, world)
    print(
        f"{len(names())} commands on the world {world.name} (host {world.host}) are in {folder / 'bin'}; use them with"
    )
    print(f"  PATH={shlex.quote(str(folder / 'bin'))}:$PATH")
    print(f"The world is {folder / 'world.json'}; the commands change it. To start again, repeat this command.")
    return 0
