"""dmsetup(8), losetup(8): devices laid over others, in the words of libdevmapper 1.02.185 and util-linux 2.38."""

from __future__ import annotations

import getopt
import json
from collections.abc import Callable, Generator
from typing import Any

from svmrun.simulator.attempt import Refused, attempt
from svmrun.simulator.file_systems import normal
from svmrun.simulator.linux_disks import View
from svmrun.simulator.linux_lookup import device_paths, device_sectors, ground, put_view, view_at
from svmrun.simulator.linux_mirrors import in_use, view_removed
from svmrun.simulator.requests import Call, Change, Look, Print
from svmrun.simulator.world import World
from svmrun.values import replace

Run = Generator[Any, Any, int]
BUSY, GONE, NO_FILE = "Device or resource busy", "No such device or address", "No such file or directory"
MOST_LOOPS = 256
LISTED = ["info", "--columns", "--noheadings", "--separator", "/", "--options", "name,uuid"]
SNAPSHOT_WORDS, LINEAR_WORDS = 7, 5
NOT_ROOT = (
    "/dev/mapper/control: open failed: Permission denied\n"
    "Failure to communicate with kernel device-mapper driver.\n"
    "Incompatible libdevmapper 1.02.185 (2022-05-18) and kernel driver (unknown version).\nCommand failed.\n"
)


def _do(change: Callable[[World], World]) -> Generator[Any, Any, str]:
    """Why it was not done; empty when it was."""
    try:
        return (yield from attempt(lambda now: (change(now), "")))
    except Refused as refused:
        return refused.text


# -- dmsetup ---------------------------------------------------------------------------------------------------------


def dmsetup(call: Call) -> Run:
    """`create NAME [--readonly] --table TABLE`, `remove [--retry] NAME`, `status NAME`, `info`: all names and uuids."""
    words = [word for word in call.argv[1:] if word not in ("--retry", "--readonly", "-r")]
    if call.user != "root":
        yield Print(NOT_ROOT, "err")
        return 1
    if words[:1] == ["create"] and len(words) == 4 and words[2] == "--table":
        refused = yield from _do(lambda now: _created(now, words[1], words[3], "--readonly" in call.argv))
    elif words[:1] == ["remove"] and len(words) == 2:
        refused = yield from _do(lambda now: _removed(now, words[1]))
    elif words[:1] == ["status"] and len(words) == 2:
        return (yield from _status(words[1]))
    elif words == LISTED:
        return (yield from _named())
    else:
        refused = "dmsetup: these words are not simulated\n"
    if refused:
        yield Print(f"{refused}Command failed.\n", "err")
    return 1 if refused else 0


def _created(world: World, name: str, table: str, read_only: bool) -> World:
    path = f"/dev/mapper/{name}"
    if view_at(world, path):
        raise Refused(f"device-mapper: create ioctl on {name}  failed: {BUSY}\n")
    view = _view(path, table.split(), read_only)
    for device in (view.over, *((view.store,) if view.store else ())):
        _require_usable(world, name, device)
    below = device_sectors(world, view.over)
    if below is not None and view.offset + view.size > below:
        raise Refused(f"device-mapper: reload ioctl on {name} (253:0) failed: Invalid argument\n")
    return replace(world, views=(*world.views, view))


def _view(path: str, words: list[str], read_only: bool) -> View:
    numbers = all(word.isdigit() for word in words[:2])
    if numbers and len(words) == LINEAR_WORDS and words[2] == "linear" and words[4].isdigit():
        return View(path, "linear", words[3], int(words[4]), read_only, size=int(words[1]))
    if numbers and len(words) == SNAPSHOT_WORDS and words[2] == "snapshot" and words[5] in ("N", "P"):
        return View(path, "snapshot", words[3], 0, read_only, words[4], size=int(words[1]))
    raise Refused(f"device-mapper: reload ioctl on {path.rpartition('/')[2]} (253:0) failed: Invalid argument\n")


def _require_usable(world: World, name: str, device: str) -> None:
    """A device that a mirror has, or that is mounted, is refused; one that another view has is shared."""
    found, view = ground(world, device), view_at(world, device)
    known = view is not None or (found is not None and (found.leg is None or found.leg.state != "missing"))
    if not known:
        raise Refused(f"device-mapper: reload ioctl on {name} (253:0) failed: No such device\n")
    mounted = any(f.special in device_paths(device) for f in world.file_systems)
    taken = found is not None and view is None and found.leg is not None and found.leg.state not in ("out", "missing")
    if mounted or taken:
        raise Refused(f"device-mapper: reload ioctl on {name} (253:0) failed: {BUSY}\n")


def _removed(world: World, name: str) -> World:
    view = view_at(world, f"/dev/mapper/{name}")
    reason = GONE if view is None else BUSY if in_use(world, view.name) else ""
    if reason or view is None:
        raise Refused(f"device-mapper: remove ioctl on {name}  failed: {reason}\n")
    return view_removed(world, view.name)


def _status(name: str) -> Run:
    world = yield Look()
    view = view_at(world, f"/dev/mapper/{name}")
    if view is None:
        yield Print("Device does not exist.\nCommand failed.\n", "err")
        return 1
    yield Print(f"0 {view.size} {view.kind} {'0/524288 0' if view.kind == 'snapshot' else ''}\n")
    return 0


def _named() -> Run:
    """Of views; the devices that LVM makes are left out."""
    world = yield Look()
    lines = [f"{view.name.rpartition('/')[2]}/\n" for view in world.views if view.kind != "loop"]
    yield Print("".join(lines) or "No devices found\n")
    return 0


# -- losetup ---------------------------------------------------------------------------------------------------------


def losetup(call: Call) -> Run:
    """`[--offset BYTES] [--read-only] LOOP FILE`, `--detach LOOP`, `--find`, `--list --json --output ... [LOOP]`."""
    try:
        given, words = getopt.gnu_getopt(
            list(call.argv[1:]), "o:rd:flJO:", ["offset=", "read-only", "detach=", "find", "list", "json", "output="]
        )
    except getopt.GetoptError as error:
        yield Print(f"losetup: {error.msg}\nTry 'losetup --help' for more information.\n", "err")
        return 1
    options = {name.lstrip("-"): value for name, value in given}
    if options.keys() & {"list", "l"}:
        return (yield from _listed(words))
    if options.keys() & {"find", "f"}:
        return (yield from _found())
    detached = options.get("detach") or options.get("d")
    if detached:
        refused = yield from _do(lambda now: _detached(now, detached, call.user))
    elif len(words) == 2:
        only = bool(options.keys() & {"read-only", "r"})
        start = int(options.get("offset") or options.get("o") or 0) // 512
        view = View(words[0], "loop", words[1], start, only)
        refused = yield from _do(lambda now: _attached(now, view, call.user))
    else:
        refused = "unexpected arguments"
    if refused:
        yield Print(f"losetup: {refused}\n", "err")
    return 1 if refused else 0


def _attached(world: World, view: View, user: str) -> World:
    """Unlike device-mapper it does not mind that a mirror has the device."""
    found = ground(world, view.over)
    there = view.over in world.plain_files or (found is not None and (not found.leg or found.leg.state != "missing"))
    reason = "Permission denied" if user != "root" else "" if there else NO_FILE
    reason = reason or (BUSY if view_at(world, view.name) else "")
    if reason:
        raise Refused(f"{view.over}: failed to set up loop device: {reason}")
    return replace(world, views=(*world.views, view))


def _detached(world: World, name: str, user: str) -> World:
    """One in use is detached by its last user's end."""
    view = view_at(world, name)
    if user != "root" or view is None:
        raise Refused(f"{name}: detach failed: {'Permission denied' if user != 'root' else GONE}")
    return put_view(world, replace(view, closing=True)) if in_use(world, name) else view_removed(world, name)


def _found() -> Run:
    world = yield Look()
    used = {view.name for view in world.views}
    yield Print(next(f"/dev/loop{n}\n" for n in range(MOST_LOOPS) if f"/dev/loop{n}" not in used))
    return 0


def _listed(words: list[str]) -> Run:
    world = yield Look()
    loops = [view for view in world.views if view.kind == "loop" and (not words or view.name in words)]
    rows = [_row(view.name, _shown(world, view.over), view.offset * 512, view.read_only) for view in loops]
    rows = rows or [_row(name, None, None, False) for name in words]
    if rows:
        yield Print(json.dumps({"loopdevices": rows}, indent=3).replace("}, {", "},{") + "\n")
    return 0


def _shown(world: World, file: str) -> str:
    """A file that was deleted stays behind its loop device."""
    return file if file in world.plain_files or ground(world, file) else f"{file} (deleted)"


def _row(name: str, file: str | None, offset: int | None, read_only: bool) -> dict[str, Any]:
    return {"name": name, "back-file": file, "offset": offset, "ro": read_only}


# -- the files behind loop devices -----------------------------------------------------------------------------------


def truncate(call: Call) -> Run:
    """`truncate -s SIZE FILE`: a file of that size with nothing in it."""
    words = list(call.argv[1:])
    if len(words) != 3 or words[0] not in ("-s", "--size"):
        yield Print("truncate: you must specify either '--size' or '--reference'\n", "err")
        return 1
    path = normal(words[2])
    yield Change(lambda now: now if path in now.plain_files else replace(now, plain_files=(*now.plain_files, path)))
    return 0


def rm(call: Call) -> Run:
    """`rm [-f] FILE...`; of files that `truncate` made, and of dumps."""
    gone = [normal(word) for word in call.argv[1:] if not word.startswith("-")]
    yield Change(
        lambda now: replace(
            now,
            plain_files=tuple(f for f in now.plain_files if f not in gone),
            files=tuple(f for f in now.files if f.target not in gone),
        )
    )
    return 0
