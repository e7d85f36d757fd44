"""ufsdump(1M): what its first process does: reading the keys, mapping the file system, and waiting for its child.

The first process only waits; a child writes the volumes, with a reader at its side, and both have the dumped device
open. TERM or HUP to the first process does not stop the dump, INT is ignored by it, and KILL leaves the children at
work (dumpmain.c, dumptape.c).
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from svmrun.simulator.calendar_text import date_text
from svmrun.simulator.file_systems import mounted_on
from svmrun.simulator.images import file_system_on, generation, is_moment
from svmrun.simulator.processes import opened
from svmrun.simulator.requests import Call, Change, Fork, Join, Look, Print, Signalled, Trap
from svmrun.simulator.ufsdump_job import Job
from svmrun.simulator.ufsdump_keys import BadKeys, Keys, parse
from svmrun.simulator.ufsdump_volumes import master
from svmrun.simulator.ufsdump_words import ABORTED, said, size_text
from svmrun.simulator.volumes import canonical, file_system_of, open_error
from svmrun.simulator.world import World

Run = Generator[Any, Any, int]
ABORT = 3
REWRITTEN = 2  # the status of a first process that was sent a signal, whatever became of the dump
CHANGED_SHARE = 10  # an incremental dump holds one block in so many
NOT_WRITTEN = 706  # about one block in so many is estimated but not written


def ufsdump(call: Call) -> Run:
    try:
        keys = parse(call.argv[1:])
    except BadKeys as bad:
        yield said(str(bad))
        if not bad.usage:
            yield said(ABORTED)
        return ABORT
    world = yield Look()
    if keys.listing:
        yield Print(_listing(world, keys))
        return 0
    device = _raw(world, keys.disk)
    if not device.startswith("/dev/"):
        yield said(f"`{keys.disk}' is not on a locally mounted filesystem")
        yield said(ABORTED)
        return ABORT
    reason = "Permission denied" if call.user != "root" else open_error(world, device, writing=False)
    if reason:
        yield said(f"Cannot open dump device `{device}': {reason}")
        return ABORT
    return (yield from _dump(call, keys, device))


def _raw(world: World, disk: str) -> str:
    mounted = mounted_on(world, disk.rstrip("/") or "/")
    return (mounted.special if mounted else disk).replace("/dsk/", "/rdsk/")


def _listing(world: World, keys: Keys) -> str:
    head = "Dump these file systems:\n" if keys.listing == "w" else "Last dump(s) done (Dump '>' file systems):\n"
    rows = []
    for line in world.dumpdates:
        name, level, date = line.split(None, 2)
        found = file_system_on(world, name)
        rows.append(
            f"  {name:>8s}\t({found.mount_point if found else '':>6s}) Last dump: Level {level}, Date {date[:16]}"
        )
    return head + "".join(f"{row}\n" for row in rows)


def _dump(call: Call, keys: Keys, device: str) -> Run:
    world = yield Change(lambda now: opened(now, call.pid, device, user=call.user))
    job = _job(call, keys, device, world)
    if not keys.estimate_only:
        yield from _introduction(job, world)
    if file_system_on(world, device) is None:
        yield said("bad super-block magic number, run fsck")
        yield said(ABORTED)
        return ABORT
    if keys.estimate_only:
        yield Print(f"{job.estimated * 512}\n")
        return 0
    yield said("Mapping (Pass I) [regular files]")
    yield said("Mapping (Pass II) [directories]")
    yield said(f"Writing {keys.record_kilobytes} Kilobyte records")
    tapes = f" on {job.estimated / 4_000_000:3.2f} tapes" if keys.tape_size else ""
    yield said(f"Estimated {job.estimated} blocks ({size_text(job.estimated)}){tapes}.")
    return (yield from _wait_for_master(job))


def _job(call: Call, keys: Keys, device: str, world: World) -> Job:
    found = file_system_on(world, device)
    since = _last_date(world, keys.recorded_name or device, keys.level)
    whole = found.used if found else 0
    used = whole // (1 if since == "the epoch" else CHANGED_SHARE)
    return Job(
        call=call,
        keys=keys,
        device=device,
        host=world.host,
        date=world.clock,
        since=since,
        estimated=used,
        blocks=used - used // NOT_WRITTEN,
        seconds_per_block=world.dump_seconds / max(1, whole - whole // NOT_WRITTEN),
        generation=generation(world, device),
        moment=is_moment(world, device),
    )


def _last_date(world: World, name: str, level: int) -> str:
    """The date of the last dump of this name at a lower level, as dumpdates has it."""
    entries = [line.split(None, 2) for line in world.dumpdates]
    dates = [date for entry, at, date in entries if entry == name and int(at) < level]
    return dates[-1] if dates else "the epoch"


def _introduction(job: Job, world: World) -> Generator[Any, Any, None]:
    mounted = file_system_of(world, canonical(job.device))
    place = f" ({world.host}:{mounted.mount_point})" if mounted else ""
    yield said(f"Date of this level {job.keys.level} dump: {date_text(job.date)}")
    yield said(f"Date of last level {job.keys.level} dump: {job.since}")
    yield said(f"Dumping {job.device}{place} to {job.target}.")


def _wait_for_master(job: Job) -> Run:
    yield Trap(("INT", "TERM", "HUP"))
    child = yield Fork(lambda pid: master(job, pid))
    signalled = False
    while True:
        try:
            status = yield Join(child)
            break
        except Signalled as signal:
            if signal.name == "INT":
                continue
            signalled = True
            yield said(f"SIG{signal.name}()  try rewriting")
            yield said("Rewriting attempted as response to unknown signal.")
    if status == 0:
        return REWRITTEN if signalled else 0
    if status != ABORT:
        yield said(ABORTED)
    return ABORT
