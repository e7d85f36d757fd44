"""What calls did in worlds: a command does the same in a world that differs only in its absolute times."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field

from svmrun.adapters.base import Outcome
from svmrun.simulator.linux_disks import LinuxMirror
from svmrun.simulator.world import Mirror, World
from svmrun.values import replace
from svmrun.verify.world_key import WorldKeys

Done = tuple[World, frozenset[str], Outcome]


@dataclass
class Memory:
    """`keys` tells worlds apart."""

    keys: WorldKeys
    _done: dict[Hashable, tuple[float, Done]] = field(default_factory=dict)

    def recall(self, world: World, call: Hashable) -> Done | None:
        """World, sessions and outcome after the call, when it was made in such a world before."""
        known = self._done.get((self.keys.of(world), call))
        if known is None:
            return None
        then, (after, sessions, outcome) = known
        return shifted(after, world.clock - then), sessions, outcome

    def keep(self, before: World, call: Hashable, after: World, sessions: frozenset[str], outcome: Outcome) -> None:
        self._done[(self.keys.of(before), call)] = (before.clock, (after, sessions, outcome))


def shifted(world: World, seconds: float) -> World:
    """The same world at another time."""
    if not seconds:
        return world
    return replace(
        world,
        clock=world.clock + seconds,
        mirrors=tuple(_later(m, seconds) for m in world.mirrors),
        linux_mirrors=tuple(_work_later(m, seconds) for m in world.linux_mirrors),
        later=tuple(replace(one, at=one.at + seconds) for one in world.later),
    )


def _later(mirror: Mirror, seconds: float) -> Mirror:
    if mirror.resync is None:
        return mirror
    return replace(mirror, resync=replace(mirror.resync, since=mirror.resync.since + seconds))


def _work_later(mirror: LinuxMirror, seconds: float) -> LinuxMirror:
    if mirror.work is None:
        return mirror
    return replace(mirror, work=replace(mirror.work, since=mirror.work.since + seconds))
