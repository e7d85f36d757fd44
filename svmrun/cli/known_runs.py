"""The runs of one host, as a look at that host needs them: journals, the process table, the folders of guards."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from svmrun.adapters.registry import adapters
from svmrun.cli.recorded import read_record
from svmrun.core.events import ActionStarted, ProcessStarted, RecoveryStarted, RunResumed, RunStarted
from svmrun.diagnosis.seen import GuardFolder, KnownHold, KnownRun, LeftCommand
from svmrun.effects import memory_folder
from svmrun.effects.left_guard import LeftGuard
from svmrun.effects.processes import alive, holders
from svmrun.effects.state_folder import RunFolder
from svmrun.errors import Refused
from svmrun.plan.build import without_later
from svmrun.plan.model import PlannedAction
from svmrun.recovery import runner_lives
from svmrun.report.progress import HoldRow, Progress
from svmrun.report.summary import Record, is_unfinished

Json = Any


def known_run(folder: RunFolder, target: str) -> KnownRun | None:
    """None when the run was on another target. A damaged journal tells no target: it is of every one."""
    record = read_record(folder)
    progress = record.progress()
    if progress is None:
        return KnownRun(folder.run, "damaged", damage=record.damage or "its first record is missing")
    if str(progress.plan.host.get("simulated") or "") != target:
        return None
    ended = progress.state.ended
    pid = [x.pid for x in record.events if isinstance(x, RunStarted | RecoveryStarted | RunResumed)][-1]
    holds = tuple(_hold(row, progress) for row in progress.holds())
    return KnownRun(folder.run, _condition(record, progress), pid, holds, ended.left if ended else ())


def _condition(record: Record, progress: Progress) -> Any:
    if not is_unfinished(progress):
        return "ended"
    if progress.state.ended is not None:
        return "stuck"
    return "at work" if runner_lives(record.events) else "unfinished"


def _hold(row: HoldRow, progress: Progress) -> KnownHold:
    """What the step's own adapter says that it takes hold of."""
    action = progress.plan.step(row.step).action
    assert action is not None, "a hold is taken by an action"
    adapter, arguments = adapters()[action.adapter], without_later(action.arguments)
    mirror, side = _split(action, arguments)
    locked = adapter.locked_path(arguments)
    return KnownHold(
        row.step,
        action.adapter,
        row.span.until is None,
        (locked.rstrip("/") or "/") if locked else None,
        mirror,
        side,
        adapter.probe(arguments) is not None,
        adapter.resource(arguments),
    )


def _split(action: PlannedAction, arguments: Json) -> tuple[str | None, str | None]:
    """The mirror that loses a side, and that side; nothing of both for any other action."""
    try:
        return adapters()[action.adapter].split_side(arguments) or (None, None)
    except (ValueError, KeyError):
        return None, None


def left_commands(folder: RunFolder) -> Iterator[LeftCommand]:
    """Those that a dead runner recorded, and those that only its lock, which they inherited, tells of."""
    words = ""
    told: set[int] = set()
    for event in read_record(folder).events:
        if isinstance(event, ActionStarted):
            words = shlex.join(event.argv) or event.adapter
        elif isinstance(event, ProcessStarted) and event.pid not in told and alive(event.pid, event.pid_started):
            told.add(event.pid)
            yield LeftCommand(folder.run, event.pid, words)
    for pid in holders(folder.path / "lock"):
        if pid not in told and pid != os.getpid():
            yield LeftCommand(folder.run, pid, "a command that it started")


def guard_folders() -> Iterator[GuardFolder]:
    """All folders of guards that this user's runs have, or have left behind."""
    try:
        root = memory_folder.root() / f"svmrun-{os.getuid()}"
        paths = sorted(path for path in root.iterdir() if path.is_dir())
    except (OSError, Refused):
        return
    yield from (_guard_folder(path) for path in paths)


def _guard_folder(path: Path) -> GuardFolder:
    left = LeftGuard(path)
    return GuardFolder(path.name, str(path), left.alive, left.outstanding)
