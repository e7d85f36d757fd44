"""What happens to the mirrors of Linux, whoever keeps them: legs leave and join, work is done, something is written.

Sources: md(4), mdadm(8), lvmraid(7), and what a kernel 6.1 does. Pure: a settled world in, a new one out. Who refuses
what, and in which words, is for the commands to say.
"""

from __future__ import annotations

from typing import Literal

from svmrun.simulator.linux_disks import Leg, LinuxMirror, Work
from svmrun.simulator.linux_lookup import (
    device_paths,
    ground,
    mounted_from,
    put_leg,
    put_linux_mirror,
    put_view,
)
from svmrun.simulator.world import World
from svmrun.values import replace

CHANGED_SHARE = 0.05  # of a full recovery: only the regions that were written to meanwhile are copied
MISMATCH_SECTORS = 128  # what a check counts for each leg that differs: one of its windows

Gone = Literal["faulty", "out", "missing"]


def leg_leaves(world: World, mirror: LinuxMirror, leg: Leg, state: Gone) -> World:
    """The leg is neither read nor written any more. What it holds is one moment only if nobody could write."""
    if leg.state not in ("in-sync", "recovering"):
        return put_leg(world, mirror, replace(leg, state=state))
    mounted = mounted_from(world, mirror)
    image: Literal["moment", "crash", "mixed"] = "moment" if _still(world, mirror) else "crash"
    if leg.state == "recovering" or leg.differs:
        image = "mixed"
    generation = mounted.generation if mounted else leg.generation
    left = replace(leg, state=state, image=image, generation=generation)
    return _without_idle_work(put_leg(world, mirror, left), mirror.name)


def leg_joins(world: World, mirror: LinuxMirror, leg: Leg, *, whole: bool) -> World:
    """The leg is copied to: all of it, or the regions alone that the mirror knows were written to meanwhile.

    What somebody else wrote to the leg in the meantime is in no bitmap: it stays, and the leg differs.
    """
    differs = (leg.altered or leg.differs) and not whole
    joined = replace(leg, state="recovering", image="mixed", altered=False, differs=differs, known=True)
    seconds = world.resync_seconds * (1.0 if whole else CHANGED_SHARE)
    return recovering(put_leg(world, mirror, joined), mirror.name, seconds)


def leg_joins_at_once(world: World, mirror: LinuxMirror, leg: Leg) -> World:
    """The leg counts as in sync, and nothing is copied: it holds what it held when it left."""
    mounted = mounted_from(world, mirror)
    behind = mounted is not None and (mounted.writers or mounted.generation != leg.generation)
    joined = replace(leg, state="in-sync", image="live", altered=False, differs=behind or leg.altered or leg.differs)
    return put_leg(world, mirror, joined)


def recovering(world: World, name: str, seconds: float) -> World:
    """More to do for the recovery that runs, or a new one; a check gives way."""
    mirror = next(m for m in world.linux_mirrors if m.name == name)
    old = mirror.work if mirror.work and mirror.work.kind == "recovery" else Work("recovery", 0.0, world.clock)
    work = Work("recovery", old.total + seconds, world.clock, work_done(old, world.clock))
    return put_linux_mirror(world, replace(mirror, work=work, last="recovery"))


def check_starts(world: World, mirror: LinuxMirror) -> World:
    """Every leg in sync is read whole, and compared; one that runs already goes on."""
    if mirror.work is not None:
        return world
    work = Work("check", world.resync_seconds, world.clock)
    return put_linux_mirror(world, replace(mirror, work=work, mismatches=0, last="check"))


def check_stops(world: World, mirror: LinuxMirror) -> World:
    if mirror.work is None or mirror.work.kind != "check":
        return world
    return put_linux_mirror(world, replace(mirror, work=None))


def work_done(work: Work, clock: float) -> float:
    """Seconds of work done by now, at most the total."""
    return min(work.total, work.done + max(0.0, clock - work.since))


def work_percent(work: Work, clock: float) -> int:
    """Whole percent, as the kernel's tools print it: 100 is never seen."""
    return min(99, int(100 * work_done(work, clock) / work.total)) if work.total else 99


def work_ends(mirror: LinuxMirror) -> float | None:
    """The time at which the running work will be through."""
    return None if mirror.work is None else mirror.work.since + mirror.work.total - mirror.work.done


def works_settled(world: World) -> World:
    """The world with every work ended that had to end by `world.clock`."""
    for mirror in world.linux_mirrors:
        if mirror.work is not None and work_done(mirror.work, world.clock) >= mirror.work.total:
            world = put_linux_mirror(world, _through(mirror, mirror.work))
    return world


def _through(mirror: LinuxMirror, work: Work) -> LinuxMirror:
    if work.kind == "check":
        return replace(mirror, work=None, mismatches=MISMATCH_SECTORS * sum(_differs(leg) for leg in mirror.legs))
    legs = tuple(
        replace(leg, state="in-sync", image="live") if leg.state == "recovering" else leg for leg in mirror.legs
    )
    return replace(mirror, legs=legs, work=None, noted=True)


def _differs(leg: Leg) -> bool:
    return leg.state == "in-sync" and leg.differs


def written(world: World, path: str, *, repairs: bool = False) -> World:
    """Something wrote to the device: a check of its file system that `repairs` it, or anybody with anything.

    A snapshot keeps it for itself; else it comes to the leg, past the mirror, which does not know of it.
    """
    found = ground(world, path)
    if found is None or not found.writable:
        return world
    if found.snapshot is not None:
        generation = found.leg.generation if found.leg and repairs else -1
        return put_view(world, replace(found.snapshot, repaired=generation))
    if found.leg is None:
        return world
    leg = found.leg
    if repairs:
        leg = replace(leg, repaired=leg.generation)
    else:
        leg = replace(leg, image=leg.image if leg.state == "in-sync" else "mixed")
    return put_leg(world, found.mirror, replace(leg, altered=True, differs=leg.differs or found.is_live))


def linux_after_reboot(world: World) -> World:
    """Devices laid over others are gone; what was thrown out is left out, and a recovery goes on."""
    for mirror in world.linux_mirrors:
        legs = tuple(replace(leg, read_only=False) for leg in mirror.legs)
        if mirror.kind == "md":
            legs = tuple(replace(leg, state="out") if leg.state == "faulty" else leg for leg in legs)
        work = mirror.work and replace(mirror.work, done=work_done(mirror.work, world.clock), since=world.clock)
        work = work if _recovers(work) else None
        world = put_linux_mirror(world, replace(mirror, legs=legs, work=work, broken=False))
    return replace(world, views=())


def _recovers(work: Work | None) -> bool:
    return work is not None and work.kind == "recovery"


def in_use(world: World, path: str) -> bool:
    """Somebody has the device: another one laid over it, a process, a mount."""
    names = device_paths(path)
    over = any(view.over in names or view.store in names for view in world.views)
    return over or any(o.device in names for o in world.opens) or any(f.special in names for f in world.file_systems)


def view_removed(world: World, name: str) -> World:
    """The view is gone, and with it the loop devices that only waited for that."""
    world = replace(world, views=tuple(v for v in world.views if v.name != name))
    waiting = [v for v in world.views if v.closing and not in_use(world, v.name)]
    return view_removed(world, waiting[0].name) if waiting else world


def _still(world: World, mirror: LinuxMirror) -> bool:
    """Nobody writes to the mirror and everything is flushed: frozen, or neither mounted nor open for writing."""
    mounted = mounted_from(world, mirror)
    if mounted is not None:
        return mounted.lock == "write"
    names = device_paths(mirror.name)
    return not any(o.writing and o.device in names for o in world.opens)


def _without_idle_work(world: World, name: str) -> World:
    """A recovery ends with the last leg that it copied to; a check is over when a leg leaves."""
    mirror = next(m for m in world.linux_mirrors if m.name == name)
    copied = any(leg.state == "recovering" for leg in mirror.legs)
    keeps = mirror.work is not None and mirror.work.kind == "recovery" and copied
    return world if keeps else put_linux_mirror(world, replace(mirror, work=None))
