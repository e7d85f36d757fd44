"""The folder of a run's guard, in storage that lives in memory: no disk that is locked can hold it up."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from svmrun.effects.mounts import MountTable, read_mount_table
from svmrun.errors import Refused

MEMORY_KINDS = frozenset({"tmpfs", "ramfs", "swap"})


def make(run: str, environ: Mapping[str, str] = os.environ) -> Path:
    """A new private folder for the guard of `run`. Raises Refused when there is no place for it."""
    try:
        return _private(_private(root(environ) / f"svmrun-{os.getuid()}") / run)
    except OSError as error:
        raise Refused(
            f"the guard's folder cannot be made: {error.filename}: {error.strerror}; "
            "name a writable folder in memory-backed storage in SVMRUN_MEMORY"
        ) from error


def of_run(run: str, environ: Mapping[str, str] = os.environ) -> Path | None:
    """The folder that the guard of `run` has, or left behind; None when there is none."""
    try:
        path = root(environ) / f"svmrun-{os.getuid()}" / run
    except Refused:
        return None
    return path if path.is_dir() else None


def root(environ: Mapping[str, str] = os.environ, table: MountTable | None = None) -> Path:
    """$SVMRUN_MEMORY, else the first of the usual places that is writable and lies in memory. Raises Refused."""
    if named := environ.get("SVMRUN_MEMORY"):
        return Path(named).absolute()
    mounts = table or read_mount_table()
    for place in _usual(environ):
        if mounts.holding(str(place.resolve())).kind in MEMORY_KINDS and os.access(place, os.W_OK | os.X_OK):
            return place
    raise Refused(
        "no memory-backed storage was found for the guard (looked at /run, /dev/shm, /tmp); "
        "name a folder on a tmpfs in SVMRUN_MEMORY"
    )


def _usual(environ: Mapping[str, str]) -> Iterator[Path]:
    if runtime := environ.get("XDG_RUNTIME_DIR"):
        yield Path(runtime)
    yield from (Path("/run"), Path("/var/run"), Path("/dev/shm"), Path("/tmp"))


def _private(path: Path) -> Path:
    """Make a folder that only its owner may enter; one that is there must be just that."""
    path.mkdir(mode=0o700, exist_ok=True, parents=False)
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise Refused(
            f"the guard's folder {path} is not a private folder of this user; remove it, or name another place "
            "in SVMRUN_MEMORY"
        )
    return path
