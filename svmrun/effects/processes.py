"""The process table, and whether a process is still the same one."""

from __future__ import annotations

import functools
import os
import struct
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_DEAD_STATES = frozenset("ZXx")
# psinfo_t of proc(4), from pr_flag to pr_start, in the data model of this interpreter. Solaris and illumos.
_PSINFO = struct.Struct("@iiiiiiiiiiPNNNLHHll")


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


def process_started(pid: int) -> str:
    """The start time of a process as the system tells it; empty when there is none.

    Linux: boot id and the ticks of proc(5) `stat` field 22. Solaris: `pr_start` of proc(4). Elsewhere: `ps -o lstart`.
    """
    process = look_up(pid)
    return process.started if process else ""


def alive(pid: int, started: str) -> bool:
    """True when that very process still runs. A zombie does not."""
    process = look_up(pid)
    return process is not None and not process.dead and process.started == started


def look_up(pid: int) -> Process | None:
    read = _reader()
    return read(pid) if read else next(from_ps("-p", str(pid)), None)


def process_table() -> list[Process]:
    """Every process there is, those that ended meanwhile left out."""
    read = _reader()
    if read is None:
        return list(from_ps("-e"))
    found = (read(int(name)) for name in os.listdir(_PROC) if name.isdecimal())
    return [process for process in found if process]


def holders(path: Path) -> list[int]:
    """Who has the file open, by its descriptors in proc(5); empty where those cannot be seen."""
    # By name alone: looking at the files themselves could hang on a locked or lost file system.
    wanted = os.path.realpath(path)
    return [int(p.name) for p in _PROC.iterdir() if p.name.isdecimal() and wanted in _open_files(p / "fd")]


def _open_files(folder: Path) -> Iterator[str]:
    try:
        names = os.listdir(folder)
    except OSError:
        return
    for name in names:
        try:
            yield os.readlink(folder / name)
        except OSError:
            continue


@functools.cache
def _reader() -> Callable[[int], Process | None] | None:
    for name, read in (("stat", _from_stat), ("psinfo", _from_psinfo)):
        if (_PROC / str(os.getpid()) / name).is_file():
            return read
    return None


def _from_stat(pid: int) -> Process | None:
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


def _from_psinfo(pid: int) -> Process | None:
    try:
        return unpack_psinfo((_PROC / str(pid) / "psinfo").read_bytes())
    except OSError:
        return None


def unpack_psinfo(data: bytes) -> Process:
    """One psinfo_t. A zombie is what has no thread left."""
    _flag, threads, pid, parent, group, session, *_rest, seconds, nanoseconds = _PSINFO.unpack_from(data)
    return Process(pid, parent, group, session, "S" if threads else "Z", f"{seconds}.{nanoseconds:09}")


def from_ps(*selection: str) -> Iterator[Process]:
    """ps(1) as the BSDs and macOS have it. It does not tell the session, which begins with the group's number."""
    argv = ["ps", *selection, "-o", "pid=,ppid=,pgid=,state=,lstart="]
    listing = subprocess.run(argv, capture_output=True, text=True, check=False, env={**os.environ, "LC_ALL": "C"})
    for line in listing.stdout.splitlines():
        pid, parent, group, state, started = line.split(None, 4)
        yield Process(int(pid), int(parent), int(group), int(group), state[0], started.strip())
