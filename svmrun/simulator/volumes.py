"""Questions about the volumes of a world: names, owners, parents, opens, and what time has done to resyncs."""

from __future__ import annotations

import re

from svmrun.simulator.linux_mirrors import work_ends, works_settled
from svmrun.simulator.world import (
    Component,
    ComponentState,
    DiskSet,
    FileSystem,
    Mirror,
    OtherVolume,
    Resync,
    Stripe,
    Submirror,
    SubmirrorState,
    World,
)
from svmrun.values import replace

VOLUME_PATH = re.compile(r"/dev/md/(?:(?P<set>[^/]+)/)?r?dsk/(?P<unit>[^/]+)")
DISK_PATH = re.compile(r"/dev/(?:did/|ap/)?r?dsk/(?P<slice>c\d+(?:t[0-9A-Fa-f]+)?d\d+(?:s\d+|p\d+)?|d\d+(?:s\d+)?)")
BEING_SYNCED = ("attached-resync", "offline-resync", "component-resync")


def canonical(path: str) -> str:
    """The short name of a device: `SET/dN` or `dN` for volumes, `c0t0d0s0` or `d4s0` for disks; others unchanged.

    `/dev/dsk/emcpower0c` stays whole, since it is not of the controller-target-disk form (meta_name.c).
    """
    if match := VOLUME_PATH.fullmatch(path):
        return f"{match['set']}/{match['unit']}" if match["set"] else match["unit"]
    if match := DISK_PATH.fullmatch(path):
        return match["slice"]
    return path


def set_name(volume: str) -> str:
    """The disk set of a canonical volume name; empty for the local set."""
    return volume.rpartition("/")[0]


def disk_set(world: World, name: str) -> DiskSet | None:
    return next((s for s in world.sets if s.name == name), None)


def owns(world: World, name: str, host: str | None = None) -> bool:
    """Whether `host` (this one by default) may work on the set. The local set and a set without drives: always."""
    found = disk_set(world, name)
    if name == "" or (found and not found.drives):
        return True
    asked = host or world.host
    return found is not None and (found.owner == asked or (found.multi_owner and asked in found.members))


def owned(world: World, volume: str) -> bool:
    """Whether this host owns the disk set of the volume (a canonical name or a path)."""
    return owns(world, set_name(canonical(volume)))


def mirror(world: World, name: str) -> Mirror | None:
    return next((m for m in world.mirrors if m.name == name), None)


def stripe(world: World, name: str) -> Stripe | None:
    return next((s for s in world.stripes if s.name == name), None)


def other(world: World, name: str) -> OtherVolume | None:
    return next((o for o in world.others if o.name == name), None)


def volume(world: World, name: str) -> Mirror | Stripe | OtherVolume | None:
    return mirror(world, name) or stripe(world, name) or other(world, name)


def mirror_of(world: World, submirror: str) -> Mirror | None:
    """The mirror that the volume is a side of (attached or offline)."""
    return next((m for m in world.mirrors if side(m, submirror)), None)


def side(found: Mirror, submirror: str) -> Submirror | None:
    return next((s for s in found.submirrors if s.name == submirror), None)


def file_system_of(world: World, name: str) -> FileSystem | None:
    """The mounted file system that lies on the volume."""
    return next((f for f in world.file_systems if canonical(f.special) == name), None)


def put_mirror(world: World, changed: Mirror) -> World:
    return replace(world, mirrors=tuple(changed if m.name == changed.name else m for m in world.mirrors))


def put_stripe(world: World, changed: Stripe) -> World:
    return replace(world, stripes=tuple(changed if s.name == changed.name else s for s in world.stripes))


def open_error(world: World, device_path: str, writing: bool) -> str | None:
    """Why an open of the device fails, in the words of the error number (mdopen in md.c); None when it succeeds."""
    if not VOLUME_PATH.fullmatch(device_path):
        return None
    name = canonical(device_path)
    if not owned(world, name):
        return "No such device"
    found = volume(world, name)
    if found is None or (isinstance(found, Stripe) and unavailable(found)):
        return "No such device or address"
    if writing and (mirror_of(world, name) or world.databases == "stale"):
        return "Read-only file system"
    return None


def progress(resync: Resync, clock: float) -> float:
    """Seconds of work done by now, at most the total."""
    running = 0.0 if resync.cancelled else max(0.0, clock - resync.since)
    return min(resync.total, resync.done + running)


def resync_active(found: Mirror) -> bool:
    return found.resync is not None and not found.resync.cancelled


def settle(world: World) -> World:
    """The world with everything ended that had to end by `world.clock`: finished resyncs and checks."""
    for found in world.mirrors:
        if found.resync and not found.resync.cancelled and progress(found.resync, world.clock) >= found.resync.total:
            world = _finish(world, found, found.resync)
    return works_settled(world)


def work_endings(world: World) -> list[float]:
    """The times at which running resyncs, recoveries and checks will be through."""
    running = [m.resync for m in world.mirrors if m.resync and not m.resync.cancelled]
    ends = [resync.since + resync.total - resync.done for resync in running]
    return ends + [end for mirror in world.linux_mirrors if (end := work_ends(mirror)) is not None]


def _finish(world: World, found: Mirror, resync: Resync) -> World:
    """All sides are copies of the running ones again, but for components that still wait for their replacement."""
    ended = resync.since + resync.total - resync.done
    sides = []
    for synced in found.submirrors:
        copied = stripe(world, synced.name)
        if copied and synced.state in BEING_SYNCED:
            copied = replace_states(copied, "Resyncing", "Okay")
            state: SubmirrorState = "component-erred" if erred(copied) else "running"
            world = put_stripe(world, replace(copied, image="live"))
            synced = replace(synced, state=state, changed=ended)
        sides.append(synced)
    return put_mirror(world, replace(found, submirrors=tuple(sides), resync=None))


def components(found: Stripe) -> tuple[Component, ...]:
    return tuple(c for row in found.rows for c in row)


def erred(found: Stripe) -> bool:
    """Whether a component of it is in Maintenance or Last Erred."""
    return any(c.state in ("Maintenance", "Last Erred") for c in components(found))


def unavailable(found: Stripe) -> bool:
    """Whether a disk under it cannot be opened."""
    return any(c.state == "Unavailable" for c in components(found))


def replace_states(found: Stripe, old: ComponentState, new: ComponentState) -> Stripe:
    rows = tuple(tuple(replace(c, state=new) if c.state == old else c for c in row) for row in found.rows)
    return replace(found, rows=rows)
