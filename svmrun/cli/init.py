"""`svmrun init [NAME]`: a new runbook, made by asking."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from svmrun.cli.arguments import DEFAULT_WORLD
from svmrun.cli.parser import Subparsers, add_command
from svmrun.errors import InvalidInput, Problem, UsageError

if TYPE_CHECKING:
    from svmrun.drafting.question import Devices, Question
    from svmrun.target import Target

Json = Any
EXAMPLES = [
    ("svmrun init", "asks what is to be backed up, and writes runbooks/NAME.yaml"),
    ("svmrun init --local", "on the host itself: its mirrors and mount points are the choices"),
    ("metastat -s oracle -p > oracle.txt; svmrun init --metastat oracle.txt", "anywhere, with that host's mirrors"),
    ("svmrun init nightly --metastat oracle.txt --answers answers.yaml", "without asking, for scripts"),
]
NOTES = """\
The runbook is one of those that come with svmrun, with your values as defaults and all its comments: it is yours, edit
it. It validates, lints and verifies as written. Nothing is overwritten.

answers (a mapping, YAML or JSON; what is left out has its default):
  name, family: svm | md | lvm | btrfs | postgresql | linux, and by the family
  svm: mirror, submirror, data: ufs | raw, how: detach | offline, mount_point, dump_device; raw: control, database,
       copy_to
  md: array, data: ext4 | xfs, legs, mount_point, dump_to     lvm: volume, copies_left, mount_point, dump_to
  btrfs: subvolume, send_to     postgresql: copy_to     linux: mount_point, copy_to"""


def add_parser(subparsers: Subparsers) -> None:
    parser = add_command(
        subparsers, "init", "Write a new runbook by asking for devices.", examples=EXAMPLES, notes=NOTES
    )
    parser.add_argument("name", nargs="?", metavar="NAME", help="its name (default: asked for)")
    parser.add_argument("-o", "--output", metavar="FILE", help="default: NAME.yaml in runbooks/, if there is one")
    parser.add_argument("--answers", metavar="FILE", help="take the answers from a file (-: standard input)")
    devices = parser.add_mutually_exclusive_group()
    devices.add_argument("--metastat", metavar="FILE", help="choose among the devices of a `metastat [-s SET] -p`")
    devices.add_argument("--local", action="store_true", help="choose among the devices of this host")
    devices.add_argument(
        "--simulate", metavar="WORLD", nargs="?", const=DEFAULT_WORLD, help="among those of a simulated host"
    )


def run(options: argparse.Namespace) -> int:
    from svmrun.drafting.questions import asked, defaults, pattern_of

    if options.name or options.output:
        _refuse_old(_path(options, options.name))
    devices = _devices(options)
    ask = _from_file(options.answers) if options.answers else _from_person()
    answers = asked(devices, lambda question: _answer(options, ask, question))
    if options.answers:
        ask.refuse_the_rest(answers)
    path = _write(options, pattern_of(answers), answers["name"], defaults(answers, devices))
    _tell(path, options, answers.get("mirror", ""))
    return 0


# -- devices -------------------------------------------------------------------------------------------------------


def _devices(options: argparse.Namespace) -> Devices:
    from svmrun.drafting.question import Devices

    if options.metastat:
        return Devices(_volumes(options.metastat))
    if options.local or options.simulate:
        return _of_host(options.simulate)
    return Devices()


def _volumes(file: str) -> Mapping[str, Json]:
    from svmrun.adapters.svm_parse_md_tab import parse_metastat_p

    data = sys.stdin.buffer.read() if file == "-" else _read(file)
    try:
        volumes: Mapping[str, Json] = parse_metastat_p(data.decode("utf-8", errors="replace"))["volumes"]
    except ValueError as error:
        raise InvalidInput([Problem(f"{file}: {error}", hint="give the output of metastat [-s SET] -p")]) from error
    return volumes


def _of_host(simulated: str | None) -> Devices:
    from svmrun import target as targets
    from svmrun.effects.state_folder import state_root

    if not simulated:
        return _seen(targets.local(""))
    target = targets.simulated(simulated, state_root(), "", 0.0)
    try:
        return _seen(target)
    finally:
        target.dispose()


def _seen(target: Target) -> Devices:
    from svmrun import names
    from svmrun.cli.consultation import consult
    from svmrun.drafting.question import Devices
    from svmrun.refusal import mount_table

    volumes, unseen = consult(target, lambda seen: seen.layout)
    for sentence in unseen:
        print(f"not seen: {sentence}", file=sys.stderr)
    mounted = [(names.canonical(mount.source), mount) for mount in mount_table(target).mounts]
    points = {name: mount.point for name, mount in mounted}
    kinds = {name: mount.kind for name, mount in mounted}
    return Devices(volumes, points, kinds, target.facts["os"] == "Linux")


def _read(file: str) -> bytes:
    try:
        return Path(file).read_bytes()
    except OSError as error:
        raise InvalidInput([Problem(f"cannot read {file}: {error.strerror}")]) from error


# -- answers -------------------------------------------------------------------------------------------------------


class _Person:
    """Asks at the terminal until an answer does."""

    def answer(self, question: Question) -> str:
        from svmrun.effects.operator import Terminal

        while True:
            choices = f" ({', '.join(question.choices)})" if question.choices else ""
            default = f" [{question.default}]" if question.default else ""
            given = Terminal().answer(f"{question.text}{choices}{default}")
            if given is None:
                raise UsageError("init: no answer; nothing was written")
            answer = given.strip() or question.default
            fault = "an answer is needed" if answer is None else question.fault(answer)
            if answer is not None and fault is None:
                return answer
            print(fault, file=sys.stderr)

    def refuse_the_rest(self, answers: Mapping[str, str]) -> None:
        """A person gives no answer too many."""


class _File:
    """Answers by their keys; what is left out has its default."""

    def __init__(self, file: str, answers: Mapping[str, Json]) -> None:
        self.file, self.answers = file, answers

    def answer(self, question: Question) -> str:
        answer = self.answers.get(question.key, question.default)
        if answer is None:
            choices = f" (one of {', '.join(question.choices)})" if question.choices else ""
            raise InvalidInput([Problem(f"{self.file}: {question.key} is missing: {question.text}{choices}")])
        if fault := question.fault(str(answer)):
            raise InvalidInput([Problem(f"{self.file}: {question.key}: {fault}")])
        return str(answer)

    def refuse_the_rest(self, answers: Mapping[str, str]) -> None:
        """An answer that nobody asked for was meant for something else."""
        if strange := sorted(set(self.answers) - set(answers)):
            known = ", ".join(answers)
            raise InvalidInput([Problem(f"{self.file}: nobody asks for {strange[0]!r} here", hint=f"asked: {known}")])


def _from_person() -> _Person:
    from svmrun.effects.operator import somebody_is_there

    if not somebody_is_there():
        raise UsageError("init: nobody is at a terminal to answer; give --answers FILE")
    return _Person()


def _from_file(file: str) -> _File:
    from svmrun.runbook.source import load

    data = sys.stdin.buffer.read() if file == "-" else _read(file)
    answers, source = load("answers" if file == "-" else file, data)
    if not isinstance(answers, dict):
        raise InvalidInput([source.problem("answers are a mapping, KEY: VALUE", ())])
    return _File(source.file, answers)


def _answer(options: argparse.Namespace, ask: _Person | _File, question: Question) -> str:
    if question.key != "name" or not options.name:
        return ask.answer(question)
    if fault := question.fault(options.name):
        raise UsageError(f"init: {fault}: a name has letters, digits, dashes, dots")
    return str(options.name)


# -- writing -------------------------------------------------------------------------------------------------------


def _write(options: argparse.Namespace, pattern: str, name: str, values: Mapping[str, Json]) -> Path:
    from svmrun.adapters.registry import adapters
    from svmrun.cli.editor_settings import SCHEMA_FILE, write_new, write_schema
    from svmrun.drafting.fill import fill
    from svmrun.effects import runbook_files
    from svmrun.review.fmt import formatted
    from svmrun.runbook.schema import runbook_schema, schema_text

    path = _path(options, name)
    text = runbook_files.read(runbook_files.shipped("runbooks") / f"{pattern}.yaml").decode()
    schema = os.path.relpath(SCHEMA_FILE, path.parent)
    data = formatted(str(path), fill(text, name, schema, values).encode(), adapters())
    write_new(path, data)
    if not Path(SCHEMA_FILE).exists():
        write_schema(Path(SCHEMA_FILE), schema_text(runbook_schema(adapters())))
        print(f"wrote {SCHEMA_FILE}, for editors")
    return path


def _path(options: argparse.Namespace, name: str) -> Path:
    folder = Path("runbooks") if Path("runbooks").is_dir() else Path()
    return Path(options.output) if options.output else folder / f"{name}.yaml"


def _refuse_old(path: Path) -> None:
    """Before anybody has answered anything."""
    if os.path.lexists(path):
        raise InvalidInput([Problem(f"{path} is there already", hint="choose another name, or -o FILE")])


def _tell(path: Path, options: argparse.Namespace, mirror: str) -> None:
    file = shlex.quote(str(path))
    print(f"wrote {path}")
    if options.metastat and options.metastat != "-":
        world = f"{Path(options.metastat).stem}-world.yaml"
        print(f"try it: svmrun world from-metastat {shlex.quote(options.metastat)} --mirror {mirror} -o {world}")
        print(f"        svmrun verify {file} --world {world}")
    print(f"see it: svmrun plan {file}        read it: svmrun explain {file}")
