"""What must hold in a world beyond its schema: known names, each side in one mirror, something to read from."""

from __future__ import annotations

from collections.abc import Iterator

from svmrun.simulator.linux_disks import LinuxMirror
from svmrun.simulator.volumes import BEING_SYNCED, disk_set, set_name, stripe
from svmrun.simulator.world import Mirror, World

Path = tuple[str | int, ...]
Finding = tuple[str, Path]
MAXIMUM_SUBMIRRORS = 4


def world_findings(world: World) -> list[Finding]:
    """Every contradiction, with the place of it in the world file."""
    return [
        *_sets(world),
        *_names(world),
        *_mirrors(world),
        *_sides(world),
        *_legs(world),
        *_views(world),
        *_mounts(world),
    ]


def _sets(world: World) -> Iterator[Finding]:
    for number, found in enumerate(world.sets):
        if found.owner is not None and found.owner not in found.hosts:
            yield f"{found.owner} owns {found.name}, but is not one of its hosts", ("sets", number, "owner")
    for name, path in _volumes(world):
        if set_name(name) and disk_set(world, set_name(name)) is None:
            yield f"there is no disk set {set_name(name)}", path


def _names(world: World) -> Iterator[Finding]:
    seen: set[str] = set()
    for name, path in _volumes(world):
        if name in seen:
            yield f"{name} is there twice", path
        seen.add(name)


def _volumes(world: World) -> Iterator[tuple[str, Path]]:
    for number, mirror in enumerate(world.mirrors):
        yield mirror.name, ("mirrors", number, "name")
    for number, volume in enumerate(world.stripes):
        yield volume.name, ("stripes", number, "name")
    for number, other in enumerate(world.others):
        yield other.name, ("others", number, "name")


def _mirrors(world: World) -> Iterator[Finding]:
    for number, found in enumerate(world.mirrors):
        path = ("mirrors", number, "submirrors")
        slots = [s.slot for s in found.submirrors]
        if not 1 <= len(slots) <= MAXIMUM_SUBMIRRORS or len(set(slots)) < len(slots):
            yield f"{found.name} needs one to four submirrors, each in a slot of its own", path
        if not any(s.state in ("running", "component-erred", "component-resync") for s in found.submirrors):
            yield f"no submirror of {found.name} can be read", path
        if found.resync and not any(s.state in BEING_SYNCED for s in found.submirrors):
            yield f"{found.name} has a resync, but no submirror waits for one", ("mirrors", number, "resync")


def _sides(world: World) -> Iterator[Finding]:
    seen: set[str] = set()
    for number, found in enumerate(world.mirrors):
        for place, side in enumerate(found.submirrors):
            path = ("mirrors", number, "submirrors", place)
            if stripe(world, side.name) is None:
                yield f"{found.name} names {side.name}, which is no stripe of this world", path
            elif _too_small(world, found, side.name):
                yield f"{side.name} is smaller than {found.name}", path
            if side.name in seen:
                yield f"{side.name} is a submirror twice", path
            seen.add(side.name)


def _too_small(world: World, found: Mirror, side: str) -> bool:
    volume = stripe(world, side)
    return volume is not None and volume.size < found.size


def _legs(world: World) -> Iterator[Finding]:
    seen: set[str] = set()
    for number, found in enumerate(world.linux_mirrors):
        path = ("linux_mirrors", number, "legs")
        if not any(leg.state == "in-sync" for leg in found.legs):
            yield f"no leg of {found.name} can be read", path
        if (found.work is not None and found.work.kind == "recovery") is not _recovers(found):
            yield f"{found.name} has a recovery without a leg that recovers, or the other way round", path
        if found.metadata in ("0.90", "1.0") and found.data_offset:
            yield f"{found.name} has its metadata at the end, and yet its data begin later", path
        for place, leg in enumerate(found.legs):
            if leg.device in seen:
                yield f"{leg.device} is a leg twice", (*path, place)
            seen.add(leg.device)


def _recovers(found: LinuxMirror) -> bool:
    return any(leg.state == "recovering" for leg in found.legs)


def _views(world: World) -> Iterator[Finding]:
    for number, view in enumerate(world.views):
        if view.name in {other.name for other in world.views[:number]}:
            yield f"{view.name} is there twice", ("views", number, "name")
        if view.kind == "snapshot" and not view.store:
            yield f"the snapshot {view.name} has no store", ("views", number)


def _mounts(world: World) -> Iterator[Finding]:
    points = [f.mount_point for f in world.file_systems]
    for number, point in enumerate(points):
        if point in points[:number]:
            yield f"{point} is a mount point twice", ("file_systems", number, "mount_point")
