"""What a device path of Linux comes to: a mirror, one of its legs, through all devices that are laid over it."""

from __future__ import annotations

from dataclasses import dataclass

from svmrun.simulator.linux_disks import Leg, LinuxMirror, View
from svmrun.simulator.world import FileSystem, World
from svmrun.values import replace


@dataclass(frozen=True)
class Ground:
    """A path's way down: `views` from the top, then `leg` of `mirror` (None: the mirror itself), from `offset` on."""

    mirror: LinuxMirror
    leg: Leg | None
    offset: int = 0  # sectors
    views: tuple[View, ...] = ()

    @property
    def is_data(self) -> bool:
        """It begins where the mirror's data begin: not with the metadata of a leg, nor somewhere inside."""
        return self.offset == (self.mirror.data_offset if self.leg else 0)

    @property
    def is_live(self) -> bool:
        """The data change under a reader: the mirror's own, or those of a leg that belongs to it."""
        return self.leg is None or self.leg.state in ("in-sync", "recovering")

    @property
    def writable(self) -> bool:
        """A write finds its way: to the store of the uppermost snapshot, or down to the leg."""
        for view in self.views:
            if view.read_only:
                return False
            if view.kind == "snapshot":
                return True
        return self.leg is None or not self.leg.read_only

    @property
    def snapshot(self) -> View | None:
        """The view that keeps what is written."""
        return next((view for view in self.views if view.kind == "snapshot"), None)

    @property
    def repaired(self) -> bool:
        """A check has put the file system in order, in a view on the way or on the leg itself."""
        if self.leg is None:
            return False
        checked = (*(view.repaired for view in self.views), self.leg.repaired)
        return self.leg.generation in checked


def device_paths(name: str) -> tuple[str, ...]:
    """The paths of a device by its name: a path itself, or `vg/lv` of LVM, whose dashes device-mapper doubles."""
    if name.startswith("/") or "/" not in name:
        return (name,)
    group, volume = name.split("/", 1)
    return (name, f"/dev/{name}", f"/dev/mapper/{group.replace('-', '--')}-{volume.replace('-', '--')}")


def linux_mirror(world: World, path: str) -> LinuxMirror | None:
    return next((m for m in world.linux_mirrors if path in device_paths(m.name)), None)


def leg_at(world: World, path: str) -> tuple[LinuxMirror, Leg] | None:
    return next(((m, leg) for m in world.linux_mirrors for leg in m.legs if path in device_paths(leg.device)), None)


def view_at(world: World, path: str) -> View | None:
    return next((v for v in world.views if path in device_paths(v.name)), None)


def views_over(world: World, path: str) -> tuple[View, ...]:
    """The devices that lie directly over this one, or keep their changes on it."""
    return tuple(v for v in world.views if path in device_paths(v.over) or path == v.store)


def ground(world: World, path: str) -> Ground | None:
    """None when the path comes to no mirror of Linux: a disk, a file, nothing at all."""
    views: list[View] = []
    while (view := view_at(world, path)) is not None and view not in views:
        views.append(view)
        path = view.over
    offset = sum(view.offset for view in views)
    found = leg_at(world, path)
    if found is not None:
        return Ground(*found, offset, tuple(views))
    mirror = linux_mirror(world, path)
    return None if mirror is None else Ground(mirror, None, offset, tuple(views))


def mounted_from(world: World, mirror: LinuxMirror) -> FileSystem | None:
    """The mounted file system that lies on the mirror."""
    return next((f for f in world.file_systems if f.special in device_paths(mirror.name)), None)


def device_sectors(world: World, path: str) -> int | None:
    """The size of a mirror, a leg or a view, in blocks of 512 bytes; None for any other path."""
    found = ground(world, path)
    sized = next((view.size for view in found.views if view.size), None) if found else None
    if found is None or sized is not None:
        return sized
    whole = found.mirror.size + (found.mirror.data_offset if found.leg else 0)
    return whole - found.offset


def put_linux_mirror(world: World, changed: LinuxMirror) -> World:
    kept = tuple(changed if m.name == changed.name else m for m in world.linux_mirrors)
    return replace(world, linux_mirrors=kept)


def put_leg(world: World, mirror: LinuxMirror, changed: Leg) -> World:
    """The world with this leg in the place of the one of that device."""
    legs = tuple(changed if leg.device == changed.device else leg for leg in mirror.legs)
    return put_linux_mirror(world, replace(mirror, legs=legs))


def put_view(world: World, changed: View) -> World:
    return replace(world, views=tuple(changed if v.name == changed.name else v for v in world.views))
