"""btrfs(8): snapshots of subvolumes, and their streams. Its words are those of btrfs-progs 6.2."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from svmrun.simulator.file_systems import containing, normal, writable
from svmrun.simulator.image_files import image_file
from svmrun.simulator.linux_copies import copy_files, subvolume
from svmrun.simulator.linux_files import Subvolume
from svmrun.simulator.requests import Await, Call, Change, Look, Print
from svmrun.simulator.uuid_text import uuid_text
from svmrun.simulator.world import World
from svmrun.values import replace

Run = Generator[Any, Any, int]
NO_FILE = "No such file or directory"
INVALID = "Invalid argument"
NO_PERMISSION = "Operation not permitted"
NOT_DELETED = (
    f"WARNING: cannot read default subvolume id: {NO_PERMISSION}\n"
    f"ERROR: Could not destroy subvolume/snapshot: {NO_PERMISSION}\n"
    "WARNING: deletion failed with EPERM, you don't have permissions or send may be in progress\n"
)


def btrfs(call: Call) -> Run:
    """`btrfs subvolume snapshot -r|delete|show|list -o`, `btrfs send -f`, `btrfs receive --dump -f`."""
    match call.argv[1:]:
        case ("subvolume", "snapshot", "-r", source, path):
            return (yield from _snapshot(call, source, path))
        case ("subvolume", "delete", *options, path):
            return (yield from _delete(call, path, "--commit-after" in options))
        case ("subvolume", "show", path):
            return (yield from _show(call, path))
        case ("subvolume", "list", "-o", path):
            return (yield from _list(path))
        case ("send", "-f", stream, path):
            return (yield from _send(call, stream, path))
        case ("receive", "--dump", "-f", stream):
            return (yield from _check(stream))
    yield Print("btrfs: unknown token\n", "err")
    return 1


def _error(words: str) -> Run:
    yield Print(f"ERROR: {words}\n", "err")
    return 1


def _snapshot(call: Call, source: str, path: str) -> Run:
    """It is on the disk when it says so; on a frozen file system it waits."""
    world = yield Look()
    if subvolume(world, source) is None:
        return (yield from _error(_no_subvolume(world, source) or f"Could not statfs: {NO_FILE}"))
    if not _is_btrfs(world, path):
        return (yield from _error(f"not a btrfs filesystem: {normal(path).rpartition('/')[0] or '/'}"))
    inside = subvolume(world, path) and f"/{normal(source).rpartition('/')[2]}"  # of the one that is there
    yield Print(f"Create a readonly snapshot of '{source}' in '{path}{inside or ''}'\n")
    if call.user != "root":
        return (yield from _error(f"cannot snapshot '{source}': {NO_PERMISSION}"))
    if containing(world, source) is not containing(world, path):
        return (yield from _error(f"cannot snapshot '{source}': Invalid cross-device link"))
    if inside:
        return (yield from _error(f"cannot snapshot '{source}': Read-only file system"))
    yield Await(writable(path))
    yield Change(lambda now: _taken(now, normal(source), normal(path)))
    return 0


def _is_btrfs(world: World, path: str) -> bool:
    found = containing(world, path)
    return found is not None and found.kind == "btrfs"


def _no_subvolume(world: World, path: str) -> str:
    """Why a path that is there is none; every folder is taken to be there. Empty where nothing is mounted."""
    if containing(world, path) is None:
        return ""
    return f"Not a Btrfs {'subvolume' if _is_btrfs(world, path) else 'filesystem'}: {INVALID}"


def _taken(world: World, source: str, path: str) -> World:
    found = containing(world, source)
    made = Subvolume(path, source, read_only=True, generation=found.generation if found else 0)
    return replace(world, subvolumes=(*world.subvolumes, made))


def _delete(call: Call, path: str, commits: bool) -> Run:
    world = yield Look()
    place = normal(path)
    if all(one.path != place for one in world.subvolumes):
        return (yield from _error(f"Could not statfs: {NO_FILE}"))
    yield Print(f"Delete subvolume ({'commit' if commits else 'no-commit'}): '{path}'\n")
    if call.user != "root":
        yield Print(NOT_DELETED, "err")
        return 1
    yield Await(writable(path))
    yield Change(lambda now: replace(now, subvolumes=tuple(one for one in now.subvolumes if one.path != place)))
    return 0


def _show(call: Call, path: str) -> Run:
    """A path that is no subvolume of a btrfs is taken to be nothing."""
    world = yield Look()
    found = subvolume(world, path)
    if found is None:
        other = "" if _is_btrfs(world, path) else _no_subvolume(world, path)
        return (yield from _error(other or f"cannot find real path for '{path}': {NO_FILE}"))
    if call.user != "root":
        return (yield from _error(f"Could not search B-tree: {NO_PERMISSION}"))
    mounted = containing(world, found.path)
    place = found.path.removeprefix(mounted.mount_point.rstrip("/") if mounted else "").lstrip("/")
    yield Print(f"{place or '/'}\n")
    values = {
        "Name": place.rpartition("/")[2] or "<FS_TREE>",
        "UUID": uuid_text(found.path),
        "Parent UUID": uuid_text(found.of) if found.of else "-",
        "Received UUID": "-",
        "Subvolume ID": str(257 + len(found.path)),
        "Generation": str(found.transaction),
        "Flags": "readonly" if found.read_only else "-",
    }
    for name, value in values.items():
        yield Print(f"\t{name + ':':<20} \t{value}\n")
    yield Print("\tSnapshot(s):\n")
    for one in world.subvolumes:
        if one.of == found.path:
            yield Print(f"\t\t\t\t{one.path.lstrip('/')}\n")
    return 0


def _list(path: str) -> Run:
    """Those that lie in it."""
    world = yield Look()
    if not _is_btrfs(world, path):
        return (yield from _error(f"not a btrfs filesystem: {path}"))
    inside = normal(path).rstrip("/") + "/"
    for one in world.subvolumes:
        if one.path.startswith(inside):
            place = one.path.removeprefix(inside)
            yield Print(f"ID {257 + len(one.path)} gen {one.transaction} top level 5 path {place}\n")
    return 0


def _send(call: Call, stream: str, path: str) -> Run:
    world = yield Look()
    found = subvolume(world, path)
    if found is None:
        return (yield from _error(f"unable to resolve {path}"))
    if call.user != "root":
        return (yield from _error(f"failed to determine mount point for {path}: {NO_PERMISSION}"))
    if not found.read_only:
        return (yield from _error(f"subvolume {path} is not read-only"))
    yield Print(f"At subvol {path}\n", "err")
    yield from copy_files(call.pid, path, stream)
    return 0


def _check(stream: str) -> Run:
    """Of a file that is not there it says so, and ends with 0."""
    world = yield Look()
    image = image_file(world, stream)
    if image is None:
        yield Print(f"ERROR: cannot open {stream}: {NO_FILE}\n", "err")
        return 0
    name = image.device.rpartition("/")[2]
    yield Print(f"subvol          ./{name:<30} uuid={uuid_text(image.device)} transid=8\n")
    if not image.complete:
        yield Print("ERROR: unexpected EOF in stream\n", "err")
        return (yield from _error("failed to dump the send stream: Invalid argument"))
    return 0
