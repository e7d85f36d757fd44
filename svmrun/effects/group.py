"""Process trees: who belongs to a command, how to signal all of them, and whether a process is still the same one."""

from __future__ import annotations

import contextlib
import functools
import os
import signal
import subprocess
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

MARKER = "SVMRUN_ACTION"
_PROC = Path("/proc")
_HAS_PROC = (_PROC / "self" / "stat").is_file()
_DEAD_STATES = frozenset("ZXx")


@dataclass(frozen=True)
class Process:
    """One row of the process table. `started` tells it from an earlier process with the same number."""

    pid: int
    parent: int
    group: int
    session: int
    state: str
    started: str

    @property
    def dead(self) -> bool:
        """Ended; maybe its parent has not fetched its status yet."""
        return self.state in _DEAD_STATES


def new_marker() -> str:
    """The value of the environment variable that all processes of one command carry."""
    return uuid.uuid4().hex


def process_started(pid: int) -> str:
    """The start time of a process as the system tells it; empty when there is none.

    Linux: boot id and the ticks of proc(5) `stat` field 22. Elsewhere: `ps -o lstart`.
    """
    process = _look_up(pid)
    return process.started if process else ""


def alive(pid: int, started: str) -> bool:
    """True when that very process still runs. A zombie does not."""
    process = _look_up(pid)
    return process is not None and not process.dead and process.started == started


@dataclass(frozen=True)
class Tree:
    """The processes of one command, begun as the leader `pid` of a session of its own.

    Found by group, by session, as descendants, and by the marker in the environment (a daemon that made a session
    of its own and lost its parent; Linux only).
    """

    pid: int
    marker: str = ""

    def members(self) -> list[int]:
        """Those that still run."""
        table = [p for p in _processes() if p.pid != os.getpid()]
        family = {self.pid}
        family |= {p.pid for p in table if self._carries_our_name(p)}
        for _generation in table:
            born = {p.pid for p in table if p.parent in family} - family
            if not born:
                break
            family |= born
        return [p.pid for p in table if p.pid in family and not p.dead]

    def group_members(self) -> list[int]:
        """Those that still run and never left the group."""
        return [p.pid for p in _processes() if p.group == self.pid and not p.dead]

    def stop(self, number: int) -> None:
        """Ask the group to end. Stopped processes are woken, else they would not hear it."""
        self._signal_group(number)
        self._signal_group(signal.SIGCONT)

    def kill(self) -> None:
        """Kill the group, then everybody else who belongs to the command."""
        stragglers = self.members()
        self.kill_group()
        for pid in stragglers:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)

    def kill_group(self) -> None:
        """Kill the group alone: who left it on purpose lives on."""
        self._signal_group(signal.SIGKILL)

    def _signal_group(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)

    def _carries_our_name(self, process: Process) -> bool:
        return self.pid in (process.group, process.session) or (
            bool(self.marker) and marker_of(process.pid) == self.marker
        )


def marker_of(pid: int) -> str:
    """The marker that a process carries in its environment; empty when it has none or nobody may look."""
    try:
        environment = (_PROC / str(pid) / "environ").read_bytes()
    except OSError:
        return ""
    name = f"{MARKER}=".encode()
    values = (entry.removeprefix(name) for entry in environment.split(b"\0") if entry.startswith(name))
    return next(values, b"").decode(errors="replace")


def _look_up(pid: int) -> Process | None:
    return _from_proc(pid) if _HAS_PROC else next(iter(_from_ps(("-p", str(pid)))), None)


def _processes() -> list[Process]:
    if not _HAS_PROC:
        return list(_from_ps(("-e",)))
    found = (_from_proc(int(name)) for name in os.listdir(_PROC) if name.isdecimal())
    return [process for process in found if process]


def _from_proc(pid: int) -> Process | None:
    try:
        text = (_PROC / str(pid) / "stat").read_text(errors="replace")
    except OSError:
        return None
    # The second field is the program's name in parentheses; it may hold blanks and parentheses itself.
    fields = text[text.rindex(")") + 2 :].split()
    return Process(pid, int(fields[1]), int(fields[2]), int(fields[3]), fields[0], f"{_boot_id()}:{fields[19]}")


@functools.cache
def _boot_id() -> str:
    try:
        return (_PROC / "sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def _from_ps(selection: tuple[str, ...]) -> Iterator[Process]:
    """ps(1) as POSIX and Solaris have it; it does not tell the session, which begins with the group's number."""
    argv = ["ps", *selection, "-o", "pid=,ppid=,pgid=,s=,lstart="]
    listing = subprocess.run(argv, capture_output=True, text=True, check=False, env={**os.environ, "LC_ALL": "C"})
    for line in listing.stdout.splitlines():
        pid, parent, group, state, started = line.split(None, 4)
        yield Process(int(pid), int(parent), int(group), int(group), state, started.strip())
