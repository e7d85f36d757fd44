"""When two worlds are alike but for their absolute times: their keys are equal."""

from __future__ import annotations

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
        self._last: tuple[World, bool, Key] | None = None  # asked several times in a turn
        self._lasting: dict[tuple[int, ...], tuple[tuple[Any, ...], int]] = {}

    def of(self, world: World, *, back: bool = False) -> Key:
        """With `back` without what no rollback looks at: what was dumped, and which data lie on a side."""
        if self._last is not None and self._last[0] is world and self._last[1] is back:
            return self._last[2]
        key = self._of(world, back)
        self._last = (world, back, key)
        return key

    def _of(self, world: World, back: bool) -> Key:
        clock = world.clock
        parts = _parts(world)
        identity = (back, *map(id, parts))
        known = self._lasting.get(identity)  # holds the parts, too: no other object gets one's id
        if known is None:
            lasting = _of_dumps(world, back), _of_the_rest(world)
            known = self._lasting[identity] = (parts, self._numbers.setdefault(lasting, len(self._numbers)))
        later = tuple((round(one.at - clock, 3), one.argv) for one in world.later)
        linux = tuple(_linux_mirror(m, clock, back) for m in world.linux_mirrors)
        return (known[1], tuple(_mirror(m, clock) for m in world.mirrors), linux, later)


_parts = attrgetter(
    *("stripes", "tapes", "files", "dumpdates", "file_systems", "services", "opens", "sets"),
    *("locked_sets", "databases", "switches", "views", "subvolumes", "backup_sessions"),
)


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


def _mirror(mirror: Mirror, clock: float) -> Key:
    resync = mirror.resync
    left = resync and (round(resync.total - progress(resync, clock), 3), round(resync.total, 3), resync.cancelled)
    return (mirror.name, tuple((s.name, s.slot, s.state) for s in mirror.submirrors), left)


def _linux_mirror(mirror: LinuxMirror, clock: float, back: bool) -> Key:
    work = mirror.work
    left = work and (work.kind, round(work.total - work_done(work, clock), 3), round(work.total, 3))
    told = None if back else (mirror.last, mirror.mismatches)
    return (mirror.name, mirror.legs, mirror.noted, mirror.broken, left, told)


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
