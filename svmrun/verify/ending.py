"""The end of a story: what was under way ends, a stuck run's instructions are carried out, and all is judged."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from svmrun.adapters.base import Command
from svmrun.simulator.disruptions import disks_mended
from svmrun.simulator.host import look
from svmrun.simulator.world import World
from svmrun.values import replace
from svmrun.verify.allowed import OBEYING_SECONDS
from svmrun.verify.commands import Limits
from svmrun.verify.desk import Desk
from svmrun.verify.invariants import at_the_end, changed, left_behind
from svmrun.verify.kinds import LATE_SECONDS
from svmrun.verify.scene import Finding, Scene

INSTRUCTION = "; to end it: "


def findings(desk: Desk, scene: Scene) -> Iterator[Finding]:
    """Everything that is wrong at the end of a story that is over."""
    if scene.finding is not None:
        yield scene.finding
        return
    ended = scene.state.ended
    assert ended is not None, "a story is over when the run has ended"
    world = settled(scene.world)
    yield from at_the_end(desk, scene, world)
    if desk.own is not None:
        yield from desk.own(world, ended)
    if ended.verdict == "stuck":
        obeyed = settled(_obey(desk, _mended(desk, world), ended.left))
        for finding in left_behind(desk, scene, obeyed):
            told = "; ".join(ended.left) or "nothing"
            yield replace(finding, invariant="instruction", message=f"{finding.message}; the run told: {told}")


def settled(world: World) -> World:
    """When every resync and every late effect has come to its end."""
    return look(replace(world, clock=world.clock + LATE_SECONDS + 3 * world.resync_seconds))


def _mended(desk: Desk, world: World) -> World:
    mended = disks_mended(world)
    if changed(world, mended) or (world.locked_sets, world.databases) != (mended.locked_sets, mended.databases):
        desk.allowed.note("disks", 0.0)
    return mended


def _obey(desk: Desk, world: World, left: tuple[str, ...]) -> World:
    """The commands of the lines, typed by root as they stand there."""
    for line in left:
        _, _, commands = line.partition(INSTRUCTION)
        for chain in filter(None, commands.split("; ")):
            desk.allowed.note("obeying", OBEYING_SECONDS)
            world = _obey_chain(desk, world, chain.split(" && "))
    return world


def _obey_chain(desk: Desk, world: World, chain: list[str]) -> World:
    """Up to the first one that fails, as a shell does."""
    for words in chain:
        command = Command(tuple(shlex.split(words)), needs_root=True)
        world, done = desk.runner.run(world, command, Limits(OBEYING_SECONDS))
        if done.status != 0:
            break
    return world
