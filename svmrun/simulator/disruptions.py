"""What befalls a host from outside: pure changes of a world that no command makes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from svmrun.simulator.component_transitions import component_fails
from svmrun.simulator.linux_disks import Leg, LegState, LinuxMirror
from svmrun.simulator.linux_lookup import device_paths, leg_at, linux_mirror, put_linux_mirror
from svmrun.simulator.linux_mirrors import check_starts, leg_joins, leg_leaves
from svmrun.simulator.mirror_transitions import after_reboot, syncing
from svmrun.simulator.refusal import Refusal
from svmrun.simulator.volumes import (
    canonical,
    components,
    disk_set,
    mirror,
    mirror_of,
    put_mirror,
    put_stripe,
    resync_active,
    set_name,
    stripe,
)
from svmrun.simulator.world import Component, FileSystem, OpenDevice, Tape, World

_Change = Callable[[Tape], Tape]
SHARE_OF_TAPE = 0.4  # of what a dump needs, before the tape ends or fails


def failed_over(world: World, diskset: str) -> World:
    """Another node takes the set: its file systems are mounted anew there, and with that their locks are gone."""
    found = disk_set(world, diskset)
    others = [n.name for n in world.nodes if found and n.online and n.name in found.hosts and n.name != found.owner]
    if found is None or not others:
        return world
    sets = tuple(replace(s, owner=others[0]) if s.name == diskset else s for s in world.sets)
    inside = {f.mount_point for f in world.file_systems if set_name(canonical(f.special)) == diskset}
    file_systems = tuple(_unlocked(f) if f.mount_point in inside else f for f in world.file_systems)
    opens = tuple(o for o in world.opens if set_name(o.device) != diskset)
    mirrors = tuple(m for m in world.mirrors if set_name(m.name) == diskset)
    imported = after_reboot(replace(world, mirrors=mirrors))
    kept = {m.name: m for m in imported.mirrors}
    everything = tuple(kept.get(m.name, m) for m in world.mirrors)
    return replace(imported, sets=sets, file_systems=file_systems, opens=opens, mirrors=everything)


def disk_fails(world: World, submirror: str) -> World:
    """A disk under the volume: in Maintenance while it is a side of a mirror, else not to be reached any more.

    A leg of Linux is thrown out of its mirror, and is gone when it was out already.
    """
    if (leg := leg_at(world, submirror)) is not None:
        return _leg_fails(world, *leg)
    found = stripe(world, submirror)
    if found is None or not found.rows:
        return world
    device = components(found)[0].device
    parent = mirror_of(world, submirror)
    if parent is not None:
        try:
            return component_fails(world, parent.name, device)
        except Refusal:
            return world
    rows = tuple(tuple(_unavailable(c, device) for c in row) for row in found.rows)
    return put_stripe(world, replace(found, rows=rows))


def _leg_fails(world: World, mirror: LinuxMirror, leg: Leg) -> World:
    if leg.state in ("in-sync", "recovering"):
        last = not any(other.state == "in-sync" for other in mirror.legs if other is not leg)
        return world if last else leg_leaves(world, mirror, leg, "faulty")
    return world if leg.state == "missing" else leg_leaves(world, mirror, leg, "missing")


def disks_mended(world: World) -> World:
    """Every disk can be reached again, no set is locked by another process, every state database is whole."""
    for found in world.stripes:
        rows = tuple(tuple(replace(c, state="Okay") if c.state == "Unavailable" else c for c in r) for r in found.rows)
        if rows != found.rows:
            world = put_stripe(world, replace(found, rows=rows))
    for array in world.linux_mirrors:
        back: LegState = "faulty" if array.kind == "lvm" else "out"
        legs = tuple(
            replace(leg, state="out" if leg.split else back) if leg.state == "missing" else leg for leg in array.legs
        )
        world = put_linux_mirror(world, replace(array, legs=legs))
    return replace(world, locked_sets=(), databases="fine")


def resync_starts(world: World, name: str) -> World:
    """Somebody replaced a component: one side is being resynced. Of an array of md all copies are being compared."""
    if (array := linux_mirror(world, name)) is not None and array.kind == "md":
        return check_starts(world, array)
    if array is not None:
        in_sync = [leg for leg in array.legs if leg.state == "in-sync"]
        return leg_joins(world, array, in_sync[0], whole=True) if len(in_sync) > 1 and not array.work else world
    found = mirror(world, name)
    running = [s for s in found.submirrors if s.state == "running"] if found else []
    if found is None or len(running) < 2 or resync_active(found):
        return world
    synced = replace(running[0], state="component-resync", changed=world.clock)
    sides = tuple(synced if s is running[0] else s for s in found.submirrors)
    return put_mirror(world, syncing(world, replace(found, submirrors=sides), world.resync_seconds))


def without_bitmap(world: World, name: str) -> World:
    """A mirror of Linux that does not know what to copy to a leg that comes back."""
    array = linux_mirror(world, name)
    return world if array is None else put_linux_mirror(world, replace(array, bitmap=False))


def locked_by_somebody(world: World, mount_point: str) -> World:
    file_systems = tuple(
        replace(f, lock="write", comment="somebody else", locked_generation=f.generation)
        if f.mount_point == mount_point
        else f
        for f in world.file_systems
    )
    return replace(world, file_systems=file_systems)


def tape_short(world: World, device: str, blocks: int) -> World:
    """The volume in the drive ends long before a dump of so many blocks does."""
    end = max(1, int(blocks * SHARE_OF_TAPE))
    return _with_tape(world, device, lambda tape: replace(tape, capacity=end, volumes=0))


def tape_bad(world: World, device: str, blocks: int) -> World:
    return _with_tape(world, device, lambda tape: replace(tape, write_error_at=max(1, int(blocks * SHARE_OF_TAPE))))


def tape_gone(world: World, device: str) -> World:
    return _with_tape(world, device, lambda tape: replace(tape, loaded=False))


def _with_tape(world: World, device: str, change: _Change) -> World:
    return replace(world, tapes=tuple(change(t) if t.device == device else t for t in world.tapes))


def _unlocked(found: FileSystem) -> FileSystem:
    if found.lock == "unlock" and not found.pending_pid:
        return found
    return replace(found, lock="unlock", comment="", pending_lock="", pending_pid=0)


def _unavailable(component: Component, device: str) -> Component:
    return replace(component, state="Unavailable") if component.device == device else component


def side_gone(world: World, name: str, submirror: str) -> World:
    """A side that somebody took off before, and did not attach again."""
    if (leg := leg_at(world, submirror)) is not None:
        return leg_leaves(world, *leg, "out")
    found = mirror(world, name)
    if found is None or len(found.submirrors) < 2:
        return world
    return put_mirror(world, replace(found, submirrors=tuple(s for s in found.submirrors if s.name != submirror)))


def node_down(world: World, node: str) -> World:
    return replace(world, nodes=tuple(replace(n, online=False) if n.name == node else n for n in world.nodes))


def opened_by_somebody(world: World, volume: str) -> World:
    return replace(world, opens=(*world.opens, OpenDevice(999, volume)))


def mounted_elsewhere(world: World) -> World:
    """Every file system of a mirror is mounted from another device."""
    mirrors = {m.name for m in world.mirrors} | {path for m in world.linux_mirrors for path in device_paths(m.name)}
    file_systems = tuple(
        replace(f, special="/dev/dsk/c9t9d9s9") if canonical(f.special) in mirrors else f for f in world.file_systems
    )
    return replace(world, file_systems=file_systems)
