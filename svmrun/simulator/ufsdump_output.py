"""ufsdump(1M): where the dump goes: opening the output, changing volumes, and the record of the dump."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from typing import Any

from svmrun.simulator.calendar_text import date_text
from svmrun.simulator.file_systems import writable
from svmrun.simulator.image_files import put_image_file
from svmrun.simulator.images import generation, is_moment
from svmrun.simulator.processes import opened
from svmrun.simulator.requests import Await, Change, Look
from svmrun.simulator.tape import drive, put_tape, recorded, tape_error
from svmrun.simulator.ufsdump_job import Aborted, Job, abort_question, patiently, query
from svmrun.simulator.ufsdump_words import dumpdates_line, said
from svmrun.simulator.volumes import canonical, put_stripe, stripe
from svmrun.simulator.world import DumpImage, World

Steps = Generator[Any, Any, None]
AUTOLOAD_SECONDS, AUTOLOAD_TRIES = 12.0, 12
RECORDS = "/etc/dumpdates"


def open_output(job: Job, pid: int) -> Steps:
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
            yield from abort_question(job)
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


def next_volume(job: Job, number: int) -> Steps:
    name = job.keys.label or f"#{number}"
    if job.keys.autoload and (yield from _loaded_by_itself(job, name)):
        return
    yield said(f"Change Volumes: Mount volume `{name}' on `{job.place}'")
    while not (yield from query(job, f"Is the new volume ({name}) mounted on `{job.place}' and ready to go?")):
        yield from abort_question(job)
    yield Change(lambda now: changed_volume(now, job.output))


def _loaded_by_itself(job: Job, name: str) -> Generator[Any, Any, bool]:
    """A loader with another tape in it needs one try; an empty one is tried for a while."""
    yield said(f"Mounting volume {name} on {job.place}")
    world = yield Look()
    tape = drive(world, job.output)
    has_more = tape is not None and tape.volumes > 0
    yield from patiently(job, AUTOLOAD_SECONDS * (1 if has_more else AUTOLOAD_TRIES))
    if has_more:
        yield Change(lambda now: changed_volume(now, job.output))
    return has_more


def changed_volume(world: World, device: str) -> World:
    """The next volume in the drive; none when there are no more."""
    tape = drive(world, device)
    if tape is None:
        return world
    left = max(0, tape.volumes - 1)
    new = replace(tape, volumes=left, loaded=tape.volumes > 0, write_error_at=None, file_number=0, contents=())
    return put_tape(world, new)


def kept(world: World, job: Job, blocks: int, complete: bool) -> World:
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
    return put_image_file(world, image)


def record(job: Job) -> Steps:
    """A line in dumpdates under the name of the dumped device: it waits while that file system is locked."""
    name = job.keys.recorded_name or job.device
    line = dumpdates_line(name, job.keys.level, date_text(job.date))
    yield Await(writable(RECORDS))
    yield Change(lambda now: _dated(now, name, job.keys.level, line))
    yield said(f"Level {job.keys.level} dump on {date_text(job.date)}")


def _dated(world: World, name: str, level: int, line: str) -> World:
    kept = tuple(old for old in world.dumpdates if old.split()[:2] != [name, str(level)])
    return replace(world, dumpdates=(*kept, line))
