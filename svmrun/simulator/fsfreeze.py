"""fsfreeze(8): a frozen file system is one with a write lock. Its words are those of util-linux 2.38."""

from __future__ import annotations

import getopt
from collections.abc import Generator
from typing import Any, cast

from svmrun.simulator.file_systems import containing, mounted_on, normal, on_device, put
from svmrun.simulator.requests import Call, Change, Look, Pass, Print
from svmrun.simulator.world import FileSystem, World
from svmrun.values import replace

Run = Generator[Any, Any, int]
CAN_FREEZE = ("ext3", "ext4", "xfs", "btrfs", "f2fs", "jfs", "nilfs2", "gfs2", "reiserfs")
HELP = "Try 'fsfreeze --help' for more information."


def fsfreeze(call: Call) -> Run:
    wrong, mode, path = _words(call.argv[1:])
    world = yield Look()
    wrong = wrong or _unfit(world, path)
    if not wrong:
        wrong = yield from (_freeze if mode == "freeze" else _unfreeze)(call, normal(path))
        wrong = wrong and f"{path}: {mode} failed: {wrong}"
    if wrong:
        yield Print(f"fsfreeze: {wrong}\n", "err")
    return 1 if wrong else 0


def _words(words: tuple[str, ...]) -> tuple[str, str, str]:
    """What is wrong with the command line, the mode, the path."""
    try:
        given, paths = getopt.gnu_getopt(list(words), "fu", ["freeze", "unfreeze"])
    except getopt.GetoptError as error:
        name = error.opt
        told = f"invalid option -- '{name}'" if len(name) == 1 else f"unrecognized option '--{name}'"
        return f"{told}\n{HELP}", "", ""
    modes = {"freeze" if name in ("-f", "--freeze") else "unfreeze" for name, _ in given}
    if len(modes) > 1:
        return "mutually exclusive arguments: --freeze --unfreeze", "", ""
    if not paths:
        return "no filename specified", "", ""
    if len(paths) > 1:
        return f"unexpected number of arguments\n{HELP}", "", ""
    return ("", modes.pop(), paths[0]) if modes else ("neither --freeze or --unfreeze specified", "", "")


def _unfit(world: World, path: str) -> str:
    if on_device(world, path):
        return f"{path}: is not a directory"
    known = mounted_on(world, normal(path)) is not None
    return "" if known else f"cannot open {path}: No such file or directory"


def _freeze(call: Call, path: str) -> Generator[Any, Any, str]:
    """Flush and let writers wait, which takes until the running operations are through (freeze_super)."""
    refused: list[str] = []

    def request(now: World) -> World:
        found = cast(FileSystem, containing(now, path))
        reason = _refusal(call, found)
        if not reason and (found.lock != "unlock" or found.pending_pid):
            reason = "Device or resource busy"
        refused.extend([reason] if reason else [])
        return now if reason else put(now, replace(found, pending_lock="write", pending_pid=call.pid))

    world = yield Change(request)
    if refused:
        return refused[0]
    yield Pass(cast(FileSystem, mounted_on(world, path)).busy_seconds)
    yield Change(lambda now: _set(now, path, "write"))
    return ""


def _unfreeze(call: Call, path: str) -> Generator[Any, Any, str]:
    refused: list[str] = []

    def thaw(now: World) -> World:
        found = cast(FileSystem, mounted_on(now, path))
        reason = _refusal(call, found) or ("" if found.lock == "write" else "Invalid argument")
        refused.extend([reason] if reason else [])
        return now if reason else _set(now, path, "unlock")

    yield Change(thaw)
    return refused[0] if refused else ""


def _refusal(call: Call, found: FileSystem) -> str:
    if call.user != "root":
        return "Operation not permitted"
    return "" if found.kind in CAN_FREEZE else "Operation not supported"


def _set(world: World, path: str, lock: Any) -> World:
    found = cast(FileSystem, mounted_on(world, path))
    since = found.generation if lock == "write" else found.locked_generation
    return put(world, replace(found, lock=lock, pending_lock="", pending_pid=0, locked_generation=since))
