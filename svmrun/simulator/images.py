"""The UFS that lies on a device: whose it is, how old, and whether it is one consistent moment."""

from __future__ import annotations

from svmrun.simulator.file_systems import mounted_on
from svmrun.simulator.volumes import canonical, file_system_of, mirror_of, side, stripe
from svmrun.simulator.world import FileSystem, World


def file_system_on(world: World, device: str) -> FileSystem | None:
    """The file system whose data the device holds: mounted from it or from its mirror, or once, when it was a side."""
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
    name = canonical(device)
    parent = mirror_of(world, name)
    attached = side(parent, name) if parent else None
    return file_system_of(world, name) is not None or (attached is not None and attached.state != "offline")


def generation(world: World, device: str) -> int:
    name = canonical(device)
    found = file_system_on(world, name)
    copy = stripe(world, name)
    if copy and not is_live(world, name):
        return copy.generation
    return found.generation if found else 0


def is_moment(world: World, device: str) -> bool:
    """Whether the device holds one consistent moment: a side taken while the file system was locked and flushed, or
    the mounted volume while it is locked. An attached side never does: the mirror may change it at any time."""
    name = canonical(device)
    mounted = file_system_of(world, name)
    if mounted:
        return mounted.lock in ("write", "hard")
    copy = stripe(world, name)
    return copy is not None and copy.image == "moment" and not is_live(world, name)
