"""df(1M), fuser(1M) and sync(1M)."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from svmrun.simulator.arguments import BadOption, options
from svmrun.simulator.file_systems import SIZE_FACTOR, containing, mounted_on, normal
from svmrun.simulator.linux_mounts import df_table
from svmrun.simulator.processes import users
from svmrun.simulator.requests import Call, Kill, Look, Print
from svmrun.simulator.tape import drive
from svmrun.simulator.volumes import canonical
from svmrun.simulator.volumes import volume as volume_of
from svmrun.simulator.world import FileSystem, World

Run = Generator[Any, Any, int]


def df(call: Call) -> Run:
    try:
        given, paths = options(call.argv[1:], "knhlaeF:")
    except BadOption as bad:
        yield Print(f"df: {bad}\nUsage: df [-F FSType] [-aeghklntVv] [-o FSType-specific_options] [path ...]\n", "err")
        return 1
    flags = {letter for letter, _ in given}
    world = yield Look()
    found = [_shown(world, path) for path in paths] if paths else list(world.file_systems)
    missing = [path for path, one in zip(paths, found, strict=False) if paths and one is None]
    rows = [one for one in found if one]
    if world.os == "Linux":
        return (yield from _gnu(rows, missing))
    if rows and "n" not in flags:
        yield Print("Filesystem            kbytes    used   avail capacity  Mounted on\n")
    for one in rows:
        yield Print(f"{one.mount_point:<19s}: {one.kind}\n" if "n" in flags else _row(one))
    for path in missing:
        yield Print(f"df: (could not open {path}) No such file or directory\n", "err")
    return 1 if missing else 0


def _gnu(rows: list[FileSystem], missing: list[str]) -> Run:
    for path in missing:
        yield Print(f"df: {path}: No such file or directory\n", "err")
    if rows:
        yield Print(df_table(rows))
    return 1 if missing else 0


def _shown(world: World, path: str) -> FileSystem | None:
    """By a mounted block device, or by any path on the file system."""
    mounted = next((f for f in world.file_systems if f.special == path), None)
    return mounted or containing(world, path)


def _row(found: FileSystem) -> str:
    used = found.used // 2
    size = used * SIZE_FACTOR
    share = f"{100 / SIZE_FACTOR:5.0f}%"
    return f"{found.special:<20s} {size:7d} {used:7d} {size - used:6d} {share:<9s} {found.mount_point}\n"


def fuser(call: Call) -> Run:
    try:
        given, files = options(call.argv[1:], "cdfknus:")
    except BadOption:
        files = []
        given = []
    if not files:
        yield Print("Usage:  fuser [-[k|s sig]un[c|f|d]] files [-[[k|s sig]un[c|f|d]] files]..\n", "err")
        return 1
    status = 0
    for file in files:
        status = max(status, (yield from _users_of(file, {letter for letter, _ in given})))
    return status


def _users_of(file: str, flags: set[str]) -> Run:
    """Names and letters go to standard error, the process numbers to standard output."""
    world = yield Look()
    found = containing(world, file) if "c" in flags else mounted_on(world, normal(file))
    if found is None and not _exists(world, file):
        yield Print(f"{file}: No such file or directory\n", "err")
        return 1
    yield Print(f"{file}: ", "err")
    for entry in users(world, found.special if found else file):
        yield Print(f" {entry.pid:7d}")
        yield Print("o", "err")
        if "u" in flags:
            yield Print(f"({entry.user})", "err")
        if "k" in flags:
            yield Kill(entry.pid)
    yield Print("\n", "err")
    return 0


def _exists(world: World, file: str) -> bool:
    if drive(world, file):
        return True
    if file.startswith("/dev/md/"):
        return volume_of(world, canonical(file)) is not None
    return containing(world, file) is not None


def sync(_call: Call) -> Run:
    yield Look()
    return 0
