"""e2fsck(8) of e2fsprogs 1.47: passes, what it finds in an image that was taken while it changed, exit status."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

from svmrun.simulator.file_systems import device_bytes, on_device
from svmrun.simulator.images import file_system_on, is_moment
from svmrun.simulator.linux_files import EXT_KINDS
from svmrun.simulator.linux_lookup import Ground, ground, mounted_from, views_over
from svmrun.simulator.linux_mirrors import written
from svmrun.simulator.processes import opened
from svmrun.simulator.requests import Ask, Call, Change, Look, Pass, Print
from svmrun.simulator.world import FileSystem, World

Run = Generator[Any, Any, int]
VERSION = "e2fsck 1.47.0 (5-Feb-2023)\n"
CORRECTED, LEFT, FATAL, USAGE = 1, 4, 8, 16
WRONG = "Free blocks count wrong (54821, counted=54801).\n"
SECONDS = 30.0  # of the world's time, at most; less when a whole dump takes less than twenty times as long
BACKUP = (
    "\nThe superblock could not be read or does not describe a valid ext2/ext3/ext4\n"
    "filesystem.  If the device is valid and it really contains an ext2/ext3/ext4\n"
    "filesystem (and not swap or ufs or something else), then the superblock\n"
    "is corrupt, and you might try running e2fsck with an alternate superblock:\n"
    "    e2fsck -b 8193 <device>\n or\n    e2fsck -b 32768 <device>\n\n"
)
PASSES = (
    "Pass 1: Checking inodes, blocks, and sizes\n",
    "Pass 2: Checking directory structure\n",
    "Pass 3: Checking directory connectivity\n",
    "Pass 4: Checking reference counts\n",
    "Pass 5: Checking group summary information\n",
)


@dataclass(frozen=True)
class _Check:
    """`answer` is y, n, p (preen), or empty for questions, which are asked on a terminal only."""

    device: str
    answer: str
    force: bool


def e2fsck(call: Call) -> Run:
    letters = "".join(word[1:] for word in call.argv[1:] if word.startswith("-"))
    devices = [word for word in call.argv[1:] if not word.startswith("-")]
    answers = [letter for letter in letters if letter in "ynp"]
    if len(devices) != 1 or not set(letters) <= set("fynp"):
        yield Print("Usage: e2fsck [-panyrcdfktvDFV] device\n", "err")
        return USAGE
    if len(answers) > 1:
        yield Print("e2fsck: Only one of the options -p/-a, -n or -y may be specified.\n", "err")
        return FATAL
    check = _Check(devices[0], "".join(answers), "f" in letters)
    if not answers and not call.terminal:
        yield Print(f"{VERSION}e2fsck: need terminal for interactive repairs\n", "err")
        return FATAL
    if check.answer != "p":
        yield Print(VERSION, "err")
    world = yield Look()
    wrong = _cannot_open(world, check, call.user)
    if wrong:
        yield Print(wrong[0])
        yield Print(f"e2fsck: {wrong[1]}\n", "err")
        return FATAL
    yield Change(lambda now: opened(now, call.pid, check.device, writing=check.answer != "n", user=call.user))
    return (yield from _checked(check, world))


def _cannot_open(world: World, check: _Check, user: str) -> tuple[str, str] | None:
    """What stands on both streams when there is nothing to check."""
    device, found = check.device, ground(world, check.device)
    while_opening = f"while trying to open {device}"
    if user != "root":
        return "You must have r/o access to the filesystem or be root\n", f"Permission denied {while_opening}"
    if found is None and on_device(world, device):
        return f"{device} is mounted.\n", "Cannot continue, aborting.\n\n"
    if found is None or (found.leg is not None and found.leg.state == "missing"):
        return "Possibly non-existent device?\n", f"No such file or directory {while_opening}"
    if check.answer != "n" and (used := _use(world, found, device)):
        return f"{device} is {used}.\n", "Cannot continue, aborting.\n\n"
    if check.answer != "n" and not found.writable:
        return "You must have r/w access to the filesystem or be root\n", f"Operation not permitted {while_opening}"
    system = file_system_on(world, device)
    if system is None or system.kind not in EXT_KINDS:
        return (
            f"{_warning(world, found, device)}{_no_superblock(device)}",
            f"Bad magic number in super-block {while_opening}",
        )
    return None


def _use(world: World, found: Ground, device: str) -> str:
    """Who keeps others from writing to the device: a loop device does not."""
    mounted = found.leg is None and not found.views and mounted_from(world, found.mirror)
    if mounted or any(f.special == device for f in world.file_systems):
        return "mounted"
    views = any(view.kind != "loop" for view in views_over(world, device))
    taken = found.leg is not None and not found.views and found.leg.state in ("in-sync", "recovering", "faulty")
    return "in use" if views or taken else ""


def _warning(world: World, found: Ground, device: str) -> str:
    used = _use(world, found, device)
    return f"Warning!  {device} is {used}.\n" if used else ""


def _no_superblock(device: str) -> str:
    return (
        "ext2fs_open2: Bad magic number in super-block\n"
        f"e2fsck: Superblock invalid, trying backup blocks...\n{BACKUP}"
        f"{device} contains a linux_raid_member file system\n"
    )


def _checked(check: _Check, world: World) -> Run:
    found, system = ground(world, check.device), file_system_on(world, check.device)
    assert found is not None, "looked for before"
    assert system is not None, "looked for before"
    if system.journal:
        return (yield from _without_journal(check.device))
    active = not is_moment(world, check.device) and not found.repaired
    if not (active or check.force):
        yield Print(f"{check.device}: clean, {_sizes(system)}\n")
        return 0
    warning = _warning(world, found, check.device)
    yield Print(warning)
    yield Pass(min(SECONDS, world.dump_seconds / 20))
    if active and not check.answer:
        return (yield from _asked(check, system))
    yield from _words(check, active, told=not warning)
    if check.answer != "n":
        yield Change(lambda now: written(now, check.device, repairs=True))
    yield Print(f"{check.device}: {_sizes(system)}\n")
    return LEFT if active and check.answer == "n" and not warning else 0


def _without_journal(device: str) -> Run:
    """The device that holds the journal is in use: the file system that is mounted writes to it."""
    yield Print(f"\n{device}: ********** WARNING: Filesystem still has errors **********\n\n")
    yield Print(f"e2fsck: Device or resource busy while checking journal for {device}\n", "err")
    yield Print("e2fsck: Cannot proceed with file system check\n", "err")
    return LEFT | FATAL


def _asked(check: _Check, system: FileSystem) -> Run:
    """One question; a line that begins with neither letter, an empty one too, takes what is proposed."""
    yield Print(f"{check.device}: recovering journal\n{''.join(PASSES)}{WRONG}Fix<y>? ")
    key = yield Ask()
    if key is None:
        return FATAL
    fixed = key[:1].lower() != "n"
    yield Change(lambda now: written(now, check.device, repairs=fixed))
    yield Print(f"{'yes' if fixed else 'no'}\n\n")
    state = (
        "***** FILE SYSTEM WAS MODIFIED *****"
        if fixed
        else "********** WARNING: Filesystem still has errors **********"
    )
    yield Print(f"{check.device}: {state}\n{check.device}: {_sizes(system)}\n")
    return CORRECTED if fixed else LEFT


def _words(check: _Check, active: bool, *, told: bool) -> Generator[Any, Any, None]:
    """The journal of an image that was taken while it changed has to be replayed, which -n does not do.

    That errors are left is not `told` of a device in use: what is found there need not be true.
    """
    if check.answer == "p":
        if active:
            yield Print(f"{check.device}: recovering journal\n")
        return
    if active:
        yield Print(
            "Warning: skipping journal recovery because doing a read-only filesystem check.\n"
            if check.answer == "n"
            else f"{check.device}: recovering journal\n"
        )
    yield Print("".join(PASSES))
    if active and check.answer == "n":
        yield Print(f"{WRONG}Fix? no\n\n")
        if told:
            yield Print(f"\n{check.device}: ********** WARNING: Filesystem still has errors **********\n\n")
    elif active:
        yield Print(f"\n{check.device}: ***** FILE SYSTEM WAS MODIFIED *****\n")


def _sizes(system: FileSystem) -> str:
    blocks = device_bytes(system) // 4096
    return f"{max(11, system.used // 64)}/{blocks // 4} files (0.5% non-contiguous), {system.used // 8}/{blocks} blocks"
