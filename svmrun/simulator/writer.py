"""`svmsim-writer`: a program whose only purpose is to be held up by locks."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from typing import Any

from svmrun.simulator.file_systems import containing, put, writable
from svmrun.simulator.requests import Await, Call, Change, Look, Pass, Print
from svmrun.simulator.world import World

Run = Generator[Any, Any, int]


def writer(call: Call) -> Run:
    """`svmsim-writer PATH [COUNT]`: write numbered lines to the file system of the path; each waits for its locks.

    A number is printed when its line is written. Without COUNT it goes on until it is stopped.
    """
    if (
        not 2 <= len(call.argv) <= 3
        or call.argv[1].startswith("-")
        or (len(call.argv) == 3 and not call.argv[2].isdigit())
    ):
        yield Print("usage: svmsim-writer PATH [COUNT]\n", "err")
        return 1
    path, count = call.argv[1], int(call.argv[2]) if len(call.argv) == 3 else -1
    world = yield Look()
    if containing(world, path) is None:
        yield Print(f"{path}: No such file or directory\n", "err")
        return 1
    number = 0
    while number != count:
        yield from _written(path)
        number += 1
        yield Print(f"{number}\n")
        yield Pass(1.0)
    return 0


def _written(path: str) -> Generator[Any, Any, None]:
    """One more write; the lock may be taken between the look and the write."""
    while True:
        before = yield Await(writable(path))
        after = yield Change(lambda now: _grown(now, path))
        if _generation(after, path) > _generation(before, path):
            return


def _generation(world: World, path: str) -> int:
    found = containing(world, path)
    return found.generation if found else 0


def _grown(world: World, path: str) -> World:
    found = containing(world, path)
    if found is None or found.lock != "unlock":
        return world
    return put(world, replace(found, generation=found.generation + 1))
