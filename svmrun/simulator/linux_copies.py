"""What a copy of the files below a path is worth: whether they are one moment, and of which time."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from svmrun.simulator.file_systems import containing, mounted_on, normal, writable
from svmrun.simulator.image_files import put_image_file
from svmrun.simulator.images import generation, is_live, is_moment
from svmrun.simulator.linux_files import Subvolume
from svmrun.simulator.processes import opened
from svmrun.simulator.requests import Await, Change, Pass
from svmrun.simulator.world import DumpImage, World

Run = Generator[Any, Any, int]
LOG_FOLDER = "pg_wal"


def subvolume(world: World, path: str) -> Subvolume | None:
    """The one of exactly this path; the top of a mounted btrfs is one, too."""
    known = next((one for one in world.subvolumes if one.path == normal(path)), None)
    mounted = mounted_on(world, normal(path))
    return known or (Subvolume(normal(path)) if mounted and mounted.kind == "btrfs" else None)


def subvolume_around(world: World, path: str) -> Subvolume | None:
    place = f"{normal(path)}/"
    around = [one for one in world.subvolumes if place.startswith(f"{one.path}/")]
    return max(around, key=lambda one: len(one.path), default=None)


def files_are_moment(world: World, path: str) -> bool:
    """In a read-only snapshot; on a file system that is frozen, or mounted from a side that was taken as one moment.

    Of a database those that it is able to put in order: all of them in backup mode, its log while somebody keeps it.
    """
    around = subvolume_around(world, path)
    if around is not None and around.read_only:
        return True
    if world.database_folder and normal(path) == world.database_folder:
        return any(session.mode == "backup" for session in world.backup_sessions)
    if world.database_folder and normal(path) == f"{world.database_folder}/{LOG_FOLDER}":
        return bool(world.backup_sessions)
    found = containing(world, path)
    if found is None:
        return False
    return found.lock in ("write", "hard") if is_live(world, found.special) else is_moment(world, found.special)


def files_change(world: World, path: str) -> bool:
    """Whether somebody writes to them, so that a reader may notice."""
    around, found = subvolume_around(world, path), containing(world, path)
    return found is not None and found.writers and found.lock == "unlock" and not (around and around.read_only)


def other_file_systems(world: World, path: str) -> list[str]:
    """The folders below it, as paths from there, that another file system or subvolume begins at."""
    above = f"{normal(path).rstrip('/')}/"
    roots = (*(one.mount_point for one in world.file_systems), *(one.path for one in world.subvolumes))
    return [root.removeprefix(above) for root in roots if root.startswith(above) and root != above]


def files_generation(world: World, path: str) -> int:
    around, found = subvolume_around(world, path), containing(world, path)
    if around is not None and around.read_only:
        return around.generation
    return generation(world, found.special) if found else 0


def copy_files(pid: int, source: str, target: str) -> Generator[Any, Any, World]:
    """Read everything below `source` and write it to `target`. Answers with the world before.

    The target holds a part of a copy until it is whole.
    """
    before: World = yield Change(lambda now: opened(now, pid, source))
    yield Await(writable(target))
    yield Change(lambda now: put_image_file(now, _image(before, now, source, target, complete=False)))
    yield Pass(before.dump_seconds)
    yield Change(lambda now: put_image_file(now, _image(before, now, source, target, complete=True)))
    return before


def _image(before: World, now: World, source: str, target: str, *, complete: bool) -> DumpImage:
    found = containing(before, source)
    same = files_generation(before, source) == files_generation(now, source) or _database(before, source)
    return DumpImage(
        device=source,
        level=0,
        date=before.clock,
        blocks=found.used if found else 0,
        generation=files_generation(before, source),
        consistent=complete and same and files_are_moment(before, source) and files_are_moment(now, source),
        complete=complete,
        target=target,
    )


def _database(world: World, source: str) -> bool:
    return bool(world.database_folder) and f"{normal(source)}/".startswith(f"{world.database_folder}/")
