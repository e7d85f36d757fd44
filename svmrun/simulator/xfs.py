"""xfs_repair(8), xfsdump(8) and xfsrestore(8). Their words are those of xfsprogs 6.1 and xfsdump 3.1.11."""

from __future__ import annotations

from collections.abc import Generator
from datetime import UTC, datetime
from typing import Any

from svmrun.simulator.arguments import BadOption, options
from svmrun.simulator.file_systems import mounted_on, normal, on_device
from svmrun.simulator.image_files import image_file
from svmrun.simulator.images import file_system_on
from svmrun.simulator.linux_copies import copy_files
from svmrun.simulator.linux_lookup import ground
from svmrun.simulator.linux_mirrors import written
from svmrun.simulator.requests import Call, Change, Look, Pass, Print
from svmrun.simulator.uuid_text import uuid_text
from svmrun.simulator.world import DumpImage, World

Run = Generator[Any, Any, int]
REPAIR_SECONDS = 60.0
BLOCK_BYTES = 512
DIRTY = 2
LOOKED = """Phase 3 - for each AG...
        - scan (but don't clear) agi unlinked lists...
        - process known inodes and perform inode discovery...
        - process newly discovered inodes...
Phase 4 - check for duplicate blocks...
        - setting up duplicate extent list...
        - check for inodes claiming duplicate blocks...
Phase 6 - check inode connectivity...
        - traversing filesystem ...
        - traversal finished ...
        - moving disconnected inodes to lost+found ...
Phase 7 - verify link counts...
No modify flag set, skipping filesystem flush and exiting.
"""
REPAIRED = """Phase 3 - for each AG...
        - scan and clear agi unlinked lists...
        - process known inodes and perform inode discovery...
        - process newly discovered inodes...
Phase 4 - check for duplicate blocks...
        - setting up duplicate extent list...
        - check for inodes claiming duplicate blocks...
Phase 5 - rebuild AG headers and trees...
        - reset superblock...
Phase 6 - check inode connectivity...
        - resetting contents of realtime bitmap and summary inodes
        - traversing filesystem ...
        - traversal finished ...
        - moving disconnected inodes to lost+found ...
Phase 7 - verify and correct link counts...
done
"""
BEGUN = "Phase 1 - find and verify superblock...\nPhase 2 - using internal log\n        - zero log...\n"
IGNORED = """ALERT: The filesystem has valuable metadata changes in a log which is being
ignored because the -n option was used.  Expect spurious inconsistencies
which may be resolved by first mounting the filesystem to replay the log.
"""
MUST_REPLAY = """ERROR: The filesystem has valuable metadata changes in a log which needs to
be replayed.  Mount the filesystem to replay the log, and unmount it before
re-running xfs_repair.  If you are unable to mount the filesystem, then use
the -L option to destroy the log and attempt a repair.
Note that destroying the log may cause corruption -- please attempt a mount
of the filesystem before doing this.
"""
SCANNED = "        - scan filesystem freespace and inode maps...\n        - found root inode chunk\n"
NO_XFS = """Phase 1 - find and verify superblock...
bad primary superblock - bad magic number !!!

attempting to find secondary superblock...
.Sorry, could not find valid secondary superblock
Exiting now.
"""
FATAL = "\nfatal error -- couldn't initialize XFS library\n"


def xfs_repair(call: Call) -> Run:
    """`xfs_repair [-n] DEVICE`: of what is not mounted. A log that was not replayed shows as damage."""
    device, looks = call.argv[-1], "-n" in call.argv[1:]
    world = yield Look()
    mounted, found = on_device(world, device), file_system_on(world, device)
    if mounted is not None:
        first = "" if looks else f"xfs_repair: {device} contains a mounted filesystem\n"
        yield Print(f"{first}xfs_repair: {device} contains a mounted and writable filesystem\n{FATAL}", "err")
        return 1
    if ground(world, device) is None:
        yield Print(f"{device}: No such file or directory\n" * (1 if looks else 2) + FATAL, "err")
        return 1
    if call.user != "root":
        yield Print(f"xfs_repair: cannot open {device}: Permission denied\n", "err")
        return 1
    if found is None or found.kind != "xfs":
        yield Print(NO_XFS, "err")
        return 1
    if looks:
        yield Print("No modify flag set, skipping phase 5\n")
    dirty = _log_is_dirty(world, device)
    yield Print(BEGUN, "err")
    if dirty and not looks:
        yield Print(MUST_REPLAY, "err")
        return DIRTY
    yield Pass(REPAIR_SECONDS)
    if not looks:
        yield Change(lambda now: written(now, device, repairs=True))
    yield Print((IGNORED if dirty else "") + SCANNED + (LOOKED if looks else REPAIRED), "err")
    return 1 if dirty else 0


def _log_is_dirty(world: World, device: str) -> bool:
    found = ground(world, device)
    return found is not None and not found.repaired


def xfsdump(call: Call) -> Run:
    """`xfsdump -J -F -l 0 -L LABEL -M LABEL -f FILE MOUNT_POINT`."""
    try:
        given, words = options(call.argv[1:], "JFl:L:M:f:")
    except BadOption as bad:
        yield Print(f"xfsdump: {bad}\n", "err")
        return 1
    flags = dict(given)
    target, source = flags.get("f", ""), words[-1]
    world = yield Look()
    if call.user != "root":
        yield Print("xfsdump: effective user ID must be root\nxfsdump: Dump Status: ERROR\n")
        return 1
    yield Print("xfsdump: using file dump (drive_simple) strategy\nxfsdump: version 3.1.11 (dump format 3.0)\n")
    found = mounted_on(world, normal(source))
    if found is None or found.kind != "xfs":
        none = f"{source} does not identify a file system"
        other = "failed to get bulkstat information for root inode"
        yield Print(f"xfsdump: ERROR: {other if found else none}\nxfsdump: Dump Status: ERROR\n")
        return 1
    if image_file(world, target):
        yield Print("xfsdump: ERROR: media contains valid xfsdump but does not support append\n")
        yield Print("xfsdump: Dump Status: ERROR\n")
        return 2
    size = found.used * BLOCK_BYTES
    yield Print(f"xfsdump: level 0 dump of {world.host}:{source}\nxfsdump: dump date: {_date(world)}\n")
    yield Print(f'xfsdump: session id: {uuid_text(target)}\nxfsdump: session label: "{flags.get("L", "")}"\n')
    yield Print(f"xfsdump: estimated dump size: {size} bytes\nxfsdump: dumping non-directory files\n")
    yield from copy_files(call.pid, normal(source), target)
    yield Print(f"xfsdump: ending media file\nxfsdump: media file size {size} bytes\n")
    yield Print(f"xfsdump: dump complete: {world.dump_seconds:.0f} seconds elapsed\nxfsdump: Dump Summary:\n")
    yield Print(f"xfsdump:   stream 0 {target} OK (success)\nxfsdump: Dump Status: SUCCESS\n")
    return 0


def xfsrestore(call: Call) -> Run:
    """`xfsrestore -J -F [-t] -f FILE [FOLDER]`. It tells SUCCESS of what is cut off, and of what is no dump."""
    try:
        given, words = options(call.argv[1:], "JFtf:")
    except BadOption as bad:
        yield Print(f"xfsrestore: {bad}\n", "err")
        return 1
    source = dict(given).get("f", "")
    world = yield Look()
    image = image_file(world, source)
    yield Print("xfsrestore: using file dump (drive_simple) strategy\n")
    if image is None:
        yield Print(f"xfsrestore: ERROR: stat of {source} failed: No such file or directory\n")
        yield Print("xfsrestore: Restore Status: ERROR\n")
        return 1
    yield Print("xfsrestore: version 3.1.11 (dump format 3.0)\nxfsrestore: searching media for dump\n")
    yield Pass(world.dump_seconds)
    yield Print(_told(image, source))
    done = "table of contents display" if not words else "restore"
    yield Print(f"xfsrestore: {done} complete: {world.dump_seconds:.0f} seconds elapsed\n")
    yield Print("xfsrestore: Restore Summary:\n")
    yield Print(f"xfsrestore:   stream 0 {source} OK (success)\nxfsrestore: Restore Status: SUCCESS\n")
    return 0


def _told(image: DumpImage, source: str) -> str:
    head = f'xfsrestore: session label: "svmrun"\nxfsrestore: session id: {uuid_text(source)}\n'
    entries = "xfsrestore: 2 directories and 4 entries processed\n"
    cut = "" if image.complete else "xfsrestore: attempt to read 129568 bytes failed: end of recorded data\n"
    return f"{head}{entries}{cut}"


def _date(world: World) -> str:
    return datetime.fromtimestamp(world.clock, UTC).strftime("%a %b %e %H:%M:%S %Y")
