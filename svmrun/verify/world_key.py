"""When two worlds are alike but for their absolute times: their keys are equal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from svmrun.simulator.linux_disks import LinuxMirror
from svmrun.simulator.linux_mirrors import work_done
from svmrun.simulator.volumes import progress
from svmrun.simulator.world import DumpImage, Mirror, Stripe, Tape, World

Key = tuple[Any, ...]


class WorldKeys:
    """Equal parts are numbered once, and the same object is looked at once."""

    def __init__(self) -> None:
        self._numbers: dict[Any, int] = {}
        self._last: tuple[World, bool, Key] | None = None  # asked several times in a turn
        self._parts: dict[tuple[int, bool], tuple[Any, int]] = {}

    def of(self, world: World, *, back: bool = False) -> Key:
        """With `back` without what no rollback looks at: what was dumped, and which data lie on a side."""
        if self._last is not None and self._last[0] is world and self._last[1] is back:
            return self._last[2]
        key = self._of(world, back)
        self._last = (world, back, key)
        return key

    def _of(self, world: World, back: bool) -> Key:
        clock, part = world.clock, self._part
        return (
            tuple(_mirror(m, clock) for m in world.mirrors),
            tuple(_linux_mirror(m, clock, back) for m in world.linux_mirrors),
            part(world.views, tuple),
            part(world.stripes, _rows if back else tuple, back),
            part(world.file_systems, tuple),
            part(world.tapes, _drives if back else _tapes, back),
            None if back else part(world.files, _images),
            part(world.services, lambda services: tuple((s.fmri, s.state) for s in services)),
            part(world.opens, tuple),
            part(world.sets, tuple),
            None if back else part(world.dumpdates, lambda lines: tuple(tuple(line.split()[:2]) for line in lines)),
            world.locked_sets,
            world.databases,
            tuple((round(one.at - clock, 3), one.argv) for one in world.later),
            tuple(sorted(world.switches.items())),
        )

    def _part(self, part: Any, make: Callable[[Any], Any], back: bool = False) -> int:
        """The number of a part of a world; the same object is looked at once."""
        known = self._parts.get((id(part), back))
        if known is not None and known[0] is part:
            return known[1]
        number = self._numbers.setdefault(make(part), len(self._numbers))
        self._parts[(id(part), back)] = (part, number)
        return number


def _mirror(mirror: Mirror, clock: float) -> Key:
    resync = mirror.resync
    left = resync and (round(resync.total - progress(resync, clock), 3), round(resync.total, 3), resync.cancelled)
    return (mirror.name, tuple((s.name, s.slot, s.state) for s in mirror.submirrors), left)


def _linux_mirror(mirror: LinuxMirror, clock: float, back: bool) -> Key:
    work = mirror.work
    left = work and (work.kind, round(work.total - work_done(work, clock), 3), round(work.total, 3))
    return (mirror.name, mirror.legs, mirror.noted, left, None if back else mirror.mismatches)


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
