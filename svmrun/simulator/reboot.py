"""What a start of the host makes of the world."""

from __future__ import annotations

from dataclasses import replace

from svmrun.simulator.linux_mirrors import linux_after_reboot
from svmrun.simulator.mirror_transitions import after_reboot
from svmrun.simulator.world import World


def rebooted(world: World) -> World:
    """Locks and processes are gone, detached sides stay detached, offline sides come back, resyncs start anew.

    On Linux the devices laid over others are gone, too, and mirrors come up with the legs that belonged to them.
    """
    mounted = [f for f in world.file_systems if f.at_boot]
    unlocked = tuple(replace(f, lock="unlock", comment="", pending_lock="", pending_pid=0) for f in mounted)
    services = tuple(replace(s, state="online", temporary=False) if s.temporary else s for s in world.services)
    started = replace(world, file_systems=unlocked, opens=(), later=(), services=services, backup_sessions=())
    return linux_after_reboot(after_reboot(started))
