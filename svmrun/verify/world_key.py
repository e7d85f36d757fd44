"""When two worlds are alike but for their absolute times: their keys are equal."""

from __future__ import annotations

from collections.abc import Iterator
from operator import attrgetter
from typing import Any

from svmrun.simulator.linux_disks import LinuxMirror
from svmrun.simulator.linux_mirrors import work_done
from svmrun.simulator.volumes import progress
from svmrun.simulator.world import DumpImage, Mirror, Stripe, Tape, World

Key = tuple[Any, ...]


class WorldKeys:
    """Equal parts are numbered once, and the same objects are looked at once."""

    def __init__(self) -> None:
        self._numbers: dict[Any, int] = {}
        self._last: dict[bool, tuple[World, Key]] = {}  # asked several times in a turn
        self._known: dict[tuple[int, ...], tuple[tuple[Any, ...], int, bool]] = {}

    def of(self, world: World, *, back: bool = False) -> Key:
        """With `back` without what no rollback looks at: what was dumped, and which data lie on a side."""
        last = self._last.get(back)
        if last is None or last[0] is not world:
            last = self._last[back] = (world, self._of(world, back))
        return last[1]

    def _of(self, world: World, back: bool) -> Key:
        parts = _parts(world)
        identity = (back, *map(id, parts))
        known = self._known.get(identity)  # holds the parts, too: no other object gets one's id
        if known is None:
            lasting = _of_dumps(world, back), _of_mirrors(world, back), _of_the_rest(world)
            number = self._numbers.setdefault(lasting, len(self._numbers))
            known = self._known[identity] = (parts, number, _moves(world))
        return (known[1], *(_left(world) if known[2] else ()))


_parts = attrgetter(
    *("mirrors", "linux_mirrors", "stripes", "tapes", "files", "dumpdates", "file_systems", "services", "opens"),
    *("sets", "locked_sets", "databases", "switches", "views", "subvolumes", "backup_sessions", "later"),
)


def _moves(world: World) -> bool:
    """Whether anything in it happens by itself."""
    return bool(world.later) or any(m.resync for m in world.mirrors) or any(m.work for m in world.linux_mirrors)


def _left(world: World) -> Iterator[float]:
    """The seconds until each thing happens."""
    clock = world.clock
    resyncs = [m.resync for m in world.mirrors if m.resync]
    works = [m.work for m in world.linux_mirrors if m.work]
    yield from (round(resync.total - progress(resync, clock), 3) for resync in resyncs)
    yield from (round(work.total - work_done(work, clock), 3) for work in works)
    yield from (round(one.at - clock, 3) for one in world.later)


def _of_mirrors(world: World, back: bool) -> Key:
    """With what is under way in them, and what will happen later: but for the times."""
    mirrors = tuple(_mirror(m) for m in world.mirrors)
    linux = tuple(_linux_mirror(m, back) for m in world.linux_mirrors)
    return (mirrors, linux, tuple(one.argv for one in world.later))


def _of_dumps(world: World, back: bool) -> Key:
    """The data that lie on sides, and what was dumped of them."""
    if back:
        return (_rows(world.stripes), _drives(world.tapes))
    dates = tuple(tuple(line.split()[:2]) for line in world.dumpdates)
    return (world.stripes, _tapes(world.tapes), _images(world.files), dates)


def _of_the_rest(world: World) -> Key:
    """What has no absolute times but for those that nobody looks at."""
    return (
        world.file_systems,
        tuple((s.fmri, s.state) for s in world.services),
        world.opens,
        world.sets,
        world.locked_sets,
        world.databases,
        tuple(sorted(world.switches.items())),
        world.views,
        world.subvolumes,
        world.backup_sessions,
    )


def _mirror(mirror: Mirror) -> Key:
    resync = mirror.resync and (round(mirror.resync.total, 3), mirror.resync.cancelled)
    return (mirror.name, tuple((s.name, s.slot, s.state) for s in mirror.submirrors), resync)


def _linux_mirror(mirror: LinuxMirror, back: bool) -> Key:
    work = mirror.work and (mirror.work.kind, round(mirror.work.total, 3))
    told = None if back else (mirror.last, mirror.mismatches)
    return (mirror.name, mirror.legs, mirror.noted, mirror.broken, work, told)


def _rows(stripes: tuple[Stripe, ...]) -> Key:
    return tuple((s.name, s.rows) for s in stripes)


def _drives(tapes: tuple[Tape, ...]) -> Key:
    return tuple((t.device, t.loaded, t.capacity, t.write_error_at) for t in tapes)


def _tapes(tapes: tuple[Tape, ...]) -> Key:
    return tuple(
        (t.device, t.loaded, t.capacity, t.volumes, t.write_error_at, t.file_number, _images(t.contents)) for t in tapes
    )


def _images(images: tuple[DumpImage, ...]) -> Key:
    return tuple((i.device, i.level, i.blocks, i.generation, i.consistent, i.complete, i.target) for i in images)
