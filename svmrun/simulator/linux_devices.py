"""blockdev(8) and stat(1) on Linux: how large a device or a file is, in bytes."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

from svmrun.simulator.file_systems import BLOCK_BYTES, device_bytes, mounted_on, normal, on_device
from svmrun.simulator.image_files import image_file
from svmrun.simulator.linux_lookup import device_sectors, ground, leg_at, put_leg, put_view, view_at
from svmrun.simulator.requests import Call, Change, Look, Print
from svmrun.simulator.world import World
from svmrun.values import replace

Run = Generator[Any, Any, int]
FOLDER_BYTES = 4096
OPTIONS = ("--getsize64", "--getsz", "--getro", "--setro", "--setrw")


def blockdev(call: Call) -> Run:
    """`--getsize64 DEVICE...`, `--getsz` in blocks of 512 bytes, `--getro`, `--setro`, `--setrw`."""
    words = call.argv[1:]
    wrong = _wrong(words)
    if wrong:
        yield Print(f"blockdev: {wrong}\nTry 'blockdev --help' for more information.\n", "err")
        return 1
    world = yield Look()
    for path in words[1:]:
        sectors = _sectors(world, path)
        if sectors is None or call.user != "root":
            yield Print(f"blockdev: {_refusal(world, sectors, path)}\n", "err")
            return 1
        if words[0] in ("--setro", "--setrw"):
            yield Change(_setting(path, read_only=words[0] == "--setro"))
        else:
            yield Print(f"{_value(world, path, words[0], sectors)}\n")
    return 0


def _sectors(world: World, path: str) -> int | None:
    found = on_device(world, path)
    sectors = device_sectors(world, path)
    return device_bytes(found) // BLOCK_BYTES if sectors is None and found else sectors


def _value(world: World, path: str, option: str, sectors: int) -> int:
    if option == "--getro":
        found = ground(world, path)
        return int(found is not None and not found.writable)
    return sectors * BLOCK_BYTES if option == "--getsize64" else sectors


def _setting(path: str, *, read_only: bool) -> Callable[[World], World]:
    """Of a leg or a view; that of an array is not kept."""

    def change(world: World) -> World:
        if view := view_at(world, path):
            return put_view(world, replace(view, read_only=read_only))
        found = leg_at(world, path)
        return world if found is None else put_leg(world, found[0], replace(found[1], read_only=read_only))

    return change


def _wrong(words: tuple[str, ...]) -> str:
    if not words:
        return "not enough arguments"
    if words[0] not in OPTIONS:
        return f"Unknown command: {words[0]}"
    return "" if words[1:] else "no device specified"


def _refusal(world: World, sectors: int | None, path: str) -> str:
    if sectors is not None:
        return f"cannot open {path}: Permission denied"
    if mounted_on(world, normal(path)) or _file_bytes(world, path) is not None:
        return "ioctl error on BLKGETSIZE64: Inappropriate ioctl for device"
    return f"cannot open {path}: No such file or directory"


def stat(call: Call) -> Run:
    """`stat --format=%s FILE...` (or `-c %s`): of what a format may tell, the size alone."""
    words = list(call.argv[1:])
    if words[:1] in (["-c"], ["--format"]) and len(words) > 1:
        words[:2] = [f"--format={words[1]}"]
    shape = words.pop(0).removeprefix("--format=") if words and words[0].startswith("--format=") else ""
    if not words:
        yield Print("stat: missing operand\nTry 'stat --help' for more information.\n", "err")
        return 1
    if shape.replace("%s", "").count("%") or "%s" not in shape:
        yield Print("stat: only --format with %s is simulated\n", "err")
        return 1
    world = yield Look()
    status = 0
    for path in words:
        size = _file_bytes(world, path)
        if size is None:
            yield Print(f"stat: cannot statx '{path}': No such file or directory\n", "err")
            status = 1
        else:
            yield Print(shape.replace("%s", str(size)) + "\n")
    return status


def _file_bytes(world: World, path: str) -> int | None:
    """A copied image, a mount point, a device node (which has no size of its own), a file or a link (whose size is not
    kept).
    """
    image = image_file(world, path)
    if image:
        return image.blocks * BLOCK_BYTES
    if mounted_on(world, normal(path)):
        return FOLDER_BYTES
    known = on_device(world, path) or normal(path) in world.plain_files or normal(path) in world.links
    return 0 if known else None
