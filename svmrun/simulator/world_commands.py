"""Commands that no Solaris has, to play with a world: let time pass, reboot, write to a file system.

The writer's only purpose is to be held up by locks.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from typing import Any

from svmrun.simulator.file_systems import containing, put, writable
from svmrun.simulator.processes import opened, owners
from svmrun.simulator.reboot import rebooted
from svmrun.simulator.requests import Await, Call, Change, Kill, Look, Pass, Print
from svmrun.simulator.world import World

Run = Generator[Any, Any, int]


def pass_time(call: Call) -> Run:
    """`svmsim-pass SECONDS`: the clock jumps."""
    if len(call.argv) != 2 or not call.argv[1].isdigit():
        yield Print("usage: svmsim-pass SECONDS\n", "err")
        return 1
    seconds = float(call.argv[1])
    yield Change(lambda now: replace(now, clock=now.clock + seconds))
    return 0


def reboot(call: Call) -> Run:
    """`svmsim-reboot`: the host starts again; whatever simulated command still runs is killed."""
    if len(call.argv) != 1:
        yield Print("usage: svmsim-reboot\n", "err")
        return 1
    world = yield Look()
    for pid in owners(world):
        yield Kill(pid)
    yield Change(rebooted)
    return 0


def writer(call: Call) -> Run:
    """`svmsim-writer PATH [COUNT]`: write numbered lines to the file system of the path; each waits for its locks.

    A number is printed when its line is written. Without COUNT it goes on until it is stopped.
    """
    path, count = _path_and_count(call.argv[1:])
    if not path:
        yield Print("usage: svmsim-writer PATH [COUNT]\n", "err")
        return 1
    world = yield Look()
    found = containing(world, path)
    if found is None:
        yield Print(f"{path}: No such file or directory\n", "err")
        return 1
    special = found.special
    yield Change(lambda now: opened(now, call.pid, special, writing=True, user=call.user))
    number = 0
    while number != count:
        yield from _written(path)
        number += 1
        yield Print(f"{number}\n")
        yield Pass(1.0)
    return 0


def _path_and_count(words: tuple[str, ...]) -> tuple[str, int]:
    """An empty path when the words make no sense."""
    if len(words) == 2 and words[1].isdigit():
        return words[0], int(words[1])
    return (words[0], -1) if len(words) == 1 and not words[0].startswith("-") else ("", 0)


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
