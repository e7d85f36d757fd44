"""dumpe2fs(8) of e2fsprogs 1.47, `-h`: the superblock of an ext2, ext3 or ext4."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from svmrun.simulator.file_systems import on_device
from svmrun.simulator.images import file_system_on
from svmrun.simulator.linux_files import EXT_KINDS
from svmrun.simulator.linux_lookup import ground
from svmrun.simulator.requests import Call, Look, Print
from svmrun.simulator.uuid_text import uuid_text
from svmrun.simulator.world import FileSystem, World

Run = Generator[Any, Any, int]
VERSION = "dumpe2fs 1.47.0 (5-Feb-2023)\n"
NO_SUPERBLOCK = "Couldn't find valid filesystem superblock.\n"
NO_FILE, NO_PERMISSION, BAD_MAGIC = 2, 13, 19
FEATURES = {
    "ext2": "ext_attr resize_inode dir_index filetype sparse_super large_file",
    "ext3": "has_journal ext_attr resize_inode dir_index filetype sparse_super large_file",
    "ext4": "has_journal ext_attr resize_inode dir_index filetype extent 64bit flex_bg sparse_super large_file",
}


def dumpe2fs(call: Call) -> Run:
    if len(call.argv) != 3 or call.argv[1] != "-h":
        yield Print("Usage: dumpe2fs [-bfghixV] [-o superblock=<num>] [-o blocksize=<num>] device\n", "err")
        return 1
    device = call.argv[2]
    yield Print(VERSION, "err")
    world = yield Look()
    found = on_device(world, device) or file_system_on(world, device)
    if refused := _refusal(world, call.user, device, found):
        yield Print(f"dumpe2fs: {refused[1]} while trying to open {device}\n", "err")
        yield Print(NO_SUPERBLOCK)
        return refused[0]
    assert found is not None, "looked for before"
    for name, value in _told(found).items():
        yield Print(f"{f'{name}:':<25} {value}\n")
    return 0


def _refusal(world: World, user: str, device: str, found: FileSystem | None) -> tuple[int, str] | None:
    if found is None and ground(world, device) is None:
        return NO_FILE, "No such file or directory"
    if user != "root":
        return NO_PERMISSION, "Permission denied"
    ext = found is not None and found.kind in EXT_KINDS
    return None if ext else (BAD_MAGIC, "Bad magic number in super-block")


def _told(found: FileSystem) -> dict[str, str]:
    """Of a journal within the file system it tells the inode, of another one whose it is."""
    journal = {"Journal inode": "8"} if "has_journal" in FEATURES[found.kind] else {}
    if journal and found.journal:
        journal = {"Journal UUID": uuid_text(found.journal), "Journal device": "0x0841"}
    return {
        "Filesystem volume name": "<none>",
        "Filesystem UUID": uuid_text(found.special),
        "Filesystem features": FEATURES[found.kind],
        "Filesystem state": "clean",
        **journal,
    }
