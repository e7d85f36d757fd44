"""What a verdict owes to who reads it: that a mirror still copies to the side that was given back."""

from __future__ import annotations

from collections.abc import Iterator

from svmrun.simulator.host import look
from svmrun.simulator.volumes import resync_active
from svmrun.simulator.world import World
from svmrun.verify.desk import Desk
from svmrun.verify.scene import Finding, Scene

ELSEWHERE = frozenset({"resync", "taken-fails", "other-fails", "failover"})  # then the copy may be another's


def untold_copies(desk: Desk, scene: Scene) -> Iterator[Finding]:
    """Of a run that went back, and that ended while it was still being copied to a side which it had taken off."""
    ended = scene.state.ended
    if ended is None or ended.verdict == "succeeded" or scene.watch.disturbed & ELSEWHERE:
        return
    now, before = _copied_to(look(scene.world)), _copied_to(desk.world)
    for step, mirror, side in desk.sides:
        told = any(mirror in line and side in line for line in ended.goes_on)
        if (mirror, side) in now - before and not told:
            yield Finding("truth", f"{mirror} still copies to {side}, and the verdict does not say so", step)


def _copied_to(world: World) -> set[tuple[str, str]]:
    legs = {(m.name, leg.device) for m in world.linux_mirrors for leg in m.legs if leg.state == "recovering"}
    syncing = [m for m in world.mirrors if resync_active(m)]
    return legs | {(m.name, s.name) for m in syncing for s in m.submirrors if s.state.endswith("resync")}
