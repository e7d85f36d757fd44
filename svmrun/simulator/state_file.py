"""The world in a folder: `world.json`, read and changed by many processes at once.

Every object is written with the name of its class under `is`, so that the file says itself how to read it. Changes are
made under a lock (flock) and replace the file whole: whoever is killed in between leaves the old world.

The clock of the file is kept with the real time at which it was right; a reader adds what has passed since, divided by
`time_scale`. With a `time_scale` of 0 the clock stands still and only jumps when a command takes time.
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
from svmrun.simulator import world as shapes
from svmrun.simulator.processes import forget
from svmrun.simulator.volumes import settle
from svmrun.simulator.world import World

FILE = "world.json"
LOCK = "world.lock"


def write(folder: str, world: World) -> None:
    """Put the world there, as it is at this moment."""
    with _Locked(folder):
        _save(folder, world)


def read(folder: str) -> World:
    """The world as it is now: the clock moved on, resyncs finished, dead processes forgotten.

    Raises StateError when the folder holds no readable world.
    """
    return current(*load(folder))


def change(folder: str, function: Callable[[World], World]) -> World:
    """Change the world in one indivisible step, and give it back."""
    with _Locked(folder):
        before = read(folder)
        after = function(before)
        if after is not before:
            _save(folder, after)
        return after


def advance(folder: str, seconds: float) -> World:
    """Let time pass in the world."""
    return change(folder, lambda world: replace(world, clock=world.clock + seconds))


def stamp(folder: str) -> tuple[int, int]:
    """Differs whenever somebody has changed the world."""
    status = os.stat(os.path.join(folder, FILE))
    return status.st_ino, status.st_mtime_ns


def load(folder: str) -> tuple[float, World]:
    """The world as it was written, and the real time of that. Raises StateError."""
    path = os.path.join(folder, FILE)
    try:
        with open(path, encoding="utf-8") as file:
            document = json.load(file, object_hook=_decoded)
        return float(document["real"]), document["world"]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise StateError(f"{path} holds no simulated world ({error}); make one with svmrun simulate") from None


def current(real: float, world: World) -> World:
    if world.time_scale > 0:
        world = replace(world, clock=world.clock + max(0.0, time.time() - real) / world.time_scale)
    return settle(forget(world, _is_dead))


def _save(folder: str, world: World) -> None:
    path = os.path.join(folder, FILE)
    temporary = f"{path}.{os.getpid()}"
    with open(temporary, "w", encoding="utf-8") as file:
        json.dump({"real": time.time(), "world": _encoded(world)}, file)
    os.replace(temporary, path)


class _Locked:
    """The right to change the world; lost with the process, however it ends."""

    def __init__(self, folder: str) -> None:
        self.descriptor = os.open(os.path.join(folder, LOCK), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

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
    return getattr(shapes, name)(**{key: _tuples(value) for key, value in plain.items()})


def _tuples(value: Any) -> Any:
    return tuple(_tuples(item) for item in value) if isinstance(value, list) else value


def _is_dead(pid: int) -> bool:
    """Gone, or waiting only to be collected by its parent."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return file.read().rpartition(b")")[2].split()[0] in (b"Z", b"X")
    except FileNotFoundError:
        return os.path.exists("/proc/self") or not _signalable(pid)
    except OSError:
        return False


def _signalable(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
