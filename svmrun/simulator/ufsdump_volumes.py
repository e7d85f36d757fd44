"""ufsdump(1M): what its child does: opening the output, writing volumes, asking for new ones, and the record."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace
from typing import Any

from svmrun.simulator.calendar_text import date_text
from svmrun.simulator.file_systems import writable
from svmrun.simulator.images import generation, is_moment
from svmrun.simulator.processes import opened, without
from svmrun.simulator.requests import Await, Change, Fork, Join, Look, Pass, Print, Signalled, Trap
from svmrun.simulator.tape import drive, put_tape, recorded, rewinds, tape_error
from svmrun.simulator.ufsdump_job import Aborted, Job, query
from svmrun.simulator.ufsdump_words import ABORTED, dumpdates_line, percent_text, said, summary_text
from svmrun.simulator.volumes import canonical, put_stripe, stripe
from svmrun.simulator.world import DumpImage, Tape, World

Run = Generator[Any, Any, int]
Steps = Generator[Any, Any, None]
REPORT_SECONDS = 600.0
BLOCKS_OF_A_FOOT = 12
AUTOLOAD_SECONDS, AUTOLOAD_TRIES = 12.0, 12
RECORDS = "/etc/dumpdates"


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
            yield Change(lambda now: _kept(now, job, progress.done, complete=False))
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
    yield from _open(job, pid)
    world = yield Look()
    began = progress.reported = world.clock
    yield said("Dumping (Pass III) [directories]")
    yield said("Dumping (Pass IV) [regular files]")
    while progress.done < job.blocks:
        yield from _write(job, progress)
        if progress.done < job.blocks:
            yield from _end_of_volume(job, pid, progress)
    world = yield Change(lambda now: _kept(now, job, job.blocks, complete=True))
    if rewinds(world, job.output):
        yield said("Tape rewinding")
    if job.keys.verify:
        yield said("Finished writing last dump volume")
        yield said("Starting verify pass")
    yield said(summary_text(job.blocks, progress.volume, world.clock - began))
    yield said("DUMP IS DONE")
    if job.keys.update:
        yield from _record(job)


def _open(job: Job, pid: int) -> Steps:
    """Open the output, again and again as long as the operator wants."""
    host, colon, _ = job.output.partition(":")
    if colon and "/" not in host:
        yield said(f"Cannot connect to tape host `{host}'")
        raise Aborted
    while True:
        world = yield Look()
        tape = drive(world, job.output)
        error = tape_error(world, job.output, pid) if tape else _file_error(job)
        if error is None:
            break
        if not tape:
            yield said(error)
        question = f"Cannot open `{job.place}'.  Do you want to retry the open?"
        if not (yield from query(job, question, proceed=True)):
            yield from _abort_question(job)
    if tape:
        device = tape.device
        yield Change(lambda now: opened(now, pid, device, writing=True, user=job.call.user))
    elif job.output != "-":
        yield Await(writable(job.output))


def _file_error(job: Job) -> str | None:
    """Whatever has another name is taken for a plain file, also a device that is missing."""
    if job.output.startswith(("/dev/dsk/", "/dev/did/dsk/")) or "/dsk/" in job.output:
        return f"Unexpected condition detected: {job.output} is not a supported device"
    return None


def _abort_question(job: Job) -> Steps:
    if (yield from query(job, "Do you want to abort dump?")):
        raise Aborted


def _write(job: Job, progress: _Progress) -> Steps:
    """Write to the end of the dump, of the volume, or to the place of a write error."""
    world = yield Look()
    tape = drive(world, job.output)
    end = min([job.blocks, *(progress.volume_start + place for place in _limits(tape))])
    rate = job.seconds_per_block
    while progress.done < end:
        left = (end - progress.done) * rate
        pause = min(left, max(0.0, progress.reported + REPORT_SECONDS - world.clock))
        yield from _pass(job, pause)
        progress.done = end if pause == left else min(end, progress.done + max(1, round(pause / rate)))
        world = yield Look()
        if world.clock >= progress.reported + REPORT_SECONDS and progress.done < job.blocks:
            progress.reported = world.clock
            yield _percent(job, progress)


def _limits(tape: Tape | None) -> list[int]:
    return [place for place in (tape.capacity, tape.write_error_at) if place is not None] if tape else []


def _percent(job: Job, progress: _Progress) -> Print:
    return said(percent_text(progress.done / job.blocks, (job.blocks - progress.done) * job.seconds_per_block))


def _pass(job: Job, seconds: float) -> Steps:
    """Let the time pass, whatever an interrupted operator says but yes. Other signals abort."""
    world = yield Look()
    until = world.clock + seconds
    while world.clock < until:
        try:
            yield Pass(until - world.clock)
            return
        except Signalled as signal:
            if signal.name != "INT":
                raise
            yield said("Interrupt received.")
            yield from _abort_question(job)
            world = yield Look()


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
    yield from _next_volume(job, progress)
    yield from _open(job, pid)
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
    yield Change(lambda now: _changed_volume(now, job.output))


def _next_volume(job: Job, progress: _Progress) -> Steps:
    name = job.keys.label or f"#{progress.volume}"
    if job.keys.autoload and (yield from _loaded_by_itself(job, name)):
        return
    yield said(f"Change Volumes: Mount volume `{name}' on `{job.place}'")
    while not (yield from query(job, f"Is the new volume ({name}) mounted on `{job.place}' and ready to go?")):
        yield from _abort_question(job)
    yield Change(lambda now: _changed_volume(now, job.output))


def _loaded_by_itself(job: Job, name: str) -> Generator[Any, Any, bool]:
    """A loader with another tape in it needs one try; an empty one is tried for a while."""
    yield said(f"Mounting volume {name} on {job.place}")
    world = yield Look()
    tape = drive(world, job.output)
    has_more = tape is not None and tape.volumes > 0
    yield from _pass(job, AUTOLOAD_SECONDS * (1 if has_more else AUTOLOAD_TRIES))
    if has_more:
        yield Change(lambda now: _changed_volume(now, job.output))
    return has_more


def _changed_volume(world: World, device: str) -> World:
    """The next volume in the drive; none when there are no more."""
    tape = drive(world, device)
    if tape is None:
        return world
    left = max(0, tape.volumes - 1)
    new = replace(tape, volumes=left, loaded=tape.volumes > 0, write_error_at=None, file_number=0, contents=())
    return put_tape(world, new)


def _kept(world: World, job: Job, blocks: int, complete: bool) -> World:
    """The world with the image where it was written."""
    consistent = job.moment and is_moment(world, job.device) and generation(world, job.device) == job.generation
    image = DumpImage(
        device=canonical(job.device),
        level=job.keys.level,
        date=job.date,
        blocks=blocks,
        generation=job.generation,
        consistent=consistent and complete,
        complete=complete,
        target=job.output,
    )
    if drive(world, job.output):
        return recorded(world, job.output, image)
    overwritten = stripe(world, canonical(job.output))
    if overwritten:
        world = put_stripe(world, replace(overwritten, image="mixed"))
    return replace(world, files=(*(f for f in world.files if f.target != job.output), image))


def _record(job: Job) -> Steps:
    """A line in dumpdates under the name of the dumped device: it waits while that file system is locked."""
    name = job.keys.recorded_name or job.device
    line = dumpdates_line(name, job.keys.level, date_text(job.date))
    yield Await(writable(RECORDS))
    yield Change(lambda now: _dated(now, name, job.keys.level, line))
    yield said(f"Level {job.keys.level} dump on {date_text(job.date)}")


def _dated(world: World, name: str, level: int, line: str) -> World:
    kept = tuple(old for old in world.dumpdates if old.split()[:2] != [name, str(level)])
    return replace(world, dumpdates=(*kept, line))
