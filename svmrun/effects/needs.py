"""What a run uses while it holds a lock, as places on this host: programs with all they load, folders, open files."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from svmrun.effects.closure import Need
from svmrun.effects.executables import PINNED_PATH

_PROC_SELF = Path("/proc/self")
_LIBRARY = re.compile(r"(?:^|=>)\s*(/[^\s:()]+)(?:\s|$)")  # of ldd(1), Linux and Solaris
_INTERPRETERS_DEEP = 4  # a script may be read by a script


def of_run(programs: Iterable[str], places: Mapping[str, str | Path]) -> tuple[Need, ...]:
    """Everything, without symbolic links. `programs` are absolute paths.

    `places` maps words for a person ("the journal") to paths: the run's folder, the guard's folder and the like.
    """
    named = [Need(what, str(path)) for what, path in places.items()]
    found = [*named, *_programs(programs), *_svmrun_itself(), *_open_files(), *_swap_files()]
    return tuple(dict.fromkeys(real for need in found for real in resolved(need)))


def resolved(need: Need) -> Iterator[Need]:
    """The thing itself, and the symbolic link that leads to it."""
    path = os.path.abspath(need.path)
    yield Need(need.what, os.path.realpath(path))
    if os.path.islink(path):
        yield Need(need.what, os.path.join(os.path.realpath(os.path.dirname(path)), os.path.basename(path)))


def _programs(programs: Iterable[str]) -> Iterator[Need]:
    binaries: dict[str, str] = {}
    for program in programs:
        name = os.path.basename(program)
        yield Need(f"the program {name}", program)
        path = program
        for _depth in range(_INTERPRETERS_DEEP):
            words = _interpreter(path)
            for word in words:
                yield Need(f"the interpreter of {name}", word)
            if not words:
                break
            path = words[-1]
        binaries.setdefault(os.path.realpath(path), name)
    yield from _libraries(binaries)


def _interpreter(path: str) -> list[str]:
    """What the `#!` line names; with env(1) also the program that it finds."""
    try:
        with open(path, "rb") as file:
            first = file.readline(4096)
    except OSError:
        return []
    if not first.startswith(b"#!"):
        return []
    words = first[2:].decode(errors="replace").split()
    if not words or not words[0].startswith("/"):
        return []
    looked_up = shutil.which(words[1]) if len(words) > 1 and os.path.basename(words[0]) == "env" else None
    return [words[0], looked_up] if looked_up else words[:1]


def _libraries(binaries: Mapping[str, str]) -> Iterator[Need]:
    """Shared libraries, as the runtime linker would find them; nothing where ldd(1) is missing."""
    ldd = shutil.which("ldd", path=PINNED_PATH)
    if ldd is None or not binaries:
        return
    argv = [ldd, *binaries]
    try:
        listing = subprocess.run(
            argv, capture_output=True, text=True, errors="replace", timeout=20, check=False, stdin=subprocess.DEVNULL
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return
    owner = next(iter(binaries.values()))
    for line in listing.splitlines():
        if line.endswith(":"):
            owner = binaries.get(line[:-1], owner)
        elif found := _LIBRARY.search(line.strip()):
            yield Need(f"a library of {owner}", found[1])


def _svmrun_itself() -> Iterator[Need]:
    yield Need("Python", sys.executable)
    for path in filter(os.path.isabs, sys.path):
        yield Need("Python's packages", path)
    yield Need("svmrun's own code", os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    yield Need("the temporary folder", tempfile.gettempdir())
    yield Need("the working directory", os.getcwd())
    for path in _loaded():
        yield Need("a library of Python", path)


def _loaded() -> list[str]:
    """The files that this very process has in its memory (Linux)."""
    try:
        lines = (_PROC_SELF / "maps").read_text(errors="surrogateescape").splitlines()
    except OSError:
        return []
    return list(dict.fromkeys(line[line.index("/") :] for line in lines if "/" in line and "(deleted)" not in line))


def _open_files() -> Iterator[Need]:
    """Where the output goes: a log file that is locked would stop the run in mid-sentence."""
    for descriptor, what in ((0, "standard input"), (1, "standard output"), (2, "standard error")):
        try:
            target = os.readlink(_PROC_SELF / "fd" / str(descriptor))
        except OSError:
            continue
        if target.startswith("/"):
            yield Need(what, target)


def _swap_files() -> Iterator[Need]:
    try:
        lines = Path("/proc/swaps").read_text().splitlines()[1:]
    except OSError:
        return
    for line in lines:
        yield Need("a swap file", line.split()[0])
