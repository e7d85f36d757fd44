"""lockfs(1M): locks, the status of locks, and the rules of ufs_lockfs.c about which lock may follow which."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, Literal, cast

from svmrun.simulator.arguments import BadOption, options
from svmrun.simulator.file_systems import containing, mounted_on, put
from svmrun.simulator.requests import Call, Change, Look, Pass, Print
from svmrun.simulator.world import FileSystem, World
from svmrun.values import replace

Run = Generator[Any, Any, int]
Lock = Literal["unlock", "write", "name", "delete", "hard", "error"]
USAGE = "usage: lockfs [-dfhnuw] [-c string] [-a] [file system ...]\n"
LOCKS: dict[str, Lock] = {
    "w": "write",
    "n": "name",
    "d": "delete",
    "h": "hard",
    "e": "error",
    "u": "unlock",
}
LONGEST_COMMENT = 1024


def lockfs(call: Call) -> Run:
    try:
        given, paths = options(call.argv[1:], "vfwnduheac:")
    except BadOption as bad:
        yield Print(f"lockfs: {bad}\n", "err")
        yield Print(USAGE)
        return 1
    letters = [letter for letter, _ in given]
    comment = next((text for letter, text in reversed(given) if letter == "c"), None)
    action = next((letter for letter in reversed(letters) if letter in "fwndheu"), "u" if comment is not None else "")
    if not paths and "a" not in letters and action:
        yield Print(USAGE)
        return 1
    if not paths:
        world = yield Look()
        paths = [f.mount_point for f in world.file_systems if f.kind == "ufs"]
        if not letters:
            paths = [p for p in paths if getattr(mounted_on(world, p), "lock", "unlock") != "unlock"]
    if not action:
        return (yield from _list(paths))
    return (yield from _each(call, paths, action, comment or "", "v" in letters))


def _each(call: Call, paths: list[str], action: str, comment: str, verbose: bool) -> Run:
    """Errors of one path do not keep the others from being done."""
    status = 0
    for path in paths:
        error = yield from _flush(path) if action == "f" else _set(call, path, LOCKS[action], comment, verbose)
        if error:
            yield Print(error, "err")
            status = 2
    return status


def _list(paths: list[str]) -> Run:
    world = yield Look()
    status = 0
    header = f"{'Filesystem':<20s} {'Locktype':<10s} Comment\n"
    for path in paths:
        found = containing(world, path)
        if found is None or found.kind != "ufs":
            yield Print(f"{path}: {_unfit(found)}\n", "err")
            status = 2
            continue
        name, comment = ("EIO", "May be hard locked") if found.lock == "hard" else (_shown(found), found.comment)
        status = 2 if found.lock == "hard" else status
        yield Print(f"{header}{path:<20s} {name:<10s} {comment}\n")
        header = ""
    return status


def _shown(found: FileSystem) -> str:
    return f"({found.pending_lock})" if found.pending_lock else found.lock


def _unfit(found: FileSystem | None) -> str:
    return "Inappropriate ioctl for device" if found else "No such file or directory"


def _flush(path: str) -> Generator[Any, Any, str]:
    world = yield Look()
    return "" if containing(world, path) else f"{path}: No such file or directory\n"


def _set(call: Call, path: str, lock: Lock, comment: str, verbose: bool) -> Generator[Any, Any, str]:
    """Ask for the lock, wait for the operations that run, take it. Answers with an error message or nothing."""
    world = yield Look()
    found = containing(world, path)
    if reason := _refusal(call, found, lock, comment):
        return f"{path}: {reason}\n"
    mount_point = cast(FileSystem, found).mount_point
    refused: list[str] = []

    def request(now: World) -> World:
        changed = cast(FileSystem, mounted_on(now, mount_point))
        if reason := _refusal(call, changed, lock, comment):
            refused.append(reason)
            return now
        return put(now, replace(changed, pending_lock=lock, pending_pid=call.pid))

    if lock != "unlock":
        yield Change(request)
        if refused:
            return f"{path}: {refused[0]}\n"
        yield Pass(cast(FileSystem, found).busy_seconds)
    yield Change(lambda now: _taken(now, mount_point, lock, comment))
    return _modified(cast(FileSystem, found), path) if verbose and lock == "unlock" else ""


def _refusal(call: Call, found: FileSystem | None, lock: Lock, comment: str) -> str:
    """Why the request fails, in the order of ufs_fiolfs."""
    if found is None or found.kind != "ufs":
        return _unfit(found)
    if call.user != "root":
        return "Not owner"
    if len(comment) > LONGEST_COMMENT:
        return "File name too long"
    if found.pending_pid:
        return "Device busy"
    if found.lock == "hard":
        return "I/O error"
    if (found.lock == "error" and lock not in ("unlock", "error")) or (found.lock == "write" and lock == "error"):
        return "Device busy"
    if found.holds_swap and lock in ("write", "error"):
        return "Deadlock situation detected/avoided"
    return ""


def _taken(world: World, mount_point: str, lock: Lock, comment: str) -> World:
    found = cast(FileSystem, mounted_on(world, mount_point))
    since = found.locked_generation if found.lock == lock else found.generation
    return put(
        world,
        replace(found, lock=lock, comment=comment, pending_lock="", pending_pid=0, locked_generation=since),
    )


def _modified(before: FileSystem, path: str) -> str:
    """A write lock that let changes through, as unlocking with -v reports it."""
    if before.lock == "write" and before.generation != before.locked_generation:
        return f"WARNING: {path} was modified while write locked\n"
    return ""
