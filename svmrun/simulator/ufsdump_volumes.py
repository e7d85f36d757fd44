"""ufsdump(1M): what its child does: writing the volumes, one after the other."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

from svmrun.simulator.processes import opened, without
from svmrun.simulator.requests import Await, Change, Fork, Join, Look, Print, Signalled, Trap
from svmrun.simulator.tape import drive, rewinds
from svmrun.simulator.ufsdump_job import Aborted, Job, patiently, query
from svmrun.simulator.ufsdump_output import changed_volume, kept, next_volume, open_output, record
from svmrun.simulator.ufsdump_words import ABORTED, percent_text, said, summary_text
from svmrun.simulator.world import Tape

Run = Generator[Any, Any, int]
Steps = Generator[Any, Any, None]
REPORT_SECONDS = 600.0
BLOCKS_OF_A_FOOT = 12


@dataclass
class _Progress:
    """How far the writing has come, in blocks; `volume_start` is where the mounted volume begins."""

    done: int = 0
    volume: int = 1
    volume_start: int = 0
    reported: float = 0.0


def master(job: Job, pid: int) -> Run:
    """The child that does the work. It keeps a reader, which ends with it."""
    yield Trap(("INT", "TERM", "HUP"))
    yield Change(lambda now: opened(now, pid, job.device, user=job.call.user))
    reader = yield Fork(lambda child: _reader(job, child, pid))
    progress = _Progress()
    try:
        yield from _work(job, pid, progress)
        status = 0
    except (Aborted, Signalled):
        yield said(ABORTED)
        if progress.done:
            yield Change(lambda now: kept(now, job, progress.done, complete=False))
        status = 3
    yield Change(lambda now: without(now, {pid}))
    yield from _joined(reader)
    return status


def _reader(job: Job, pid: int, parent: int) -> Run:
    yield Trap(("INT",))
    yield Change(lambda now: opened(now, pid, job.device, user=job.call.user))
    while True:
        try:
            yield Await(lambda now: all(o.pid != parent for o in now.opens))
            return 0
        except Signalled:
            continue


def _joined(pid: int) -> Steps:
    while True:
        try:
            yield Join(pid)
            return
        except Signalled:
            continue


def _work(job: Job, pid: int, progress: _Progress) -> Steps:
    yield from open_output(job, pid)
    world = yield Look()
    began = progress.reported = world.clock
    yield said("Dumping (Pass III) [directories]")
    yield said("Dumping (Pass IV) [regular files]")
    while progress.done < job.blocks:
        yield from _write(job, progress)
        if progress.done < job.blocks:
            yield from _end_of_volume(job, pid, progress)
    world = yield Change(lambda now: kept(now, job, job.blocks, complete=True))
    if rewinds(world, job.output):
        yield said("Tape rewinding")
    if job.keys.verify:
        yield said("Finished writing last dump volume")
        yield said("Starting verify pass")
    yield said(summary_text(job.blocks, progress.volume, world.clock - began))
    yield said("DUMP IS DONE")
    if job.keys.update:
        yield from record(job)


def _write(job: Job, progress: _Progress) -> Steps:
    """Write to the end of the dump, of the volume, or to the place of a write error."""
    world = yield Look()
    tape = drive(world, job.output)
    end = min([job.blocks, *(progress.volume_start + place for place in _limits(tape))])
    rate = job.seconds_per_block
    while progress.done < end:
        left = (end - progress.done) * rate
        pause = min(left, max(0.0, progress.reported + REPORT_SECONDS - world.clock))
        yield from patiently(job, pause)
        progress.done = end if pause == left else min(end, progress.done + max(1, round(pause / rate)))
        world = yield Look()
        if world.clock >= progress.reported + REPORT_SECONDS and progress.done < job.blocks:
            progress.reported = world.clock
            yield _percent(job, progress)


def _limits(tape: Tape | None) -> list[int]:
    return [place for place in (tape.capacity, tape.write_error_at) if place is not None] if tape else []


def _percent(job: Job, progress: _Progress) -> Print:
    return said(percent_text(progress.done / job.blocks, (job.blocks - progress.done) * job.seconds_per_block))


def _end_of_volume(job: Job, pid: int, progress: _Progress) -> Steps:
    world = yield Look()
    tape = drive(world, job.output)
    if tape is None:
        return
    place = progress.done - progress.volume_start
    if tape.write_error_at is not None and place == tape.write_error_at:
        yield from _rewrite(job, progress, place)
        return
    yield said("End-of-tape detected")
    if rewinds(world, job.output):
        yield said("Tape rewinding")
    yield _percent(job, progress)
    progress.volume += 1
    progress.volume_start = progress.done
    yield from next_volume(job, progress.volume)
    yield from open_output(job, pid)
    yield said(f"Volume {progress.volume} begins with blocks from inode {2 + progress.done // 64}")


def _rewrite(job: Job, progress: _Progress, place: int) -> Steps:
    """A volume that failed is written again on another one, or the dump ends."""
    yield said(f"Write error {place // BLOCKS_OF_A_FOOT} feet into tape {progress.volume}")
    if not (yield from query(job, "Do you want to restart?")):
        raise Aborted
    yield said("This tape will rewind.  After it is rewound,")
    yield said("replace the faulty tape with a new one;")
    yield said("this dump volume will be rewritten.")
    progress.done = progress.volume_start
    yield Change(lambda now: changed_volume(now, job.output))
