"""Finish a run whose runner died: wait for its guard, end its orphans, undo what is outstanding."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from svmrun import target as targets
from svmrun.conduct import Conductor
from svmrun.core import events as e
from svmrun.core.state import State, replay
from svmrun.effects import left_guard, memory_folder
from svmrun.effects.journal import Journal
from svmrun.effects.machine import Guarding
from svmrun.effects.orphans import end_orphans
from svmrun.effects.processes import alive, process_started
from svmrun.effects.rooted import ask_before, kill_as_root
from svmrun.effects.setting import Setting
from svmrun.effects.state_folder import RunFolder, runs
from svmrun.effects.watched import Watched
from svmrun.errors import Busy, StateError
from svmrun.plan.model import Plan
from svmrun.target import Target

GUARD_SECONDS = 30.0  # how long a guard that acts is waited for before its work is taken over
STUCK_GUARD_SECONDS = 2.0  # the same for that of a stuck run: it tries for ever, and mostly sleeps

MakeSetting = Callable[[Target, Plan], Setting]
MakeGuard = Callable[[Plan, Setting, str], Guarding]


@dataclass(frozen=True)
class Unfinished:
    """A run that never came to its end, or is stuck, and whose runner does not live any more."""

    folder: RunFolder
    plan: Plan
    events: tuple[e.Event, ...]

    @property
    def state(self) -> State:
        return replay(self.events)

    @property
    def target(self) -> str:
        return str(self.plan.host.get("simulated") or "")


def unfinished(folder: RunFolder) -> Unfinished | None:
    """The run of this folder when it needs recovery.

    Raises StateError when its journal is damaged, Busy while its runner lives.
    """
    events, _torn = Journal.read(folder.journal)
    if not events or not isinstance(events[0], e.RunStarted):
        raise StateError(f"{folder.journal}: does not begin with the start of a run")
    last = events[-1]
    if isinstance(last, e.RunEnded) and last.verdict != "stuck":
        return None
    if runner_lives(events):
        raise Busy(f"the run {folder.run} is at work (pid {_runner(events).pid}), and is left alone")
    return Unfinished(folder, plan_of(events), tuple(events))


def plan_of(events: Sequence[e.Event]) -> Plan:
    """The plan that a run goes by: that of its start, or of its last resumption."""
    plans = [x.plan for x in events if isinstance(x, e.RunStarted | e.RunResumed)]
    return Plan.from_json(plans[-1])


def unfinished_on(root: Path, target: str) -> list[Unfinished]:
    """Those on one target (empty: this host), the oldest first; what is damaged is for `recover` to tell."""
    found = []
    for folder in runs(root):
        with suppress(StateError, Busy):
            run = unfinished(folder)
            if run is not None and run.target == target:
                found.append(run)
    return found


def runner_lives(events: Sequence[e.Event]) -> bool:
    """True while the process lives that last had the run in hand."""
    runner = _runner(events)
    return runner.host == socket.gethostname() and alive(runner.pid, runner.pid_started)


def _runner(events: Sequence[e.Event]) -> e.RunStarted | e.RecoveryStarted | e.RunResumed:
    return [x for x in events if isinstance(x, e.RunStarted | e.RecoveryStarted | e.RunResumed)][-1]


def recover(run: Unfinished, make_setting: MakeSetting, make_guard: MakeGuard) -> e.RunEnded:
    """Drive the run to its end; the guard is needed only if it is stuck there.

    Raises Busy when somebody else does, Refused when a program is gone.
    """
    target = targets.of_plan(run.plan.host)
    setting = make_setting(target, run.plan)
    ask_before(run.plan, setting)
    names = {**run.plan.parameters, **run.plan.facts, "host": run.plan.host}
    conductor = Conductor(run.plan, setting, names, Watched(), lambda _folder: None)
    guard = make_guard(run.plan, setting, run.folder.run)
    state = conductor.go_on(run.folder, lambda: _clear(run, setting), guard)
    ended = state.ended
    assert ended is not None, "a driven run has ended"
    return ended


def _clear(run: Unfinished, setting: Setting) -> list[e.Event]:
    """First the guard: while it acts, two would undo the same hold. Then the orphans, which keep devices open."""
    pid = os.getpid()
    news: list[e.Event] = [*_end_guard(run, setting)]
    stubborn = end_orphans(run.folder, run.events, kill_as_root=kill_as_root(setting))
    if stubborn:
        names = ", ".join(map(str, stubborn))
        setting.observer.notice(f"commands of the dead run cannot be ended: pid {names}; going on without them")
    return [*news, e.RecoveryStarted(pid, process_started(pid), socket.gethostname())]


def _end_guard(run: Unfinished, setting: Setting) -> list[e.Event]:
    cards = [Path(x.card) for x in run.events if isinstance(x, e.GuardArmed)]
    # The runner may have died just before it could note that its guard was armed.
    folder = cards[-1].parent if cards else memory_folder.of_run(run.folder.run)
    if folder is None or not folder.is_dir():  # none was armed, or the machine was started anew since
        return []
    left = left_guard.LeftGuard(folder)
    if left.alive:
        setting.observer.notice("the guard of the run is at work; waiting for it")
        left_guard.await_end(left, GUARD_SECONDS if run.state.ended is None else STUCK_GUARD_SECONDS, Watched())
    reason, released = left.fired, left.released
    left.forget(kill_as_root(setting))
    known = run.state.guard == "fired"
    return [e.GuardFired(reason, released)] if reason is not None and not known else []
