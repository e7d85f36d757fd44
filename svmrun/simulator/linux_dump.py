"""dump(8) and restore(8) of ext2, ext3 and ext4, in the words of dump-0.4b47. Blocks are 1024 bytes here."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from svmrun.simulator.calendar_text import date_text
from svmrun.simulator.file_systems import containing, on_device, writable
from svmrun.simulator.image_files import image_file, put_image_file
from svmrun.simulator.images import file_system_on, generation, is_moment
from svmrun.simulator.linux_files import EXT_KINDS
from svmrun.simulator.linux_lookup import ground
from svmrun.simulator.processes import opened
from svmrun.simulator.requests import Await, Call, Change, Look, Pass, Print
from svmrun.simulator.world import DumpImage, FileSystem, World

Run = Generator[Any, Any, int]
START, ABORT = 1, 3
RECORD_BLOCKS = 10
ABORTED = "The ENTIRE dump is aborted."
MOST_ROWS = 12
FIRST_INODE = 11


def said(text: str) -> Print:
    return Print(f"  DUMP: {text}\n", "err")


def dump(call: Call) -> Run:
    """`dump -LEVEL[u] -f FILE DEVICE`."""
    words = list(call.argv[1:])
    if len(words) != 4 or words[1] != "-f" or words[0][:1] != "-" or not words[0][1:2].isdigit():
        yield said("these options are not simulated")
        return START
    level, target, device = int(words[0][1]), words[2], words[3]
    world = yield Look()
    system = file_system_on(world, device)
    yield said(f"Date of this level {level} dump: {date_text(world.clock)}")
    yield said(f"Dumping {device} ({_place(world, device)}) to {target}")
    refused = _refusal(world, call, device, system)
    if refused or system is None:
        yield refused
        yield said(ABORTED)
        return START
    return (yield from _dumped(call, level, target, device, system))


def _place(world: World, device: str) -> str:
    """It looks for file systems of its own kind alone."""
    mounted = next((f.mount_point for f in world.file_systems if f.special == device and f.kind in EXT_KINDS), None)
    return mounted or "an unlisted file system"


def _refusal(world: World, call: Call, device: str, system: FileSystem | None) -> Print | None:
    found = ground(world, device)
    gone = found is not None and found.leg is not None and found.leg.state == "missing"
    if call.user != "root" or gone or (found is None and system is None):
        return said(f"Cannot open {device}")
    if system is None or system.kind not in EXT_KINDS:
        return Print(f"{device}: Bad magic number in super-block while opening filesystem\n", "err")
    return None


def _dumped(call: Call, level: int, target: str, device: str, system: FileSystem) -> Run:
    before = yield Change(lambda now: opened(now, call.pid, device, user=call.user))
    estimated = max(1, system.used // 2)
    yield said("Label: none")
    yield said(f"Writing {RECORD_BLOCKS} Kilobyte records")
    yield said("mapping (Pass I) [regular files]")
    yield said("mapping (Pass II) [directories]")
    yield said(f"estimated {estimated} blocks.")
    if not _can_be_written(before, target):
        yield said(f'Cannot open output "{target}": No such file or directory')
        yield said("fopen on /dev/tty fails: No such device or address")
        yield said(ABORTED)
        return ABORT
    yield Await(writable(target))
    yield said(f"Volume 1 started with block 1 at: {date_text(before.clock)}")
    yield said("dumping (Pass III) [directories]")
    yield said("dumping (Pass IV) [regular files]")
    yield Pass(before.dump_seconds)
    world = yield Look()
    if _is_gone(world, device):
        yield said(f"read error from {device}: Input/output error: [block 8]: count=1024")
        yield said(ABORTED)
        return ABORT
    blocks = -(-estimated // RECORD_BLOCKS) * RECORD_BLOCKS
    world = yield Change(lambda now: _recorded(now, before, level, target, device, blocks))
    yield from _summary(target, blocks, before.clock, world.clock, level)
    return 0


def _can_be_written(world: World, target: str) -> bool:
    return target.startswith("/") and containing(world, target) is not None and not target.startswith("/dev/")


def _is_gone(world: World, device: str) -> bool:
    found = ground(world, device)
    if found is None:
        return on_device(world, device) is None
    return found.leg is not None and found.leg.state == "missing"


def _recorded(world: World, before: World, level: int, target: str, device: str, blocks: int) -> World:
    same = generation(world, device) == generation(before, device)
    image = DumpImage(
        device=device,
        level=level,
        date=before.clock,
        blocks=blocks * 2,
        generation=generation(before, device),
        consistent=same and is_moment(before, device) and is_moment(world, device),
        target=target,
    )
    return put_image_file(world, image)


def _summary(target: str, blocks: int, began: float, ended: float, level: int) -> Generator[Any, Any, None]:
    size = f"{blocks} blocks ({blocks / 1024:.2f}MB)"
    rate = int(blocks / (ended - began)) if ended > began else 0
    yield said(f"Closing {target}")
    yield said(f"Volume 1 completed at: {date_text(ended)}")
    yield said(f"Volume 1 {size}")
    yield said(f"{size} on 1 volume(s)")
    yield said(f"finished in {int(ended - began)} seconds, throughput {rate} kBytes/sec")
    yield said(f"Date of this level {level} dump: {date_text(began)}")
    yield said(f"Date this dump completed:  {date_text(ended)}")
    yield said(f"Average transfer rate: {rate} kB/s")
    yield said("DUMP IS DONE")


def restore(call: Call) -> Run:
    """`restore -t -f FILE`: of which dump, and its table of contents."""
    words = list(call.argv[1:])
    if len(words) != 3 or words[:2] != ["-t", "-f"]:
        yield Print("restore: these options are not simulated\n", "err")
        return 1
    world = yield Look()
    image = image_file(world, words[2])
    if image is None:
        yield Print(f"restore: {words[2]}: No such file or directory\n", "err")
        return 1
    yield Print(
        f"Dump   date: {date_text(image.date)}\nDumped from: the epoch\n"
        f"Level {image.level} dump of an unlisted file system on {world.host}:{image.device}\nLabel: none\n"
    )
    names = [".", "./lost+found", *(f"./data/file{n}" for n in range(min(MOST_ROWS, image.blocks // 64)))]
    inodes = [2, *range(FIRST_INODE, FIRST_INODE + len(names))]
    yield Print("".join(f"{inode:10d}\t{name}\n" for inode, name in zip(inodes, names, strict=False)))
    return 0
