"""realpath(1) and ls(1) of the GNU coreutils: where a path leads to, and what is in a folder."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from svmrun.simulator.file_systems import containing, resolved
from svmrun.simulator.requests import Call, Look, Print
from svmrun.simulator.world import World

Run = Generator[Any, Any, int]


def realpath(call: Call) -> Run:
    """`realpath -m PATH...`: whether it is there or not."""
    words = [word for word in call.argv[1:] if word not in ("-m", "--canonicalize-missing")]
    if len(words) == len(call.argv[1:]) or not words:
        yield Print("realpath: only --canonicalize-missing PATH... is simulated\n", "err")
        return 1
    world = yield Look()
    for word in words:
        yield Print(f"{resolved(world, word)}\n")
    return 0


def ls(call: Call) -> Run:
    """`ls -A FOLDER`: the names in it, one in each line. Every folder of a file system is taken to be there."""
    words = [word for word in call.argv[1:] if word not in ("-A", "--almost-all")]
    if len(words) != 1 or len(call.argv) != 3:
        yield Print("ls: only --almost-all FOLDER is simulated\n", "err")
        return 2
    world = yield Look()
    if containing(world, words[0]) is None:
        yield Print(f"ls: cannot access '{words[0]}': No such file or directory\n", "err")
        return 2
    for name in _names(world, f"{resolved(world, words[0]).rstrip('/')}/"):
        yield Print(f"{name}\n")
    return 0


def _names(world: World, folder: str) -> list[str]:
    known = (
        *world.plain_files,
        *world.links,
        *(image.target for image in world.files),
        *(one.path for one in world.subvolumes),
        *(one.mount_point for one in world.file_systems),
    )
    return sorted({path.removeprefix(folder).partition("/")[0] for path in known if path.startswith(folder)} - {""})
