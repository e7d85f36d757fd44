"""What calls did in worlds: a command does the same in a world that differs only in its absolute times."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any

from svmrun.simulator.linux_disks import LinuxMirror
from svmrun.simulator.world import Mirror, World
from svmrun.values import replace
from svmrun.verify.world_key import WorldKeys

Json = Any
NEARLY_SECONDS = 0.001  # as near are times that are one
UNBOUNDED = (math.inf,)


@dataclass(frozen=True)
class Deed:
    """What a call did: how long it took, the parts of the world that it replaced, and what came out of it."""

    clock: float
    seconds: float
    parts: dict[str, Json]
    result: Json


@dataclass
class Memory:
    """`keys` tells worlds apart; a call's key must tell everything else that decides what it does.

    `bounds` are the seconds after which somebody would end it: they do not matter to one that ends before.
    """

    keys: WorldKeys
    _ended: dict[Hashable, Deed] = field(default_factory=dict)
    _bounded: dict[Hashable, Deed] = field(default_factory=dict)
    _made: dict[Hashable, Json] = field(default_factory=dict)

    def recall(self, world: World, call: Hashable, bounds: tuple[float, ...] = UNBOUNDED) -> tuple[World, Json] | None:
        """World and result after the call, when it was made in such a world before."""
        key = (self.keys.of(world), call)
        deed = self._ended.get(key)
        if deed is None or deed.seconds + NEARLY_SECONDS >= min(bounds):
            deed = self._bounded.get((key, bounds))
        if deed is None:
            return None
        parts = _moved(deed.parts, world.clock - deed.clock)
        return replace(world, clock=world.clock + deed.seconds, **parts), deed.result

    def keep(
        self, before: World, call: Hashable, after: World, result: Json, bounds: tuple[float, ...] = UNBOUNDED
    ) -> None:
        old = vars(before)
        parts = {name: part for name, part in vars(after).items() if part is not old[name] and name != "clock"}
        deed = Deed(before.clock, after.clock - before.clock, parts, result)
        key = (self.keys.of(before), call)
        if deed.seconds + NEARLY_SECONDS < min(bounds):
            self._ended[key] = deed
        else:
            self._bounded[key, bounds] = deed

    def once(self, key: Hashable, make: Callable[[], Json]) -> Json:
        """What was made of the same before."""
        if key not in self._made:
            self._made[key] = make()
        return self._made[key]


def _moved(parts: dict[str, Json], seconds: float) -> dict[str, Json]:
    """The same parts of a world at another time."""
    if not seconds:
        return parts
    moved = dict(parts)
    if "mirrors" in parts:
        moved["mirrors"] = tuple(_later(m, seconds) for m in parts["mirrors"])
    if "linux_mirrors" in parts:
        moved["linux_mirrors"] = tuple(_work_later(m, seconds) for m in parts["linux_mirrors"])
    if "later" in parts:
        moved["later"] = tuple(replace(one, at=one.at + seconds) for one in parts["later"])
    return moved


def _later(mirror: Mirror, seconds: float) -> Mirror:
    if mirror.resync is None:
        return mirror
    return replace(mirror, resync=replace(mirror.resync, since=mirror.resync.since + seconds))


def _work_later(mirror: LinuxMirror, seconds: float) -> LinuxMirror:
    if mirror.work is None:
        return mirror
    return replace(mirror, work=replace(mirror.work, since=mirror.work.since + seconds))
