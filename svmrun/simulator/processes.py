"""What processes leave in the world while they live: open devices, and lock requests that wait."""

from __future__ import annotations

from collections.abc import Callable, Collection

from svmrun.simulator.volumes import canonical
from svmrun.simulator.world import OpenDevice, World
from svmrun.values import replace


def opened(world: World, pid: int, device: str, *, writing: bool = False, user: str = "root") -> World:
    """The world in which the process has the device open. It is closed when the process ends, however it ends."""
    entry = OpenDevice(pid, canonical(device), writing, user, command=True)
    return world if entry in world.opens else replace(world, opens=(*world.opens, entry))


def closed(world: World, pid: int, device: str) -> World:
    name = canonical(device)
    return replace(world, opens=tuple(o for o in world.opens if (o.pid, o.device) != (pid, name)))


def users(world: World, device: str) -> tuple[OpenDevice, ...]:
    """Who has the device open, in the order of their opens."""
    name = canonical(device)
    return tuple(o for o in world.opens if o.device == name)


def owners(world: World) -> set[int]:
    """The processes that have something in the world as long as they live."""
    asking = {f.pending_pid for f in world.file_systems if f.pending_pid}
    return asking | {o.pid for o in world.opens if o.command} | {s.pid for s in world.backup_sessions if s.pid}


def forget(world: World, is_dead: Callable[[int], bool]) -> World:
    """The world without what dead processes had: an open device is closed, a waiting lock request is gone."""
    dead = {pid for pid in owners(world) if is_dead(pid)}
    return without(world, dead) if dead else world


def without(world: World, pids: Collection[int]) -> World:
    """The world without what these processes had; the same one when they had nothing."""
    theirs = (f.pending_pid in pids for f in world.file_systems)
    if not any(o.pid in pids for o in world.opens) and not any(theirs) and not world.backup_sessions:
        return world
    file_systems = tuple(
        replace(f, pending_lock="", pending_pid=0) if f.pending_pid and f.pending_pid in pids else f
        for f in world.file_systems
    )
    sessions = tuple(s for s in world.backup_sessions if not s.pid or s.pid not in pids)
    opens = tuple(o for o in world.opens if o.pid not in pids)
    return replace(world, opens=opens, file_systems=file_systems, backup_sessions=sessions)
