"""What must hold of the mirrors of Linux: whole means that every copy is there, and that all of them are the same."""

from __future__ import annotations

from collections.abc import Iterator

from svmrun.simulator.linux_disks import Leg, LinuxMirror
from svmrun.simulator.world import World
from svmrun.verify.desk import Desk
from svmrun.verify.scene import Finding, Scene


def strange_legs(desk: Desk, after: World) -> Finding | None:
    found = {m.name: {leg.device for leg in m.legs} for m in desk.world.linux_mirrors}
    for mirror in after.linux_mirrors:
        strange = {leg.device for leg in mirror.legs} - found.get(mirror.name, set())
        if strange:
            names = ", ".join(sorted(strange))
            return Finding("not-ours", f"{names} was added to {mirror.name}, and was no part of it before")
    return None


def broken_mirrors(desk: Desk, scene: Scene, world: World) -> Iterator[Finding]:
    """Of what was whole when the run began. `world` has settled: whatever was under way has come to its end."""
    for old in desk.world.linux_mirrors:
        new = next((m for m in world.linux_mirrors if m.name == old.name), None)
        if new is not None and new.broken and not old.broken:
            yield Finding("whole", f"{old.name} takes no writes any more: its last leg was to be thrown out")
        for leg in new.legs if new else ():
            if _was_in_sync(old, leg.device) and (wrong := _wrong(desk, scene, leg)):
                yield Finding("whole", f"{leg.device} {wrong} {old.name}", _taker(desk, old.name, leg.device))


def left_views(desk: Desk, world: World) -> Iterator[Finding]:
    """Devices that were laid over others, and still are."""
    before = {view.name for view in desk.world.views}
    for view in world.views:
        if view.name not in before:
            yield Finding("truth", f"{view.name} is still there, over {view.over}, and was not before")


def material_of_mirrors(world: World) -> tuple[object, ...]:
    """What a command changes for good; which regions are copied, and how far that is, is no deed of a command."""
    legs = tuple((m.name, m.noted, m.last, tuple((x.device, x.state) for x in m.legs)) for m in world.linux_mirrors)
    return (legs, tuple((view.name, view.closing) for view in world.views))


def _was_in_sync(old: LinuxMirror, device: str) -> bool:
    return any(leg.device == device and leg.state == "in-sync" for leg in old.legs)


def _wrong(desk: Desk, scene: Scene, leg: Leg) -> str:
    """A leg that a broken disk has thrown out is nobody's fault; one that is copied to will be in sync."""
    ours = leg.device in {side for _, _, side in desk.sides}
    broke = ("taken-fails" if ours else "other-fails") in scene.watch.disturbed
    if leg.state in ("faulty", "out", "missing"):
        return "" if broke else f"is {leg.state} in"
    return "counts as in sync, and holds other data than" if leg.differs else ""


def _taker(desk: Desk, mirror: str, device: str) -> str:
    return next((step for step, of, side in desk.sides if (of, side) == (mirror, device)), "")
