"""blockdev(8) and stat(1) on Linux: how large a device or a file is, in bytes."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from svmrun.simulator.file_systems import BLOCK_BYTES, device_bytes, mounted_on, normal, on_device
from svmrun.simulator.requests import Call, Look, Print
from svmrun.simulator.world import FileSystem, World

Run = Generator[Any, Any, int]
FOLDER_BYTES = 4096


def blockdev(call: Call) -> Run:
    """`blockdev --getsize64 DEVICE...`, and `--getsz` in blocks of 512 bytes."""
    words = call.argv[1:]
    wrong = _wrong(words)
    if wrong:
        yield Print(f"blockdev: {wrong}\nTry 'blockdev --help' for more information.\n", "err")
        return 1
    world = yield Look()
    for path in words[1:]:
        found = on_device(world, path)
        if found is None or call.user != "root":
            yield Print(f"blockdev: {_refusal(world, found, path)}\n", "err")
            return 1
        size = device_bytes(found)
        yield Print(f"{size if words[0] == '--getsize64' else size // BLOCK_BYTES}\n")
    return 0


def _wrong(words: tuple[str, ...]) -> str:
    if not words:
        return "not enough arguments"
    if words[0] not in ("--getsize64", "--getsz"):
        return f"Unknown command: {words[0]}"
    return "" if words[1:] else "no device specified"


def _refusal(world: World, found: FileSystem | None, path: str) -> str:
    if found:
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
    """A copied image, a mount point, a device node (which has no size of its own)."""
    image = next((f for f in world.files if f.target == path), None)
    if image:
        return image.blocks * BLOCK_BYTES
    if mounted_on(world, normal(path)):
        return FOLDER_BYTES
    return 0 if on_device(world, path) else None
