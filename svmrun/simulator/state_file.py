"""The world in a folder: `world.json`, read and changed by many processes at once.

Every object is written with the name of its class under `is`, so that the file says itself how to read it. Changes are
made under a lock (flock) and replace the file whole: whoever is killed in between leaves the old world.

The clock of the file is kept with the real time at which it was right; a reader adds what has passed since, divided by
`time_scale`. With a `time_scale` of 0 the clock stands still and only jumps when a command takes time, or when one
is started while a resync runs: so whoever asks again and again sees it end.

Processes that have something in the world are kept with their start times, since process numbers are used again.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from svmrun.errors import StateError
from svmrun.simulator import linux_disks
from svmrun.simulator import world as shapes
from svmrun.simulator.processes import forget, owners
from svmrun.simulator.volumes import settle
from svmrun.simulator.world import World

FILE = "world.json"
LOCK = "world.lock"
RESYNC_STEP = 0.1  # what of a resync is done between two commands when time stands still
Births = dict[int, str | None]


def write(folder: str, world: World) -> None:
    """Put the world there, as it is at this moment."""
    with _Locked(folder):
        _save(folder, world, {})


def read(folder: str) -> World:
    """The world as it is now: the clock moved on, resyncs finished, dead processes forgotten.

    Raises StateError when the folder holds no readable world.
    """
    return current(*load(folder))


def begin(folder: str) -> World:
    """The world as a command finds it that starts now."""
    world = read(folder)
    running = [m.resync.total for m in world.mirrors if m.resync and not m.resync.cancelled]
    running += [m.work.total for m in world.linux_mirrors if m.work]
    return advance(folder, max(running) * RESYNC_STEP) if running and world.time_scale == 0 else world


def change(folder: str, function: Callable[[World], World]) -> World:
    """Change the world in one indivisible step, and give it back."""
    with _Locked(folder):
        real, written, births = load(folder)
        before = current(real, written, births)
        after = function(before)
        if after is not before:
            _save(folder, after, births)
        return after


def advance(folder: str, seconds: float) -> World:
    """Let time pass in the world."""
    return change(folder, lambda world: replace(world, clock=world.clock + seconds))


def stamp(folder: str) -> tuple[int, int]:
    """Differs whenever somebody has changed the world."""
    try:
        status = os.stat(os.path.join(folder, FILE))
    except OSError as error:
        raise StateError(f"the simulated world in {folder} is gone ({error.strerror})") from None
    return status.st_ino, status.st_mtime_ns


def load(folder: str) -> tuple[float, World, Births]:
    """The real time of the writing, the world of that time, and who had something in it. Raises StateError."""
    path = os.path.join(folder, FILE)
    try:
        with open(path, encoding="utf-8") as file:
            document = json.load(file, object_hook=_decoded)
        births = {int(pid): started for pid, started in document["births"].items()}
        return float(document["real"]), document["world"], births
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise StateError(f"{path} holds no simulated world ({error}); make one with svmrun simulate") from None


def current(real: float, world: World, births: Births) -> World:
    if world.time_scale > 0:
        world = replace(world, clock=world.clock + max(0.0, time.time() - real) / world.time_scale)
    return settle(forget(world, lambda pid: not _is_still(pid, births.get(pid))))


def _save(folder: str, world: World, known: Births) -> None:
    births = {pid: known.get(pid) or born(pid) for pid in owners(world)}
    path = os.path.join(folder, FILE)
    with open(f"{path}.new", "w", encoding="utf-8") as file:
        json.dump({"real": time.time(), "births": births, "world": _encoded(world)}, file)
    os.replace(f"{path}.new", path)


class _Locked:
    """The right to change the world; lost with the process, however it ends."""

    def __init__(self, folder: str) -> None:
        path = os.path.join(folder, LOCK)
        try:
            self.descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StateError(f"{path} cannot be opened: {error.strerror}") from None

    def __enter__(self) -> None:
        fcntl.flock(self.descriptor, fcntl.LOCK_EX)

    def __exit__(self, *_: object) -> None:
        os.close(self.descriptor)


def _encoded(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_encoded(item) for item in value]
    if hasattr(value, "__dataclass_fields__"):
        return {"is": type(value).__name__} | {name: _encoded(item) for name, item in vars(value).items()}
    return value


def _decoded(plain: dict[str, Any]) -> Any:
    name = plain.pop("is", None)
    if name is None:
        return plain
    shape = getattr(shapes, name, None) or getattr(linux_disks, name)
    return shape(**{key: _tuples(value) for key, value in plain.items()})


def _tuples(value: Any) -> Any:
    return tuple(_tuples(item) for item in value) if isinstance(value, list) else value


def _is_still(pid: int, birth: str | None) -> bool:
    return birth is not None and born(pid) == birth


def born(pid: int) -> str | None:
    """When the process was started, as the system tells it; None when it is gone or only waits to be collected."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            fields = file.read().rpartition(b")")[2].split()
    except OSError:
        return None if os.path.exists("/proc/self/stat") or not _exists(pid) else "running"
    return None if fields[0] in (b"Z", b"X") else fields[19].decode()


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
