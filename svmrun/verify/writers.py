"""Who has to wait: the file systems that are locked, the raw devices whose users were told to keep still."""

from __future__ import annotations

from svmrun.simulator.world import World


def blocked(found: World, world: World, switches: frozenset[str] = frozenset()) -> frozenset[str]:
    """Mount points that are locked, and devices that somebody wrote to when the run began and may not write to now.

    Of `switches` those that do not stand as they were `found`.
    """
    locked = {f.mount_point for f in world.file_systems if f.lock != "unlock"}
    locked |= {name for name in switches if world.switches.get(name, "") != found.switches.get(name, "")}
    if found.opens == world.opens:
        return frozenset(locked)
    writing = {o.device for o in found.opens if o.writing and not o.command}
    still = {o.device for o in world.opens if not o.writing and not o.command}
    return frozenset(locked | (writing & still))
