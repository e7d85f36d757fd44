"""The file system that lies on a device: whose it is, how old, and whether it is one consistent moment.

A device is a volume of the Solaris Volume Manager, or a mirror of Linux, one of its legs, a view over a leg.
"""

from __future__ import annotations

from svmrun.simulator.file_systems import mounted_on
from svmrun.simulator.linux_lookup import Ground, ground, mounted_from
from svmrun.simulator.volumes import canonical, file_system_of, mirror_of, side, stripe
from svmrun.simulator.world import FileSystem, World


def file_system_on(world: World, device: str) -> FileSystem | None:
    """The file system whose data the device holds: mounted from it or from its mirror, or once, when it was a side.

    None, too, where a leg of Linux begins with metadata instead.
    """
    if (found := ground(world, device)) is not None:
        return mounted_from(world, found.mirror) if found.is_data and _readable(found) else None
    name = canonical(device)
    parent = mirror_of(world, name)
    mounted = file_system_of(world, name) or (file_system_of(world, parent.name) if parent else None)
    if mounted:
        return mounted
    detached = stripe(world, name)
    if detached is None or not detached.last_mounted:
        return None
    return mounted_on(world, detached.last_mounted) or FileSystem(detached.last_mounted, special="")


def is_live(world: World, device: str) -> bool:
    """Whether the data change under a reader: an attached side, or the volume that is mounted."""
    if (found := ground(world, device)) is not None:
        return found.is_live
    name = canonical(device)
    parent = mirror_of(world, name)
    attached = side(parent, name) if parent else None
    return file_system_of(world, name) is not None or (attached is not None and attached.state != "offline")


def generation(world: World, device: str) -> int:
    if (found := ground(world, device)) is not None and found.leg is not None and not found.is_live:
        return found.leg.generation
    name = canonical(device)
    found_system = file_system_on(world, name)
    copy = stripe(world, name)
    if copy and not is_live(world, name):
        return copy.generation
    return found_system.generation if found_system else 0


def is_moment(world: World, device: str) -> bool:
    """Whether the device holds one consistent moment: a side taken while the file system was locked and flushed, or
    the mounted volume while it is locked. An attached side never does: the mirror may change it at any time."""
    if (found := ground(world, device)) is not None and found.leg is not None:
        return found.is_data and not found.is_live and _readable(found) and found.leg.image == "moment"
    name = canonical(device)
    mounted = file_system_of(world, name) or (mounted_from(world, found.mirror) if found and found.is_data else None)
    if mounted:
        return mounted.lock in ("write", "hard")
    copy = stripe(world, name)
    return copy is not None and copy.image == "moment" and not is_live(world, name)


def _readable(found: Ground) -> bool:
    return found.leg is None or found.leg.state != "missing"
