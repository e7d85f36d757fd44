"""mount(8) and umount(8): a file system seen at one more place. Their words are those of util-linux 2.38."""

from __future__ import annotations

import getopt
from collections.abc import Generator
from typing import Any

from svmrun.simulator.attempt import Refused, attempt
from svmrun.simulator.file_systems import mounted_on, normal, on_device
from svmrun.simulator.images import file_system_on, generation
from svmrun.simulator.linux_lookup import ground, leg_at
from svmrun.simulator.linux_mirrors import written
from svmrun.simulator.processes import users
from svmrun.simulator.requests import Call, Change, Look, Print
from svmrun.simulator.world import FileSystem, World
from svmrun.values import replace

Run = Generator[Any, Any, int]
MOUNT_FAILURE = 32
DEFAULTS = ("rw", "relatime")
HINT = "       dmesg(1) may have more information after failed mount system call.\n"
NO_REPLAY = ("norecovery", "noload", "nolog")


def mount(call: Call) -> Run:
    """`mount [-t TYPE] [-o OPTIONS] DEVICE FOLDER`. Every folder is taken to be there."""
    try:
        given, words = getopt.gnu_getopt(list(call.argv[1:]), "t:o:")
    except getopt.GetoptError as error:
        yield Print(f"mount: invalid option -- '{error.opt}'\nTry 'mount --help' for more information.\n", "err")
        return 1
    if len(words) != 2:
        yield Print("mount: bad usage\nTry 'mount --help' for more information.\n", "err")
        return 1
    device, folder = words[0], normal(words[1])
    options = [word for flag, value in given if flag == "-o" for word in value.split(",")]

    def added(now: World) -> tuple[World, str]:
        if reason := _refusal(call, now, device, folder, dict(given).get("-t", ""), options):
            raise Refused(reason, MOUNT_FAILURE)
        return _mounted(now, device, folder, options), ""

    try:
        yield from attempt(added)
    except Refused as refused:
        yield Print(f"mount: {folder}: {refused.text}.\n{HINT}", "err")
        return refused.status
    return 0


def _refusal(call: Call, world: World, device: str, folder: str, kind: str, options: list[str]) -> str:
    if call.user != "root":
        return "must be superuser to use mount"
    if ground(world, device) is None and on_device(world, device) is None:
        return f"special device {device} does not exist"
    if any((f.special, f.mount_point) == (device, folder) for f in world.file_systems):
        return f"{device} already mounted on {folder}"
    if reason := _leg_refusal(world, device, kind):
        return reason
    found = _file_system(world, device)
    twin = found is not None and found.kind == "xfs" and found.special != device and "nouuid" not in options
    if found is not None and found.kind == "xfs" and not twin and not _can_replay(world, found, device, options):
        return f"cannot mount {device} read-only"
    taken = found is not None and found.journal and found.special != device  # its twin has the journal open
    if found is None or kind not in ("", found.kind) or twin or taken or not _can_replay(world, found, device, options):
        return (
            f"wrong fs type, bad option, bad superblock on {device}, missing codepage or helper program, or other error"
        )
    return ""


def _leg_refusal(world: World, device: str, kind: str) -> str:
    """A device with md's metadata is a file system only for who says so; one that its array has, for nobody."""
    found = leg_at(world, device)
    if found is None or found[0].kind != "md" or not found[1].known:
        return ""
    taken = found[1].state in ("in-sync", "recovering", "faulty")
    busy = f"{device} already mounted or mount point busy" if taken else ""
    return busy if kind else "unknown filesystem type 'linux_raid_member'"


def _file_system(world: World, device: str) -> FileSystem | None:
    return on_device(world, device) or file_system_on(world, device)


def _can_replay(world: World, found: FileSystem, device: str, options: list[str]) -> bool:
    below = ground(world, device)
    return below is None or below.writable or not _replays(found, options)


def _replays(found: FileSystem, options: list[str]) -> bool:
    """An xfs replays its log even when it is mounted read-only; the others write as soon as they may."""
    return not set(NO_REPLAY) & set(options) and (found.kind == "xfs" or "ro" not in options)


def _mounted(world: World, device: str, folder: str, options: list[str]) -> World:
    found = _file_system(world, device)
    assert found is not None, "refused before"
    mode = "ro" if "ro" in options else "rw"
    shown = ",".join([mode, DEFAULTS[1], *(word for word in options if word not in ("ro", "rw"))])
    if found.special != device and _replays(found, options):
        world = written(world, device, repairs=True)
    more = FileSystem(
        folder,
        device,
        found.kind,
        generation=generation(world, device),
        writers=False,
        used=found.used,
        options=shown,
        at_boot=False,
    )
    return replace(world, file_systems=(*world.file_systems, more))


def umount(call: Call) -> Run:
    """`umount FOLDER`."""
    words = call.argv[1:]
    if len(words) != 1 or words[0].startswith("-"):
        yield Print("umount: bad usage\nTry 'umount --help' for more information.\n", "err")
        return 1
    folder = normal(words[0])
    world = yield Look()
    reason = _held(call, world, folder)
    if reason:
        yield Print(f"umount: {folder}: {reason}.\n", "err")
        return MOUNT_FAILURE
    yield Change(lambda now: _taken_away(now, folder))
    return 0


def _held(call: Call, world: World, folder: str) -> str:
    found = mounted_on(world, folder)
    if call.user != "root":
        return "must be superuser to unmount"
    if found is None:
        return "not mounted"
    inside = any(f.mount_point.startswith(f"{folder.rstrip('/')}/") for f in world.file_systems)
    busy = users(world, folder) or users(world, found.special) or inside or found.lock != "unlock" or found.writers
    return "target is busy" if busy else ""


def _taken_away(world: World, folder: str) -> World:
    return replace(world, file_systems=tuple(f for f in world.file_systems if f.mount_point != folder))
