"""`svmrun verify RUNBOOK`: every failure of a runbook, tried in memory before it touches a disk."""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING

from svmrun.cli.arguments import OWN_WORLD
from svmrun.cli.parser import Subparsers, add_command

if TYPE_CHECKING:
    from svmrun.report.verified import Mutant, Verified
    from svmrun.runbook.files import Files
    from svmrun.runbook.load import Reading
    from svmrun.verify.prepare import Preparation

EXAMPLES = [
    ("svmrun verify mirror-backup", "every single failure of the shipped backup, in its example world"),
    ("svmrun verify mirror-backup.yaml --depth 2 --jobs 2", "all pairs of failures, those inside rollbacks included"),
    ("svmrun verify mirror-backup.yaml --world oracle.yaml -p mirror=d5", "in the world of your own volumes"),
    ("svmrun verify mirror-backup --story 0:reboot", "one story, told from its start to its end"),
    ("svmrun verify mirror-backup.yaml --mutate", "is there a check, a handler or a hold that protects nothing?"),
    ("svmrun verify mirror-backup.yaml --output junit > verify.xml", "for a CI server"),
]
NOTES = """\
what is tried: each action failing, lying, timing out (before, after, and long after its effect), printing rubbish;
the runner killed at each record of the journal, its guard, both; Ctrl-C; a runner that stands still; a full journal;
a reboot, a lost connection, a failover; failing disks, a resync, a tape at its end; somebody else's lock.

What was taken for granted stands at the end, each with its number: what was `not modelled`, what was `not tried`, and
what the stories were `judged with` (how late a release may begin, what failed tries may add, when somebody recovers).

exit codes: 0 all stories end well; 1 at least one does not; 3 the runbook is invalid; 6 the run would not even start
in this world
"""


def add_parser(subparsers: Subparsers) -> None:
    parser = add_command(
        subparsers,
        "verify",
        "Try every failure of a runbook in memory: is there one after which something stays locked, broken or untrue?",
        examples=EXAMPLES,
        notes=NOTES,
    )
    parser.add_argument(
        "runbooks", nargs="+", metavar="RUNBOOK", help="a file, or a name found in runbooks/ and $SVMRUN_PATH"
    )
    parser.add_argument(
        "-p", "--param", metavar="NAME=VALUE", action="append", default=[], help="a parameter (may be repeated)"
    )
    parser.add_argument("--params-file", metavar="FILE", help="parameters as YAML or JSON")
    parser.add_argument(
        "--world",
        metavar="WORLD",
        default=True,
        help=f"a world's name or file, or a folder with a world for each runbook ({OWN_WORLD})",
    )
    parser.add_argument("--depth", type=int, choices=(1, 2), default=1, help="failures in one story (default: 1)")
    parser.add_argument("--jobs", type=int, metavar="N", default=0, help="processes (default: one per processor)")
    parser.add_argument("--output", choices=("text", "json", "junit"), default="text", help="default: text")
    parser.add_argument("--story", metavar="ID", help="tell one story whole, by the id that a violation shows")
    parser.add_argument("--mutate", action="store_true", help="break the runbook on purpose: is it noticed?")
    parser.add_argument(
        "--become", choices=["pfexec", "sudo", "su"], default="", help="how commands that need root get it"
    )


def run(options: argparse.Namespace) -> int:
    if options.story:
        return _tell(_preparation(options, options.runbooks[0]), options.story)
    import gc

    from svmrun.report.document import as_json
    from svmrun.report.verified_text import verified_junit, verified_text

    gc.disable()  # a million small values, none of them in a circle: looking for circles takes a fifth of the time
    names = [name for name in options.runbooks if not _is_part(name)]
    if options.output == "junit":
        results = [_verified(options, name) for name in names]
        print(verified_junit(results))
    else:
        results = []
        for name in names:
            results.append(_verified(options, name))
            print(as_json(results[-1]) if options.output == "json" else verified_text(results[-1]), flush=True)
    if any(result.violations for result in results):
        return 1
    return 0 if all(result.ok for result in results) else 6


def _is_part(name: str) -> bool:
    """A list of steps, told so: who gives all files of a folder, or those of a commit, gives these too."""
    from svmrun.cli.comparing import is_part
    from svmrun.effects import runbook_files

    found = is_part(runbook_files.read(runbook_files.find(name)))
    if found:
        print(f"{name}: a list of steps; it is tried in the runbooks that include it", file=sys.stderr)
    return found


def _verified(options: argparse.Namespace, name: str) -> Verified:
    import time

    from svmrun.values import replace
    from svmrun.verify.verification import verify

    preparation = _preparation(options, name)
    jobs = options.jobs or os.cpu_count() or 1
    began = time.monotonic()
    result = verify(preparation, options.depth, jobs)
    seconds = round(time.monotonic() - began, 3)
    if options.mutate and not result.prevented:
        result = replace(result, mutants=_mutants(preparation, jobs))
    return replace(result, seconds=seconds)


def _mutants(preparation: Preparation, jobs: int) -> tuple[Mutant, ...]:
    from pathlib import Path

    from svmrun.effects.runbook_files import Beside
    from svmrun.runbook.load import checked_reading
    from svmrun.verify.mutate import Laboratory

    source = preparation.runbook.source
    files = Beside(Path(source.file))
    reading = checked_reading(source.file, source.text.encode(), preparation.adapters, files)
    _name_from_here(reading, files)
    known = (preparation.adapters, preparation.world, preparation.given, preparation.become, files)
    return Laboratory(preparation.runbook, reading.document, *known).mutants(jobs)


def _name_from_here(reading: Reading, files: Files) -> None:
    """A call in an included file names another one from there; the mutant is one file, the runbook's own."""
    from svmrun.runbook.calls import CALL, written_calls

    source = reading.runbook.source
    for call in written_calls(reading.document):
        there = source.position((*call.path, CALL)).file
        name = files.beside(there, call.file)
        reading.document["steps"][call.path[1]][CALL] = os.path.relpath(name, os.path.dirname(source.file) or ".")


def _preparation(options: argparse.Namespace, name: str) -> Preparation:
    from pathlib import Path

    from svmrun.adapters.registry import adapters
    from svmrun.cli.preparing import load
    from svmrun.cli.worlds import world_among
    from svmrun.effects import runbook_files
    from svmrun.runbook import source
    from svmrun.runbook.parameters import Origins, given
    from svmrun.simulator.world_file import load_world
    from svmrun.verify.prepare import Preparation

    runbook = load(name)
    world = load_world(world_among(options.world, runbook.name), source.load)
    file = options.params_file
    origins = Origins(
        assignments=options.param,
        file=(file, runbook_files.read(Path(file))) if file else None,
        environment=os.environ,
        fallback=world.parameters,
        read_file=lambda path: Path(path).read_text(encoding="utf-8"),
        ask=None,
    )
    return Preparation(runbook, adapters(), world, given(runbook, origins), options.become)


def _tell(preparation: Preparation, code: str) -> int:
    from svmrun.errors import UsageError
    from svmrun.report.verified_text import story_lines
    from svmrun.verify.story import parse, tell
    from svmrun.verify.verification import shown

    try:
        story = tell(preparation.desk(), parse(code))
    except ValueError as error:
        raise UsageError(f"--story {code}: {error}") from error
    print("\n".join([f"story {story.id}", *story_lines(shown(story))]))
    for finding in story.findings:
        print(f"VIOLATED [{finding.invariant}]: {finding.message}")
    if not story.findings:
        print("nothing is wrong at its end")
    return 1 if story.findings else 0
