"""df(1M), fuser(1M), sync(1M), dd(1M), and a writer whose only purpose is to be held up by locks."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from typing import Any

from svmrun.simulator.arguments import BadOption, options
from svmrun.simulator.file_systems import containing, mounted_on, normal, put, writable
from svmrun.simulator.images import generation, is_moment
from svmrun.simulator.processes import opened, users
from svmrun.simulator.requests import Await, Call, Change, Kill, Look, Pass, Print
from svmrun.simulator.tape import drive, recorded, tape_error
from svmrun.simulator.volumes import canonical, open_error, put_stripe, stripe
from svmrun.simulator.volumes import volume as volume_of
from svmrun.simulator.world import DumpImage, FileSystem, World

Run = Generator[Any, Any, int]
SIZE_FACTOR = 3  # a file system is three times as large as what is on it


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
    if rows and "n" not in flags:
        yield Print("Filesystem            kbytes    used   avail capacity  Mounted on\n")
    for one in rows:
        yield Print(f"{one.mount_point:<19s}: {one.kind}\n" if "n" in flags else _row(one))
    for path in missing:
        yield Print(f"df: (could not open {path}) No such file or directory\n", "err")
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
    found = mounted_on(world, normal(file))
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


def dd(call: Call) -> Run:
    """Copy a device, or a plain file, whole. `if=` and `of=` only; sizes are accepted and change nothing."""
    words = dict(word.split("=", 1) for word in call.argv[1:] if "=" in word)
    bad = [word for word in call.argv[1:] if "=" not in word]
    source, target = words.get("if", ""), words.get("of", "")
    if bad or not source or not target:
        yield Print(f'dd: bad argument: "{bad[0] if bad else "if= and of= are needed"}"\n', "err")
        return 2
    world = yield Look()
    for path, writing in ((source, False), (target, True)):
        reason = open_error(world, path, writing)
        if drive(world, path):
            reason = tape_error(world, path, call.pid)
        if reason:
            yield Print(f"dd: {path}: open: {reason}\n", "err")
            return 2
    return (yield from _copy(call, source, target))


def _copy(call: Call, source: str, target: str) -> Run:
    before = yield Change(lambda now: opened(opened(now, call.pid, source), call.pid, target, writing=True))
    size = getattr(volume_of(before, canonical(source)), "size", 0)
    if not target.startswith("/dev/"):
        yield Await(writable(target))
    yield Pass(before.dump_seconds)
    yield Change(lambda now: _copied(now, before, source, target, size))
    yield Print(f"{size}+0 records in\n{size}+0 records out\n", "err")
    return 0


def _copied(world: World, before: World, source: str, target: str, size: int) -> World:
    same = generation(world, source) == generation(before, source)
    image = DumpImage(
        device=canonical(source),
        level=0,
        date=before.clock,
        blocks=size,
        generation=generation(before, source),
        consistent=same and is_moment(before, source) and is_moment(world, source),
        target=target,
    )
    if drive(world, target):
        return recorded(world, target, image)
    overwritten = stripe(world, canonical(target))
    if overwritten:
        return put_stripe(world, replace(overwritten, image="mixed"))
    return replace(world, files=(*(f for f in world.files if f.target != target), image))


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
        if generation_at(after, path) > generation_at(before, path):
            return


def generation_at(world: World, path: str) -> int:
    found = containing(world, path)
    return found.generation if found else 0


def _grown(world: World, path: str) -> World:
    found = containing(world, path)
    if found is None or found.lock != "unlock":
        return world
    return put(world, replace(found, generation=found.generation + 1))
