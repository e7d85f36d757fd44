"""Ask a host how it is: commands that only read, the mount table, and what runs have left. Changes nothing."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from svmrun import names
from svmrun.cli import known_runs
from svmrun.cli.asked_linux import WHAT as ON_LINUX
from svmrun.cli.asked_linux import seen_on_linux
from svmrun.cli.asked_solaris import WHAT as ON_SOLARIS
from svmrun.cli.asked_solaris import seen_on_solaris
from svmrun.cli.asking import Asking
from svmrun.cli.recorded import recorded_runs
from svmrun.diagnosis.seen import GuardFolder, KnownRun, Seen
from svmrun.effects.state_folder import RunFolder
from svmrun.refusal import mount_table
from svmrun.target import Target

Json = Any


def consult(target: Target, judge: Callable[[Seen], Json]) -> tuple[Json, tuple[str, ...]]:
    """What `judge` makes of what was seen, and what could not be seen."""
    with tempfile.TemporaryDirectory(prefix="svmrun-doctor-") as folder:
        asking = Asking(target, Path(folder), {**ON_LINUX, **ON_SOLARIS})
        return judge(_seen(asking, target)), tuple(asking.unseen)


def _seen(asking: Asking, target: Target) -> Seen:
    by_commands = seen_on_linux if target.facts["os"] == "Linux" else seen_on_solaris
    mounts = mount_table(target).mounts
    known = [(folder, run) for folder in recorded_runs() if (run := _known(folder, target))]
    dead = [folder for folder, run in known if run.condition in ("unfinished", "stuck")]
    return Seen(
        **by_commands(asking),
        mounts=tuple({"source": mount.source, "target": mount.point} for mount in mounts),
        mounted=frozenset(names.canonical(mount.source) for mount in mounts),
        runs=tuple(run for _folder, run in known),
        commands=tuple(command for folder in dead for command in known_runs.left_commands(folder)),
        guard_folders=_guard_folders({run.run for _folder, run in known}, target),
    )


def _known(folder: RunFolder, target: Target) -> KnownRun | None:
    return known_runs.known_run(folder, target.simulated)


def _guard_folders(runs: set[str], target: Target) -> tuple[GuardFolder, ...]:
    """A guard always runs on this machine: only a run of the simulated host makes its folder one of that host."""
    others = {folder.run for folder in recorded_runs()} - runs
    found = [one for one in known_runs.guard_folders() if one.run not in others]
    return tuple(one for one in found if one.run in runs or not target.simulated)
