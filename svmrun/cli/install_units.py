"""`svmrun install-units RUNBOOK`: units of systemd, lines of cron, a manifest of SMF, in a folder."""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from svmrun.cli.parser import add_command
from svmrun.errors import InvalidInput, Problem, UsageError
from svmrun.units import cron, smf, systemd
from svmrun.units.model import MARK, Job, UnitFile

if TYPE_CHECKING:
    from svmrun.cli.parser import Subparsers
    from svmrun.runbook.model import Runbook

KINDS: dict[str, Callable[[Job], tuple[UnitFile, ...]]] = {
    "systemd": systemd.files,
    "cron": cron.files,
    "smf": smf.files,
}
KEPT = ("SVMRUN_STATE", "SVMRUN_MEMORY")  # where `recover` looks must be where `execute` writes
EXAMPLES = [
    (
        "svmrun install-units mirror-backup -p mirror=d0 -p mount_point=/export --on-calendar 'Mon..Fri 02:00'",
        "every kind into the folder svmrun-units, and what to copy and enable",
    ),
    (
        "svmrun install-units nightly.yaml --params-file /etc/svmrun/nightly.yaml --folder /etc/systemd/system",
        "straight to where systemd looks for it",
    ),
]
NOTES = """\
Nothing outside the folder is touched. Every unit recovers: after each run, at boot (systemd, SMF) or every ten minutes
(cron), so that what a killed run left is released without a person.
"""


def add_parser(subparsers: Subparsers) -> None:
    parser = add_command(
        subparsers,
        "install-units",
        "Write what lets a runbook run on a schedule and recover at boot: systemd, cron, SMF.",
        examples=EXAMPLES,
        notes=NOTES,
    )
    parser.add_argument("runbook", metavar="RUNBOOK", help="a file, or a name found in runbooks/ and $SVMRUN_PATH")
    parser.add_argument("-p", "--param", metavar="NAME=VALUE", action="append", default=[], help="a parameter")
    parser.add_argument("--params-file", metavar="FILE", help="parameters as YAML or JSON, read at every run")
    parser.add_argument("--become", choices=["pfexec", "sudo"], default="", help="how commands get root")
    parser.add_argument("--yes", action="store_true", help="answer yes to every `confirm` step: nobody will be there")
    parser.add_argument(
        "--on-calendar", metavar="WHEN", default="*-*-* 02:00:00", help="as in systemd.time(7) (default: %(default)s)"
    )
    parser.add_argument(
        "--cron", metavar="FIELDS", help="as in crontab(1); made from --on-calendar where that is simple"
    )
    parser.add_argument("--folder", metavar="DIR", default="svmrun-units", help="where to write (default: %(default)s)")
    parser.add_argument("--user", action="store_true", help="for yourself, without root: units of your own systemd")
    parser.add_argument("--kind", choices=[*KINDS, "all"], help="default: all; in a folder of systemd's own: systemd")


def run(options: argparse.Namespace) -> int:
    """Exit 0 after the files were written, with what to type next. Raises UsageError or InvalidInput before."""
    folder = Path(options.folder).absolute()
    kinds = _kinds(options, folder)
    job = _job(options, kinds)
    try:
        files = {kind: KINDS[kind](job) for kind in kinds}
    except ValueError as error:
        raise UsageError(str(error)) from error
    _write(folder, [file for made in files.values() for file in made])
    print(f"written to {folder}: {', '.join(file.name for made in files.values() for file in made)}")
    for kind in kinds:
        print(f"\n{kind}:")
        print("\n".join(f"  {line}" for line in _next(kind, job, folder, options.user)))
    return 0


def _kinds(options: argparse.Namespace, folder: Path) -> list[str]:
    if options.kind:
        return list(KINDS) if options.kind == "all" else [options.kind]
    return ["systemd"] if folder.parent.name == "systemd" else list(KINDS)


def _job(options: argparse.Namespace, kinds: list[str]) -> Job:
    from svmrun.cli.preparing import load
    from svmrun.effects.executables import PINNED_PATH

    runbook = load(options.runbook)
    return Job(
        runbook.name,
        runbook.description,
        _program(),
        os.path.abspath(runbook.source.file),
        tuple(_arguments(options, runbook)),
        PINNED_PATH,
        _one_line("--on-calendar", options.on_calendar),
        _cron(options) if "cron" in kinds else "",
        {name: os.path.abspath(os.environ[name]) for name in KEPT if os.environ.get(name)},
        _own_name() if options.user else "",
    )


def _own_name() -> str:
    from svmrun.effects.hostfacts import host_facts

    return str(host_facts()["user"])


def _program() -> tuple[str, ...]:
    """What was started now, by its absolute path: a unit has no PATH to find it in."""
    started = Path(sys.argv[0]).absolute()
    if started.name == "svmrun" and os.access(started, os.X_OK):
        return (str(started),)
    found = shutil.which("svmrun")
    return (os.path.abspath(found),) if found else (sys.executable, "-m", "svmrun.cli.main")


def _arguments(options: argparse.Namespace, runbook: Runbook) -> Iterator[str]:
    """The inputs of every run. They are checked as far as that is possible now: at night nobody reads a refusal."""
    _check_inputs(options, runbook)
    for assignment in options.param:
        yield from ("-p", assignment)
    if options.params_file:
        yield from ("--params-file", os.path.abspath(options.params_file))
    if options.become:
        yield from ("--become", options.become)
    if options.yes:
        yield "--yes"


def _check_inputs(options: argparse.Namespace, runbook: Runbook) -> None:
    from svmrun.effects import runbook_files
    from svmrun.runbook.parameters import Origins, given

    secret = {p.name for p in runbook.parameters if p.secret}
    for assignment in options.param:
        name, _, value = assignment.partition("=")
        if name in secret and not value.startswith("@"):
            hint = f"keep it in a file that only its owner can read: -p {name}=@FILE, or in --params-file"
            raise InvalidInput([Problem(f"{name} is a secret, and a unit can be read by everybody", hint=hint)])
    file = options.params_file
    origins = Origins(
        assignments=options.param,
        file=(file, runbook_files.read(Path(file))) if file else None,
        read_file=lambda path: Path(path).read_text(encoding="utf-8"),
    )
    given(runbook, origins)


def _cron(options: argparse.Namespace) -> str:
    fields = options.cron or cron.from_calendar(options.on_calendar)
    if fields is None:
        raise UsageError(f"{options.on_calendar!r} is no simple time of day: say it for cron too: --cron '0 2 * * *'")
    if len(_one_line("--cron", fields).split()) != 5:
        raise UsageError(f"--cron takes five fields (minute, hour, day, month, weekday), not {fields!r}")
    return str(fields)


def _one_line(option: str, text: str) -> str:
    if not text.strip() or "\n" in text:
        raise UsageError(f"{option} must be one line that is not empty")
    return text.strip()


def _write(folder: Path, files: list[UnitFile]) -> None:
    """All or nothing is not needed: written again, they are the same."""
    for file in files:
        path = folder / file.name
        if path.exists() and MARK not in path.read_text(encoding="utf-8", errors="replace"):
            raise UsageError(f"{path} is there, and was not written by install-units; move it away, or give --folder")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for file in files:
            (folder / file.name).write_text(file.text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot write to {folder}: {error.strerror}; give another --folder") from error


def _next(kind: str, job: Job, folder: Path, user: bool) -> Iterator[str]:
    """What a person types to put the files to work."""
    here = shlex.quote(str(folder))
    if kind == "systemd":
        place = "~/.config/systemd/user" if user else "/etc/systemd/system"
        systemctl = "systemctl --user" if user else "systemctl"
        names = " ".join(f"{here}/{file.name}" for file in systemd.files(job))
        if folder != Path(place).expanduser():
            yield f"cp {names} {place}/"
        yield f"{systemctl} daemon-reload"
        yield f"{systemctl} enable --now svmrun-{job.name}.timer"
        yield f"{systemctl} enable svmrun-recover.service"
        yield f"{systemctl} start svmrun-{job.name}.service    # one run now, to see that it works"
        if user:
            yield "loginctl enable-linger    # so that they run while you are not logged in"
    elif kind == "cron":
        yield f"(crontab -l; cat {here}/svmrun-{job.name}.cron) | crontab -    # as the user that is to run it"
    else:
        yield f"svccfg validate {here}/svmrun-recover.xml"
        yield f"svccfg import {here}/svmrun-recover.xml"
        yield f"svcadm enable svc:/{smf.NAME}:default"
