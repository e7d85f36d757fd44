"""Conduct a run: hold its resources, keep its journal, arm its guard, drive it to its end.

A new run, the recovery of a dead one and its resumption differ only in where their journal begins.
"""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from svmrun import __version__
from svmrun.core import events as e
from svmrun.core.state import State, replay
from svmrun.effects import clock
from svmrun.effects.exclusion import Lock, acquire
from svmrun.effects.group import process_started
from svmrun.effects.journal import Journal
from svmrun.effects.machine import Guarding, Machine
from svmrun.effects.setting import Setting
from svmrun.effects.signals import SignalWatch
from svmrun.effects.state_folder import RunFolder, state_root
from svmrun.effects.watched import Watched
from svmrun.interpreter import Recorder, drive
from svmrun.plan.model import Plan

Json = Any


@dataclass
class Conductor:
    """`names` are the real parameters, facts and host that templates may refer to; `guard` is made on demand."""

    plan: Plan
    setting: Setting
    names: Mapping[str, Json]
    cancel: Watched
    make_guard: Callable[[RunFolder], Guarding | None]
    before_step: Callable[[str], bool] = lambda _step: True

    def start(self) -> State:
        """A new run. Raises Busy, StateError or Refused before anything was changed."""
        root = state_root()
        folder = RunFolder.create(root, self.plan.runbook)
        with _removed_unless_begun(folder), self._hold(root, folder) as lock:
            descriptor = folder.lock()
            pid = os.getpid()
            begun = e.RunStarted(
                folder.run, self.plan.to_json(), pid, process_started(pid), socket.gethostname(), __version__
            )
            journal = Journal.create(folder.path, begun)
            state = self._drive(folder, journal, descriptor, self.make_guard(folder))
            lock.ended = state.ended is not None and state.ended.verdict != "stuck"
        return state

    def go_on(self, folder: RunFolder, clear: Callable[[], Sequence[e.Event]], guard: Guarding | None = None) -> State:
        """Another process takes a run over. Raises Busy while its runner lives.

        `clear` is called once nobody else can take it over: it ends what the dead runner left, and tells of it.
        """
        root = state_root()
        with self._hold(root, folder) as lock:
            news = clear()
            descriptor = folder.lock()
            journal = Journal.reopen(folder.journal)
            state = self._drive(folder, journal, descriptor, guard, *news)
            lock.ended = state.ended is not None and state.ended.verdict != "stuck"
        return state

    def _hold(self, root: Path, folder: RunFolder) -> _held:
        target = str(self.plan.host.get("simulated") or "")
        return _held(acquire(root, self.plan.resources, folder.run, target=target))

    def _drive(
        self,
        folder: RunFolder,
        journal: Journal,
        descriptor: int,
        guard: Guarding | None,
        *news: e.Event,
    ) -> State:
        observer = self.setting.observer
        setting = replace(self.setting, outputs=folder.path, pass_fds=(descriptor,))
        machine = Machine(self.plan, setting, self.names, self.cancel, guard, self.before_step)
        record = Recorder(journal, observer.event, clock.now, replay(journal.found))
        observer.plan(self.plan, journal.found if news else ())
        for event in () if news else journal.found:
            observer.event(event)
        with SignalWatch(self.cancel, lambda number: observer.notice(_signal_words(number, record.state))):
            for event in news:
                record(event)
            state = drive(self.plan, record, machine)
        journal.close()
        os.close(descriptor)
        if state.ended is not None:
            observer.done(state.ended, str(folder.path))
        return state


@dataclass
class _held:
    """Holds resources; frees them when the run has ended, else leaves the owner's name in them."""

    lock: Lock
    ended: bool = False

    def __enter__(self) -> _held:
        return self

    def __exit__(self, *_: object) -> None:
        if self.ended:
            self.lock.release()
        else:
            self.lock.leave()


@contextmanager
def _removed_unless_begun(folder: RunFolder) -> Iterator[None]:
    """A run that was refused before its first record leaves no folder behind."""
    try:
        yield
    finally:
        if not folder.journal.exists():
            shutil.rmtree(folder.path, ignore_errors=True)


def _signal_words(number: int, state: State) -> str:
    if state.cause is None:
        return f"signal {number}: ending what runs now, then rolling back"
    return f"signal {number}: already rolling back; it ends by itself"
