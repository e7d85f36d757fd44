"""Programs are looked for in pinned folders, and all of them before anything is changed."""

from __future__ import annotations

import os
from collections.abc import Iterable

from svmrun.errors import Refused

# Solaris and Linux: system programs, Sun Cluster (scstat, cluster), DiskSuite 4 (metastat and its family).
PINNED_PATH = ":".join(
    (
        "/usr/sbin",
        "/usr/bin",
        "/sbin",
        "/bin",
        "/usr/lib",
        "/usr/lib/fs/ufs",
        "/usr/cluster/bin",
        "/usr/opt/SUNWmd/sbin",
        "/usr/local/sbin",
        "/usr/local/bin",
    )
)


def resolve(names: Iterable[str], path: str = PINNED_PATH) -> dict[str, str]:
    """The absolute program of each name; a name with a slash is a path already.

    Raises Refused with all that are missing, and the folders that were searched.
    """
    found = {name: _find(name, path) for name in dict.fromkeys(names)}
    missing = [name for name, program in found.items() if program is None]
    if missing:
        raise Refused(_missing(missing, path))
    return {name: program for name, program in found.items() if program is not None}


def _find(name: str, path: str) -> str | None:
    """The first executable file; unlike the shell, an empty or relative folder of the path is not searched."""
    candidates = [os.path.abspath(name)] if "/" in name else [f"{f}/{name}" for f in path.split(":") if f[:1] == "/"]
    return next((c for c in candidates if os.path.isfile(c) and os.access(c, os.X_OK)), None)


def _missing(names: list[str], path: str) -> str:
    searched = [name for name in names if "/" not in name]
    where = f" (searched: {path.replace(':', ', ')})" if searched else ""
    return (
        f"missing or not executable: {', '.join(names)}{where}; "
        "install what provides it, or write its absolute path in the runbook"
    )
