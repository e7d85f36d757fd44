"""dd(1M): the copy of a whole device."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from typing import Any

from svmrun.simulator.file_systems import BLOCK_BYTES, device_bytes, on_device, writable
from svmrun.simulator.gnu_dd import copied_words, open_words, refused_operand
from svmrun.simulator.image_files import put_image_file
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
    source, target = words.get("if", ""), words.get("of", "")
    world = yield Look()
    linux = world.os == "Linux"
    wrong = (_refused_by_gnu if linux else _refused)(world, call, source, target)
    if wrong:
        yield Print(f"dd: {wrong}\n", "err")
        return 1 if linux else 2
    size = yield from _copy(call, source, target)
    if linux:
        yield Print(copied_words(size * BLOCK_BYTES, words.get("bs", ""), world.dump_seconds), "err")
    else:
        yield Print(f"{size}+0 records in\n{size}+0 records out\n", "err")
    return 0


def _refused(world: World, call: Call, source: str, target: str) -> str:
    bad = [word for word in call.argv[1:] if "=" not in word]
    if bad or not source or not target:
        return f'bad argument: "{bad[0] if bad else "if= and of= are needed"}"'
    for path, writing in ((source, False), (target, True)):
        reason = tape_error(world, path, call.pid) if drive(world, path) else open_error(world, path, writing)
        if reason:
            return f"{path}: open: {reason}"
    return ""


def _refused_by_gnu(world: World, call: Call, source: str, target: str) -> str:
    wrong = refused_operand(list(call.argv[1:])) or open_words(world, source, target)
    if not wrong and call.user != "root" and source.startswith("/dev/"):
        return f"failed to open '{source}': Permission denied"
    return wrong


def _copy(call: Call, source: str, target: str) -> Generator[Any, Any, int]:
    """Answers with the blocks that were copied."""
    before = yield Change(lambda now: opened(opened(now, call.pid, source), call.pid, target, writing=True))
    mounted = on_device(before, source)
    plain = device_bytes(mounted) // BLOCK_BYTES if mounted else 0
    size = int(getattr(volume(before, canonical(source)), "size", plain))
    if not target.startswith("/dev/"):
        yield Await(writable(target))
    yield Pass(before.dump_seconds)
    yield Change(lambda now: _copied(now, before, source, target, size))
    return size


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
    return put_image_file(world, image)
