"""dd(1M): the copy of a whole device."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from typing import Any

from svmrun.simulator.file_systems import writable
from svmrun.simulator.images import generation, is_moment
from svmrun.simulator.processes import opened
from svmrun.simulator.requests import Await, Call, Change, Look, Pass, Print
from svmrun.simulator.tape import drive, recorded, tape_error
from svmrun.simulator.volumes import canonical, open_error, put_stripe, stripe, volume
from svmrun.simulator.world import DumpImage, World

Run = Generator[Any, Any, int]


def dd(call: Call) -> Run:
    """Copy a device, or a plain file, whole. `if=` and `of=` only; sizes are accepted and change nothing."""
    words = dict(word.split("=", 1) for word in call.argv[1:] if "=" in word)
    bad = [word for word in call.argv[1:] if "=" not in word]
    source, target = words.get("if", ""), words.get("of", "")
    if bad or not source or not target:
        yield Print(f'dd: bad argument: "{bad[0] if bad else "if= and of= are needed"}"\n', "err")
        return 2
    world = yield Look()
    for path, writing in ((source, False), (target, True)):
        reason = open_error(world, path, writing)
        if drive(world, path):
            reason = tape_error(world, path, call.pid)
        if reason:
            yield Print(f"dd: {path}: open: {reason}\n", "err")
            return 2
    return (yield from _copy(call, source, target))


def _copy(call: Call, source: str, target: str) -> Run:
    before = yield Change(lambda now: opened(opened(now, call.pid, source), call.pid, target, writing=True))
    size = getattr(volume(before, canonical(source)), "size", 0)
    if not target.startswith("/dev/"):
        yield Await(writable(target))
    yield Pass(before.dump_seconds)
    yield Change(lambda now: _copied(now, before, source, target, size))
    yield Print(f"{size}+0 records in\n{size}+0 records out\n", "err")
    return 0


def _copied(world: World, before: World, source: str, target: str, size: int) -> World:
    same = generation(world, source) == generation(before, source)
    image = DumpImage(
        device=canonical(source),
        level=0,
        date=before.clock,
        blocks=size,
        generation=generation(before, source),
        consistent=same and is_moment(before, source) and is_moment(world, source),
        target=target,
    )
    if drive(world, target):
        return recorded(world, target, image)
    overwritten = stripe(world, canonical(target))
    if overwritten:
        return put_stripe(world, replace(overwritten, image="mixed"))
    return replace(world, files=(*(f for f in world.files if f.target != target), image))
