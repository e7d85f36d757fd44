"""One run at a time for each resource that a hold occupies."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import json
import os
import re
import socket
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from svmrun.core.events import RunEnded
from svmrun.effects import clock
from svmrun.effects.journal import Journal
from svmrun.effects.processes import alive, process_started
from svmrun.effects.state_folder import RunFolder, make_folder, unusable
from svmrun.errors import Busy, StateError

__all__ = ["Lock", "Owner", "acquire", "alive", "process_started"]

_READ_AGAIN = 5  # times, when the owner is just writing its name


@dataclass(frozen=True)
class Owner:
    """Who holds a resource: written by the owner itself into the lock file, emptied when it lets go."""

    run: str
    resource: str
    host: str
    pid: int
    pid_started: str
    since: float


class Lock:
    """Held resources. The descriptors are not inherited by children: a command that lives on blocks no other run."""

    def __init__(self) -> None:
        self._descriptors: list[int] = []

    def add(self, descriptor: int) -> None:
        self._descriptors.append(descriptor)

    def release(self) -> None:
        """The run has ended: the resources are free."""
        for descriptor in self._descriptors:
            with contextlib.suppress(OSError):
                os.ftruncate(descriptor, 0)
        self.leave()

    def leave(self) -> None:
        """Let go without an end: the recorded owner stays, and the next run is told to recover first."""
        for descriptor in self._descriptors:
            os.close(descriptor)
        self._descriptors.clear()


def acquire(root: Path, resources: Sequence[str], run: str, *, target: str = "") -> Lock:
    """Hold all the resources (on `target`, empty for this host) for `run`, or raise Busy at once.

    Busy names the run, host, pid and start of the owner. A dead owner whose run never ended must be recovered first;
    that recovery itself acquires with the dead run's name.
    """
    folder = make_folder(root / "locks")
    lock = Lock()
    try:
        # Always in the same order: two runs with common resources cannot each hold what the other one wants.
        for resource in sorted(set(resources)):
            lock.add(_acquire(root, _lock_path(folder, resource, target), resource, run))
    except OSError as error:
        lock.leave()
        raise unusable(folder, error) from error
    except (Busy, StateError):
        lock.leave()
        raise
    return lock


def demand_free(root: Path, resources: Sequence[str], *, target: str = "") -> None:
    """Raises Busy when a living run holds one of the resources. Changes nothing."""
    for resource in sorted(set(resources)):
        with contextlib.suppress(OSError):
            descriptor = os.open(_lock_path(root / "locks", resource, target), os.O_RDWR)
            try:
                _flock(descriptor, resource)
            finally:
                os.close(descriptor)


def _acquire(root: Path, path: Path, resource: str, run: str) -> int:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _flock(descriptor, resource)
        owner = _owner(descriptor)
        if owner and owner.run != run and not _ended(root, owner.run):
            raise Busy(_unfinished(owner))
        _write_owner(descriptor, resource, run)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _flock(descriptor: int, resource: str) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno not in (errno.EAGAIN, errno.EACCES):
            raise
        raise Busy(_held(_owner_with_patience(descriptor), resource)) from error


def _owner_with_patience(descriptor: int) -> Owner | None:
    """The owner may be between taking the lock and writing its name."""
    for _attempt in range(_READ_AGAIN):
        owner = _owner(descriptor)
        if owner:
            return owner
        time.sleep(0.01)
    return None


def _owner(descriptor: int) -> Owner | None:
    try:
        return Owner(**json.loads(os.pread(descriptor, 65536, 0)))
    except (ValueError, TypeError):
        return None


def _write_owner(descriptor: int, resource: str, run: str) -> None:
    pid = os.getpid()
    owner = Owner(run, resource, socket.gethostname(), pid, process_started(pid), clock.now())
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, json.dumps(asdict(owner)).encode() + b"\n", 0)
    os.fsync(descriptor)


def _ended(root: Path, run: str) -> bool:
    """True when the run's journal says so, or is gone: somebody removed the folder on purpose.

    A stuck run still holds something: it ends by a recovery that finds or makes everything undone.
    """
    journal = RunFolder(root / "runs" / run).journal
    if not journal.exists():
        return True
    events, _torn = Journal.read(journal)
    return bool(events) and isinstance(events[-1], RunEnded) and events[-1].verdict != "stuck"


def _lock_path(folder: Path, resource: str, target: str) -> Path:
    name = f"{target}/{resource}" if target else resource
    plain = re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-")[:60]
    return folder / f"{plain}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def _held(owner: Owner | None, resource: str) -> str:
    if owner is None:
        return f"{resource} is held by another run; try again in a moment"
    return f"{owner.resource} is held by the run {_who(owner)}; wait for its end or cancel it: kill {owner.pid}"


def _unfinished(owner: Owner) -> str:
    state = "still runs" if _runs_here(owner) else "is dead"
    return (
        f"{owner.resource} is held by the unfinished run {_who(owner)}, which {state}; "
        f"finish it first: svmrun recover {owner.run}"
    )


def _runs_here(owner: Owner) -> bool:
    return owner.host == socket.gethostname() and alive(owner.pid, owner.pid_started)


def _who(owner: Owner) -> str:
    since = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(owner.since))
    return f"{owner.run} (host {owner.host}, pid {owner.pid}, since {since})"
