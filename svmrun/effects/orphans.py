"""Commands of a dead run that still run: a recovery ends them before it decides anything."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from typing import Literal

from svmrun.core.events import ActionStarted, Event, ProcessStarted, RecoveryStarted, RunStarted
from svmrun.effects.ending import end_orphan
from svmrun.effects.group import KillAsRoot, marker_of
from svmrun.effects.processes import alive, holders, process_started
from svmrun.effects.state_folder import RunFolder
from svmrun.errors import Busy

# ufsdump's first process goes on after TERM; INT to the group aborts the dump (dumpmain.c sigAbort).
_STOP_BY_INTERRUPT = frozenset({"ufsdump"})


def end_orphans(
    folder: RunFolder, events: Sequence[Event], grace_seconds: float = 5.0, kill_as_root: KillAsRoot | None = None
) -> tuple[int, ...]:
    """End all commands that the run's journal names and that still run; the pids of those that would not end.

    Also those that hold the run's lock but were started just before the runner died, unrecorded. Raises Busy when the
    runner itself lives.
    """
    _refuse_a_living_runner(folder, events)
    started = [x for x in events if isinstance(x, ProcessStarted)]
    stubborn = [_end(x, events, grace_seconds, kill_as_root) for x in started]
    for pid in holders(folder.path / "lock"):
        if marker_of(pid):
            stubborn.append(end_orphan(pid, process_started(pid), "TERM", grace_seconds, kill_as_root))
    return tuple(dict.fromkeys(pid for pid in stubborn if pid))


def _end(
    process: ProcessStarted, events: Sequence[Event], grace_seconds: float, kill_as_root: KillAsRoot | None
) -> int:
    intents = [e for e in events[: events.index(process)] if isinstance(e, ActionStarted)]
    interrupted = bool(intents) and intents[-1].adapter in _STOP_BY_INTERRUPT
    stop_signal: Literal["TERM", "INT"] = "INT" if interrupted else "TERM"
    return end_orphan(process.pid, process.pid_started, stop_signal, grace_seconds, kill_as_root)


def _refuse_a_living_runner(folder: RunFolder, events: Sequence[Event]) -> None:
    runners = [e for e in events if isinstance(e, (RunStarted, RecoveryStarted))]
    for runner in runners[-1:]:
        if runner.host != socket.gethostname():
            raise Busy(f"the run {folder.run} was started on the host {runner.host}; recover it there")
        if alive(runner.pid, runner.pid_started):
            raise Busy(f"the run {folder.run} still runs (host {runner.host}, pid {runner.pid}); wait for its end")
