"""The state machine of mirrors: what each ioctl refuses, in its order, and what it changes (mirror_ioctl.c).

Every function takes a settled world and returns a new one, or raises Refusal. Volumes are canonical names.
"""

from __future__ import annotations

from typing import Literal

from svmrun.simulator.mirror_sources import others_readable
from svmrun.simulator.refusal import Refusal
from svmrun.simulator.volumes import (
    BEING_SYNCED,
    canonical,
    erred,
    file_system_of,
    mirror,
    mirror_of,
    progress,
    put_mirror,
    put_stripe,
    resync_active,
    side,
    stripe,
    unavailable,
)
from svmrun.simulator.world import Mirror, Resync, Stripe, Submirror, World
from svmrun.values import replace

MAXIMUM_SUBMIRRORS = 4
OPTIMISED_SHARE = 0.05  # of a full resync: only the regions written meanwhile are copied


def detach(world: World, name: str, submirror: str, *, force: bool = False) -> World:
    """metadetach: the side becomes a volume of its own. `force` overrides erred components and nothing else."""
    found = changeable(world, name)
    _refuse_during_resync(found)
    taken = _side(found, submirror)
    if len(found.submirrors) == 1:
        raise Refusal(name, "attempt to detach last running submirror")
    if not others_readable(world, found, submirror):
        raise Refusal(name, "operation would result in no readable submirrors")
    left = _stripe(world, submirror)
    if erred(left) and not force:
        raise Refusal(name, "attempt an operation on a submirror that has erred components")
    world = put_stripe(world, _freed(_image(world, found, taken, left)))
    return put_mirror(world, _without(found, taken, renumber=world.slots == "renumbered"))


def attach(world: World, name: str, submirror: str) -> World:
    """metattach: the volume becomes a side, and a full resync overwrites it."""
    found = changeable(world, name)
    if len(found.submirrors) >= MAXIMUM_SUBMIRRORS:
        raise Refusal(name, "mirror has maximum number of submirrors")
    joining = _stripe(world, submirror)
    if mirror_of(world, submirror):
        raise Refusal(submirror, "metadevice in use")
    if any(canonical(o.device) == submirror for o in world.opens):
        raise Refusal(submirror, "metadevice is open")
    if joining.size < found.size:
        raise Refusal(submirror, "submirror too small to attach")
    if unavailable(joining):
        raise Refusal(submirror, "submirror open error")
    joined = Submirror(submirror, _free_slot(found), "attached-resync", world.clock)
    sides = tuple(sorted((*found.submirrors, joined), key=lambda s: s.slot))
    world = put_stripe(world, replace(joining, image="mixed"))
    return put_mirror(world, syncing(world, replace(found, submirrors=sides), world.resync_seconds))


def offline(world: World, name: str, submirror: str, *, force: bool = False) -> World:
    """metaoffline: the side stays in the mirror, but is neither read nor written."""
    found = changeable(world, name)
    _refuse_during_resync(found)
    taken = _side(found, submirror)
    if taken.state != "running" and not (force and taken.state == "component-erred"):
        raise Refusal(name, "attempt operation on a submirror in illegal state")
    if not others_readable(world, found, submirror):
        raise Refusal(name, "operation would result in no readable submirrors")
    world = put_stripe(world, _image(world, found, taken, _stripe(world, submirror)))
    return put_mirror(world, _with_state(world, found, taken, "offline"))


def online(world: World, name: str, submirror: str) -> World:
    """metaonline: the regions written meanwhile are copied back."""
    found = changeable(world, name)
    taken = _side(found, submirror)
    if taken.state != "offline":
        raise Refusal(name, "attempt operation on a submirror in illegal state")
    _refuse_during_resync(found)
    world = put_stripe(world, replace(_stripe(world, submirror), image="mixed"))
    found = _with_state(world, found, taken, "offline-resync")
    return put_mirror(world, syncing(world, found, world.resync_seconds * OPTIMISED_SHARE))


def start_resync(world: World, name: str) -> World:
    """metasync: start or continue the resync of the sides that wait for one; nothing to do is no error."""
    found = changeable(world, name)
    waiting = any(s.state in BEING_SYNCED for s in found.submirrors)
    if not waiting or resync_active(found):
        return world
    if found.resync:
        return put_mirror(world, replace(found, resync=replace(found.resync, since=world.clock, cancelled=False)))
    return put_mirror(world, syncing(world, found, world.resync_seconds))


def cancel_resync(world: World, name: str) -> World:
    """metasync -c: the percentage is kept until metasync goes on."""
    found = changeable(world, name)
    if not found.resync or found.resync.cancelled:
        return world
    stopped = replace(found.resync, done=progress(found.resync, world.clock), since=world.clock, cancelled=True)
    return put_mirror(world, replace(found, resync=stopped))


def after_reboot(world: World) -> World:
    """What a boot makes of the mirrors: offline sides come back, and `metasync -r` starts every resync anew."""
    for found in world.mirrors:
        sides = tuple(replace(s, state="offline-resync") if s.state == "offline" else s for s in found.submirrors)
        rebooted = replace(found, submirrors=sides, resync=None)
        if any(s.state in BEING_SYNCED for s in sides):
            for synced in (s for s in sides if s.state in BEING_SYNCED):
                world = put_stripe(world, replace(_stripe(world, synced.name), image="mixed"))
            rebooted = syncing(world, rebooted, world.resync_seconds)
        world = put_mirror(world, rebooted)
    return world


def changeable(world: World, name: str) -> Mirror:
    if world.databases == "stale":
        raise Refusal(name, "stale databases")
    found = mirror(world, name)
    if found is None:
        raise Refusal(name, "unit is not a mirror")
    if all(unavailable(_stripe(world, s.name)) for s in found.submirrors):
        raise Refusal(name, "component is in unavailable state; run 'metastat -i'")
    return found


def _refuse_during_resync(found: Mirror) -> None:
    if resync_active(found):
        raise Refusal(found.name, "resync in progress")


def _side(found: Mirror, submirror: str) -> Submirror:
    taken = side(found, submirror)
    if taken is None:
        raise Refusal(found.name, "can't find submirror in mirror")
    return taken


def _stripe(world: World, submirror: str) -> Stripe:
    found = stripe(world, submirror)
    if found is None:
        raise Refusal(submirror, "invalid unit")
    return found


def _with_state(world: World, found: Mirror, taken: Submirror, state: Literal["offline", "offline-resync"]) -> Mirror:
    changed = replace(taken, state=state, changed=world.clock)
    return replace(found, submirrors=tuple(changed if s is taken else s for s in found.submirrors))


def _without(found: Mirror, taken: Submirror, *, renumber: bool) -> Mirror:
    """Later sides move down, or the slot stays empty: the driver's two behaviours."""
    sides = tuple(
        replace(s, slot=s.slot - 1) if renumber and s.slot > taken.slot else s
        for s in found.submirrors
        if s is not taken
    )
    waiting = any(s.state in BEING_SYNCED for s in sides)
    return replace(found, submirrors=sides, resync=found.resync if waiting else None)


def _free_slot(found: Mirror) -> int:
    used = {s.slot for s in found.submirrors}
    return next(slot for slot in range(MAXIMUM_SUBMIRRORS) if slot not in used)


def syncing(world: World, found: Mirror, seconds: float) -> Mirror:
    """More work for the resync that runs (or was cancelled), or a new one."""
    old = found.resync or Resync(0.0, world.clock)
    return replace(found, resync=Resync(old.total + seconds, world.clock, progress(old, world.clock)))


def _image(world: World, found: Mirror, taken: Submirror, left: Stripe) -> Stripe:
    """The data on a side that leaves: one moment only if it was whole and nobody could write."""
    if taken.state == "offline":
        return left
    mounted = file_system_of(world, found.name)
    image: Literal["moment", "crash", "mixed"] = "moment" if _still(world, found.name) else "crash"
    if taken.state != "running":
        image = "mixed"
    if mounted is None:
        return replace(left, image=image)
    return replace(left, image=image, generation=mounted.generation, last_mounted=mounted.mount_point)


def _still(world: World, name: str) -> bool:
    """Nobody writes to the volume and everything is flushed: write-locked, or neither mounted nor open for writing."""
    mounted = file_system_of(world, name)
    if mounted:
        return mounted.lock == "write"
    return not any(o.writing and canonical(o.device) == name for o in world.opens)


def _freed(left: Stripe) -> Stripe:
    """A detached volume forgets the states of its components; a missing disk stays missing."""
    rows = tuple(tuple(c if c.state == "Unavailable" else replace(c, state="Okay") for c in row) for row in left.rows)
    return replace(left, rows=rows)
