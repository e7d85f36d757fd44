"""`svmrun status`: what is not at its end, what it holds on the host, and what to type."""

from __future__ import annotations

import argparse
import os
import socket
import time
from pathlib import Path

from svmrun.cli.parser import Subparsers, add_command
from svmrun.cli.recorded import read_record, recorded_runs
from svmrun.core.events import GuardArmed, RecoveryStarted, RunResumed, RunStarted
from svmrun.effects.group import alive, process_started
from svmrun.effects.left_guard import LeftGuard
from svmrun.report.document import as_json, status_text
from svmrun.report.progress import Progress
from svmrun.report.shapes import Unfinished, UnfinishedRun
from svmrun.report.summary import Record, doing, held_time, is_unfinished, summarize

Runner = RunStarted | RecoveryStarted | RunResumed  # the events that name the process which drives the run

EXAMPLES = [
    ("svmrun status", "what unfinished runs hold, since when and against which limit"),
    ("svmrun status --exit-code --output json", "for a monitor: exit code 1 when a run needs somebody"),
]


def add_parser(subparsers: Subparsers) -> None:
    parser = add_command(
        subparsers,
        "status",
        "Show unfinished and stuck runs: what they hold now, whether runner and guard are alive, and what to type.",
        examples=EXAMPLES,
    )
    parser.add_argument("--output", choices=("text", "json"), default="text", help="how to print it (default: text)")
    parser.add_argument(
        "--exit-code", action="store_true", help="exit with 1 when a run is stuck, or unfinished with a dead runner"
    )


def run(options: argparse.Namespace) -> int:
    found = [look(read_record(folder)) for folder in recorded_runs()]
    unfinished = Unfinished(tuple(run for run in found if run is not None))
    print(as_json(unfinished) if options.output == "json" else status_text(unfinished))
    needs_somebody = any(run.runner_alive is not True for run in unfinished.runs)
    return 1 if options.exit_code and needs_somebody else 0


def look(record: Record) -> UnfinishedRun | None:
    """What is known of a run now; None when it is at its end and left nothing."""
    progress, started = record.progress(), record.started
    if progress is None or started is None:
        advice = f"look at {record.journal}, and at the host itself"
        return UnfinishedRun(summarize(record), 0, None, "none", None, None, "", (), (), "", advice)
    return _unfinished(record, progress) if is_unfinished(progress) else None


def _unfinished(record: Record, progress: Progress) -> UnfinishedRun:
    runner = [event for event in record.events if isinstance(event, Runner)][-1]
    ended, summary, now = progress.state.ended, summarize(record), time.time()
    alive_now = False if ended else _is_alive(runner.pid, runner.pid_started, runner.host)
    guard_host = runner.host if summary.simulated else summary.host
    guard_pid, guard_alive = _guard(record, guard_host)
    left = LeftGuard(Path(progress.state.card).parent) if progress.state.card else None
    if left is not None and guard_alive is not True and left.pid is not None:
        guard_pid, guard_alive = left.pid, True  # another has taken its place
    return UnfinishedRun(
        summary,
        runner.pid,
        alive_now,
        "fired" if left is not None and _acted(left) else progress.state.guard,
        guard_pid,
        guard_alive,
        doing(progress),
        tuple(held_time(hold, now) for hold in progress.holds()),
        ended.left if ended else (),
        progress.state.card
        if os.path.exists(progress.state.card) or not _is_here(runner.host, runner.pid_started)
        else "",
        _advice(progress, runner, alive_now),
    )


def _acted(left: LeftGuard) -> bool:
    """Told by its folder, too, where there is one: the runner may not have heard of it any more."""
    return left.folder.is_dir() and left.fired is not None


def _guard(record: Record, host: str) -> tuple[int | None, bool | None]:
    """Its pid and whether it lives; nothing of both when none was armed."""
    armed = [event for event in record.events if isinstance(event, GuardArmed)]
    return (armed[-1].pid, _is_alive(armed[-1].pid, armed[-1].pid_started, host)) if armed else (None, None)


def _is_alive(pid: int, started: str, host: str) -> bool | None:
    """None when the process belongs to another machine: nothing can tell from here."""
    if alive(pid, started):
        return True
    return False if _is_here(host, started) else None


def _is_here(host: str, started: str) -> bool:
    """Whether a process that was started there would be seen from here."""
    return host == socket.gethostname() or _same_boot(started)


def _same_boot(started: str) -> bool:
    """True when the start time carries this machine's boot in front, as `process_started` tells it on Linux."""
    boot, _, _ = process_started(os.getpid()).rpartition(":")
    return bool(boot) and started.startswith(f"{boot}:")


def _advice(progress: Progress, runner: Runner, runner_alive: bool | None) -> str:
    run = progress.state.run
    if runner_alive:
        return f"wait for it; to cancel it and undo what it did: kill -INT {runner.pid}"
    if runner_alive is None:
        return f"on {runner.host}, where its runner was started: svmrun status"
    if progress.state.ended:
        return f"remove the cause, then: svmrun recover {run}"
    return f"svmrun recover {run}"
