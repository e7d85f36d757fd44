"""What md and mdadm refuse, in the words of mdadm 4.2 (Manage.c), and what they do else.

Every function takes a settled world and the names on the command line; it returns a new world and what mdadm says, or
raises Refused with the line that stands behind mdadm's name.
"""

from __future__ import annotations

from svmrun.simulator.attempt import Refused
from svmrun.simulator.linux_disks import Leg, LinuxMirror, Work
from svmrun.simulator.linux_lookup import leg_at, linux_mirror, put_leg, put_linux_mirror, views_over
from svmrun.simulator.linux_mirrors import check_starts, check_stops, leg_joins, leg_leaves
from svmrun.simulator.world import World
from svmrun.values import replace

BUSY, NO_FILE = "Device or resource busy", "No such file or directory"
UNKNOWN = "No such device"
# A check that makes way for others sleeps so long at a time; a leg that was thrown out cannot be removed meanwhile.
CHECK_ENDS_SECONDS = 0.5


def array(world: World, name: str, opening: str, other: str = "does not appear to be an md device") -> LinuxMirror:
    """The array of that name.

    `opening` is how the mode in question says that there is nothing, `other` that it is another kind of device.
    """
    found = linux_mirror(world, name)
    if found is not None and found.kind == "md":
        return found
    raise Refused(f"{name} {other}" if found or leg_at(world, name) else f"{opening} {name}: {NO_FILE}")


def fail(world: World, name: str, device: str) -> tuple[World, str]:
    """The device is thrown out as if it were broken.

    The last one stays; but a kernel 6.1 lets every write to the array fail from then on, and shows it nowhere.
    """
    mirror = array(world, name, "error opening")
    gone = f"set device faulty failed for {device}:  {UNKNOWN}"
    leg = _leg(world, name, device, gone)
    if leg.state == "out":
        raise Refused(gone)
    if leg.state == "in-sync" and sum(other.state == "in-sync" for other in mirror.legs) == 1:
        broken = put_linux_mirror(world, replace(mirror, broken=True))
        raise Refused(f"set device faulty failed for {device}:  {BUSY}", 2, broken)
    left = leg_leaves(world, mirror, leg, "faulty")
    if mirror.work is not None and mirror.work.kind == "check" and leg.state == "in-sync":
        ending = Work("check", CHECK_ENDS_SECONDS, world.clock)
        left = put_linux_mirror(left, replace(array(left, name, "error opening"), work=ending))
    return left, f"set {device} faulty in {name}"


def remove(world: World, name: str, device: str) -> tuple[World, str]:
    mirror = array(world, name, "error opening")
    gone = f"hot remove failed for {device}: {UNKNOWN} or address"
    leg = _leg(world, name, device, gone)
    if leg.state == "out":
        raise Refused(gone)
    if leg.state != "faulty" or (mirror.work is not None and mirror.work.kind == "check"):
        raise Refused(f"hot remove failed for {device}: {BUSY}")
    return leg_leaves(world, mirror, leg, "out"), f"hot removed {device} from {name}"


def re_add(world: World, name: str, device: str) -> tuple[World, str]:
    """Only the regions that the bitmap names are copied; without a bitmap there is no such way back."""
    mirror, leg = array(world, name, "error opening"), _leg(world, name, device)
    if leg.state == "faulty":
        return leg_joins(world, mirror, leg, whole=not mirror.bitmap), f"re-add {device} to {_short(name)} succeed"
    _require_free(world, leg, device)
    if not (mirror.bitmap and leg.known):
        raise Refused(f"--re-add for {device} to {name} is not possible")
    _require_writable(leg, device)
    return leg_joins(world, mirror, leg, whole=False), f"re-added {device}"


def add(world: World, name: str, device: str) -> tuple[World, str]:
    """As a re-add where that is possible: the device still knows whose it is."""
    mirror, leg = array(world, name, "error opening"), _leg(world, name, device)
    _require_free(world, leg, device)
    if mirror.bitmap and leg.known:
        return re_add(world, name, device)
    _require_writable(leg, device)
    return leg_joins(world, mirror, leg, whole=True), f"added {device}"


def zero_superblock(world: World, device: str) -> tuple[World, str]:
    found = leg_at(world, device)
    if found is None or found[1].state == "missing":
        raise Refused(f"Couldn't open {device} for write - not zeroing", 2)
    mirror, leg = found
    if _is_taken(world, leg):
        raise Refused(f"Couldn't open {device} for write - not zeroing", 2)
    if not leg.known:
        raise Refused(f"Unrecognised md component device - {device}", 0)
    return put_leg(world, mirror, replace(leg, known=False)), ""


def action(world: World, name: str, wanted: str) -> tuple[World, str]:
    """`--action=check` and `--action=idle`. A recovery starts again when it is stopped; no check begins meanwhile."""
    mirror = array(world, name, "Couldn't open", "is no an md array")
    if wanted == "idle":
        return check_stops(world, mirror), ""
    if mirror.work is not None:
        raise Refused(f"Count not set action for {name} to {wanted}: {BUSY}")
    return check_starts(world, mirror), ""


def _leg(world: World, name: str, device: str, foreign: str = "") -> Leg:
    """`foreign` is what is said of a device that is there, and another array's."""
    found = leg_at(world, device)
    if found is None or found[1].state == "missing":
        raise Refused(f"stat failed for {device}: {NO_FILE}")
    if found[0].name != name:
        raise Refused(foreign or f"Cannot open {device}: {BUSY}")
    return found[1]


def _require_free(world: World, leg: Leg, device: str) -> None:
    if _is_taken(world, leg):
        raise Refused(f"Cannot open {device}: {BUSY}")


def _require_writable(leg: Leg, device: str) -> None:
    """Without metadata of its own it is to get them first."""
    if leg.read_only and leg.known:
        raise Refused(f"add new device failed for {device}: Read-only file system")
    if leg.read_only:
        raise Refused(f"Failed to write metadata to {device}")


def _is_taken(world: World, leg: Leg) -> bool:
    """An array and device-mapper want a device for themselves; a loop device does not."""
    over = any(view.kind != "loop" for view in views_over(world, leg.device))
    return over or leg.state in ("in-sync", "recovering", "faulty")


def _short(name: str) -> str:
    return name.rpartition("/")[2]
