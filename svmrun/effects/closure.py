"""The closure check: nothing that a run needs while a file system is locked may lie on it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from svmrun.effects.mounts import Mount, MountTable
from svmrun.errors import Refused

NEVER_LOCKED = ("/", "/usr", "/var", "/etc")  # what every program of the system needs


@dataclass(frozen=True)
class Need:
    """Something that is used while the lock lasts. `what` reads as a sentence's subject: "the journal"."""

    what: str
    path: str


def problems(mount_point: str, needs: Iterable[Need], table: MountTable) -> list[str]:
    """Why this file system must not be locked: sentences that name the path and the mount it lies on.

    `needs` have absolute paths without symbolic links (see `needs.resolved`). An empty list is the good answer.
    """
    locked = table.at(mount_point.rstrip("/") or "/")
    if locked is None:
        holder = table.holding(mount_point)
        return [
            f"{mount_point} is not a mount point: it lies on {_named(holder)}, and a lock would freeze all of that; "
            "mount the file system, or correct the mount point"
        ]
    forbidden = [path for path in NEVER_LOCKED if _lies_on(path, locked, table)]
    if forbidden:
        return [
            f"{_named(locked)} must never be locked: it holds {forbidden[0]}, "
            "and without it no command that could unlock it would run"
        ]
    return list(dict.fromkeys(_needed(locked, needs, table)))


def demand(mount_point: str, needs: Iterable[Need], table: MountTable) -> None:
    """Raises Refused, with every problem, when the file system must not be locked."""
    found = problems(mount_point, needs, table)
    if found:
        raise Refused("\n".join(found))


def _needed(locked: Mount, needs: Iterable[Need], table: MountTable) -> Iterator[str]:
    for need in needs:
        if _lies_on(need.path, locked, table):
            yield (
                f"{need.what} ({need.path}) lies on {_named(table.holding(need.path))}, which is to be locked: "
                "the run would wait for itself; move it to another file system"
            )


def _lies_on(path: str, locked: Mount, table: MountTable) -> bool:
    return any(mount == locked or mount.same_file_system(locked) for mount in table.file_systems(path))


def _named(mount: Mount) -> str:
    return f"{mount.point} ({mount.source})" if mount.source else mount.point
