"""Which file system a path lies on, and who has to wait while it is locked."""

from __future__ import annotations

from collections.abc import Callable

from svmrun.simulator.world import FileSystem, World
from svmrun.values import replace

SIZE_FACTOR = 3  # a file system is three times as large as what is on it
BLOCK_BYTES = 512
EXTENT_BYTES = 4 * 1024 * 1024  # what a logical volume is a multiple of (lvm(8))


def normal(path: str) -> str:
    """The path without doubled slashes, `.` and `..`; a relative path is taken from `/`."""
    parts: list[str] = []
    for part in path.split("/"):
        if part == "..":
            parts = parts[:-1]
        elif part not in ("", "."):
            parts.append(part)
    return "/" + "/".join(parts)


def resolved(world: World, path: str) -> str:
    """The path without symbolic links in it, whether there is anything or not (realpath -m)."""
    place = normal(path)
    for _each in world.links:  # as often as there are links, at most: they may lead in a circle
        for link, goal in world.links.items():
            if f"{place}/".startswith(f"{link}/"):
                place = normal(f"{'' if goal.startswith('/') else f'{link}/../'}{goal}/{place.removeprefix(link)}")
    return place


def containing(world: World, path: str) -> FileSystem | None:
    """The file system that the path lies on: the mounted one if it is mounted, else the one below it."""
    place = resolved(world, path).rstrip("/") + "/"
    above = [f for f in world.file_systems if place.startswith(f.mount_point.rstrip("/") + "/")]
    return max(above, key=lambda f: len(f.mount_point), default=None)


def mounted_on(world: World, mount_point: str) -> FileSystem | None:
    return next((f for f in world.file_systems if f.mount_point == mount_point), None)


def on_device(world: World, path: str) -> FileSystem | None:
    """The file system that is mounted from this block device."""
    return next((f for f in world.file_systems if f.special == path and path.startswith("/dev/")), None)


def device_bytes(found: FileSystem) -> int:
    """The size of the device that the file system fills."""
    return -(-found.used * BLOCK_BYTES * SIZE_FACTOR // EXTENT_BYTES) * EXTENT_BYTES


def put(world: World, changed: FileSystem) -> World:
    """The world with this file system in the place of the one of that mount point."""
    kept = tuple(changed if f.mount_point == changed.mount_point else f for f in world.file_systems)
    return replace(world, file_systems=kept)


def writable(path: str) -> Callable[[World], bool]:
    """A condition to wait for: a change of this path would not block (any lock but `unlock` holds changes)."""

    def holds(world: World) -> bool:
        found = containing(world, path)
        return found is None or found.lock == "unlock"

    return holds
