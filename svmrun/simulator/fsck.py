"""fsck(1M) of a UFS: phases, the questions that a copy of a live file system raises, and the exit codes."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace
from typing import Any

from svmrun.simulator.arguments import BadOption, options
from svmrun.simulator.file_systems import mounted_on
from svmrun.simulator.images import file_system_on, generation, is_live
from svmrun.simulator.processes import opened
from svmrun.simulator.requests import Ask, Call, Change, Look, Pass, Print
from svmrun.simulator.volumes import canonical, file_system_of, open_error, put_stripe, stripe
from svmrun.simulator.world import World

Run = Generator[Any, Any, int]
USAGE = "ufs usage: fsck [-F ufs] [-m] [-n] [-V] [-v] [-y] [-o p,b=#,w,f] [special ....]\n"
SECONDS = 30.0  # of the world's time, at most; less when a whole dump takes less than twenty times as long
BLOCKS_FREE = 984550
MOUNTED, NO_DEVICE, NEEDS_CHECK, BAD, FATAL = 33, 34, 32, 36, 39


class _EndOfInput(Exception):
    """Nobody answers."""


@dataclass(frozen=True)
class _Check:
    """One device to be checked. `answer` is that of -y or -n, or None to ask."""

    call: Call
    device: str
    answer: str | None
    sanity_only: bool
    preen: bool
    force: bool
    verbose: bool
    superblock: str
    writable: bool = True


def fsck(call: Call) -> Run:
    try:
        given, devices = options(call.argv[1:], "F:mnNyYvVo:")
    except BadOption as bad:
        yield Print(f"fsck: {bad}\n{USAGE}", "err")
        return 1
    flags = dict(given)
    if flags.get("F", "ufs") != "ufs":
        yield Print(f"fsck: operation not applicable to FSType {flags['F']}\n", "err")
        return 1
    if not devices:
        yield Print(USAGE, "err")
        return 1
    if "V" in flags:
        yield Print(f"fsck -F ufs {' '.join(devices)}\n")
        return 0
    return (yield from _all(call, flags, devices))


def _all(call: Call, flags: dict[str, str], devices: list[str]) -> Run:
    """The wrapper returns the highest status of its children."""
    answer = "yes" if {"y", "Y"} & flags.keys() else "no" if {"n", "N"} & flags.keys() else None
    words = flags.get("o", "").split(",")
    worst = 0
    for device in devices:
        world = yield Look()
        raw = _raw(world, device)
        alternate = next((word[2:] for word in words if word.startswith("b=")), "")
        check = _Check(call, raw, answer, "m" in flags, "p" in words, "f" in words, "v" in flags, alternate)
        try:
            worst = max(worst, (yield from _one(check)))
        except _EndOfInput:
            yield Print("\n")
            return FATAL
    return worst


def _raw(world: World, device: str) -> str:
    """The raw device of a mount point or of a block device."""
    mounted = mounted_on(world, device.rstrip("/") or "/")
    return (mounted.special if mounted else device).replace("/dsk/", "/rdsk/")


def _one(check: _Check) -> Run:
    world = yield Look()
    reason = open_error(world, check.device, writing=False)
    if reason is None and not check.device.startswith("/dev/"):
        reason = "No such file or directory"
    if reason:
        yield Print(_cannot_open(check, reason), "err")
        return NO_DEVICE
    check = replace(check, writable=check.answer != "no" and open_error(world, check.device, writing=True) is None)
    if check.sanity_only:
        return (yield from _sanity(check, world))
    yield Change(lambda now: opened(now, check.call.pid, check.device, writing=check.writable, user=check.call.user))
    return (yield from _phases(check, world))


def _cannot_open(check: _Check, reason: str) -> str:
    if check.sanity_only:
        return f"ufs fsck: sanity check failed : cannot stat {check.device}\n"
    if reason in ("No such file or directory", "No such device or address"):
        return f"fsck: could not stat {check.device}: No such file or directory\n"
    return f"Can't open {check.device}: {reason}\n"


def _sanity(check: _Check, world: World) -> Run:
    if file_system_of(world, canonical(check.device)):
        yield Print(f"ufs fsck: sanity check: {check.device} already mounted\n")
        return MOUNTED
    if _is_active(world, check.device):
        yield Print(f"ufs fsck: sanity check: {check.device} needs checking\n")
        return NEEDS_CHECK
    yield Print(f"ufs fsck: sanity check: {check.device} okay\n")
    return 0


def _is_active(world: World, device: str) -> bool:
    """Whether the superblock says that the file system is in use: it was copied while it changed."""
    copy = stripe(world, canonical(device))
    found = file_system_on(world, device)
    if is_live(world, device):
        return found is None or found.lock not in ("write", "hard")
    return copy is not None and copy.image in ("crash", "mixed") and copy.repaired != copy.generation


def _phases(check: _Check, world: World) -> Run:
    found = file_system_on(world, check.device)
    mounted = file_system_of(world, canonical(check.device))
    if found is None:
        return (yield from _no_superblock(check))
    if check.superblock:
        yield Print(f"Alternate super block location: {check.superblock}.\n")
    if check.preen and not check.force and not _is_active(world, check.device):
        yield Print(f"{check.device}: is {'logging' if mounted and mounted.logging else 'clean'}.\n")
        return 0
    yield Print(f"** {check.device}{'' if check.writable else ' (NO WRITE)'}\n")
    if mounted and check.answer != "no":
        yield Print(f"{check.device} IS CURRENTLY MOUNTED READ/WRITE.\n")
        if not (yield from _question(check, "CONTINUE")):
            yield Print("Program terminated\n")
            return MOUNTED
    yield Print(f"** {'Currently' if mounted else 'Last'} Mounted on {found.mount_point}\n")
    yield Pass(min(SECONDS, world.dump_seconds / 20))
    return (yield from _findings(check, found.used, mounted is not None))


def _findings(check: _Check, used: int, mounted: bool) -> Run:
    world = yield Look()
    active = _is_active(world, check.device)
    modified = False
    for phase in ("1 - Check Blocks and Sizes", "2 - Check Pathnames", "3a - Check Connectivity"):
        yield Print(f"** Phase {phase}\n")
    yield Print("** Phase 3b - Verify Shadows/ACLs\n** Phase 4 - Check Reference Counts\n")
    yield Print("** Phase 5 - Check Cylinder Groups\n")
    if active:
        yield Print("FRAG BITMAP WRONG\n")
        bitmap = yield from _question(check, "FIX")
        state = yield from _question(check, "FILE SYSTEM STATE IN SUPERBLOCK IS WRONG; FIX")
        modified = bitmap or state
        if state:
            yield Change(lambda now: _repaired(now, check.device))
    yield Print(_summary(used, check.verbose))
    if modified:
        yield Print("\n***** FILE SYSTEM WAS MODIFIED *****\n")
    return 35 if modified and mounted else 0


def _question(check: _Check, text: str) -> Generator[Any, Any, bool]:
    yield Print(f"\n{text}? ")
    if not check.writable or check.answer is not None:
        answer = "yes" if check.writable and check.answer == "yes" else "no"
        yield Print(f" {answer}\n\n")
        return answer == "yes"
    line = yield Ask()
    if line is None:
        raise _EndOfInput
    yield Print("\n")
    return line[:1] in ("y", "Y")


def _summary(used: int, verbose: bool) -> str:
    files = max(2, used // 64)
    blocks, frags = divmod(BLOCKS_FREE, 8)
    share = 100 * frags / BLOCKS_FREE
    if verbose:
        return (
            f"\nFilesystem summary:\n{files} files\n{used // 2} used\n{BLOCKS_FREE} free\n{frags} frags\n"
            f"{blocks} blocks\n{share:.1f}% fragmentation\n"
        )
    return (
        f"{files} files, {used // 2} used, {BLOCKS_FREE} free ({frags} frags, {blocks} blocks, "
        f"{share:.1f}% fragmentation)\n"
    )


def _repaired(world: World, device: str) -> World:
    copy = stripe(world, canonical(device))
    return put_stripe(world, replace(copy, repaired=generation(world, device))) if copy else world


def _no_superblock(check: _Check) -> Run:
    """No UFS there: every offer to go on leads to the same end."""
    yield Print(f"** {check.device}{'' if check.writable else ' (NO WRITE)'}\n")
    yield Print("BAD SUPERBLOCK AT BLOCK 16: MAGIC NUMBER WRONG\n")
    for text in ("LOOK FOR ALTERNATE SUPERBLOCKS WITH MKFS", "LOOK FOR ALTERNATE SUPERBLOCKS WITH NEWFS"):
        yield from _question(check, text)
    yield Print("SEARCH FOR ALTERNATE SUPERBLOCKS FAILED.\n\nUSE GENERIC SUPERBLOCK FROM MKFS/NEWFS FAILED.\n\n")
    return FATAL
