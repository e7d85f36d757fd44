"""lvconvert(8) and lvchange(8) of raid1 volumes: split with tracked changes, merge, refresh, check, rebuild.

Source: lvmraid(7), and what lvm2 2.03 with a kernel 6.1 does. LVM blocks signals while it changes a volume, so a change
is one step.
"""

from __future__ import annotations

import getopt
from collections.abc import Callable, Generator
from typing import Any

from svmrun.simulator.attempt import attempt
from svmrun.simulator.linux_disks import Leg, LinuxMirror
from svmrun.simulator.linux_lookup import device_paths, mounted_from, put_leg, put_linux_mirror
from svmrun.simulator.linux_mirrors import check_starts, check_stops, in_use, leg_joins, leg_joins_at_once, leg_leaves
from svmrun.simulator.lvm_volumes import (
    NOT_ROOT,
    REFUSED,
    LvmRefused,
    is_split,
    mapper_name,
    on_disks,
    owner_of,
    volume,
    warnings_of,
)
from svmrun.simulator.requests import Call, Pass, Print
from svmrun.simulator.world import World
from svmrun.values import replace

Run = Generator[Any, Any, int]
Flags = list[tuple[str, str]]
Done = tuple[World, str]
DEACTIVATION_SECONDS = 5.0  # how long LVM tries to close a device that somebody has open
WRONG_COMMAND = 3


def lvconvert(call: Call) -> Run:
    """`--yes --splitmirrors 1 --trackchanges VOLUME [PV...]`, `--yes --merge IMAGE`."""
    return (yield from _changing(call, ("yes", "splitmirrors=", "trackchanges", "merge"), _converted))


def lvchange(call: Call) -> Run:
    """`[--verbose] --refresh VOLUME`, `--syncaction check VOLUME`, `[--verbose] --yes --rebuild PV... VOLUME`."""
    return (yield from _changing(call, ("yes", "verbose", "refresh", "syncaction=", "rebuild="), _changed))


def _changing(call: Call, options: tuple[str, ...], change: Callable[[World, Flags, list[str]], Done]) -> Run:
    program = call.argv[0]
    try:
        flags, words = getopt.gnu_getopt(list(call.argv[1:]), "", options)
    except getopt.GetoptError as error:
        yield Print(f"{program}: {error.msg}\n  Error during parsing of command line.\n", "err")
        return WRONG_COMMAND
    if not words:
        yield Print("  No command with matching syntax recognised.\n", "err")
        return WRONG_COMMAND
    if call.user != "root":
        yield Print(NOT_ROOT, "err")
        return REFUSED
    try:
        told = yield from attempt(lambda now: change(now, flags, words))
    except LvmRefused as refused:
        yield Pass(refused.seconds)
        yield Print(refused.text, "err")
        return refused.status
    yield Print(told, "err" if ("--verbose", "") in flags else "out")
    return 0


# -- lvconvert -------------------------------------------------------------------------------------------------------


def _converted(world: World, flags: Flags, words: list[str]) -> Done:
    if ("--merge", "") in flags:
        return _merge(world, words[0])
    if ("--trackchanges", "") in flags and ("--splitmirrors", "1") in flags:
        return _split(world, words[0], words[1:])
    raise LvmRefused("Only a split of one image with --trackchanges, and its merge, are simulated.")


def _split(world: World, name: str, disks: list[str]) -> Done:
    found = volume(world, name)
    if any(is_split(leg) for leg in found.legs):
        raise LvmRefused(f"Conversion of tracking raid1 LV {name} is not supported.")
    candidates = on_disks(found, disks) if disks else list(found.legs)
    if found.work is not None:
        raise LvmRefused(
            f"WARNING: Sync status for {name} is inconsistent.",
            f"Unable to split image from {name} while not in-sync.",
            seconds=3.0,
        )
    taken = candidates[-1]
    after = leg_leaves(world, found, replace(taken, split=True), "out")
    mounted = mounted_from(world, found)
    after = _with(_without_contradiction(after, name), name, noted=mounted is None or not mounted.writers)
    image = taken.device
    told = f"  {image} split from {name} for read-only purposes.\n"
    return after, f"{told}  Use 'lvconvert --merge {image}' to merge back into {name}.\n"


def _without_contradiction(world: World, name: str) -> World:
    """When the last good image is split off, nothing is left that knows of an error of the others: they count as good.

    One that was thrown out while nobody could write holds everything; any other has missed what came afterwards.
    """
    found = volume(world, name)
    if any(leg.state in ("in-sync", "recovering") for leg in found.legs):
        return world
    for leg in found.legs:
        if leg.state == "faulty":
            stale = leg.differs or leg.altered or leg.image != "moment"
            back = replace(leg, state="in-sync", image="live", altered=False, differs=stale)
            world = put_leg(world, found, back)
            found = volume(world, name)
    return world


def _merge(world: World, image: str) -> Done:
    found, leg = owner_of(world, image)
    if not is_split(leg):
        raise LvmRefused(f"{image} cannot be merged because --trackchanges was not used.")
    if any(in_use(world, path) for path in device_paths(image)):
        raise LvmRefused(
            f"Logical volume {image} in use.",
            f"Failed to deactivate {image} before merging.",
            seconds=DEACTIVATION_SECONDS,
        )
    leg = replace(leg, split=False)
    after = leg_joins(world, found, leg, whole=False) if found.noted else leg_joins_at_once(world, found, leg)
    return after, f"  {image} successfully merged back into {found.name}.\n"


# -- lvchange --------------------------------------------------------------------------------------------------------


def _changed(world: World, flags: Flags, words: list[str]) -> Done:
    name = words[0]
    if ("--refresh", "") in flags:
        return _refresh(world, name)
    if ("--syncaction", "check") in flags:
        return _check(world, name)
    disks = [value for option, value in flags if option == "--rebuild"]
    if disks:
        return _rebuild(world, name, disks)
    raise LvmRefused("Only --refresh, --syncaction check and --rebuild are simulated.")


def _refresh(world: World, name: str) -> Done:
    """The images that stayed note which one is out; one that had an error is taken back; a check is cut off."""
    found = volume(world, name, changing=False)
    if any(leg.state == "missing" for leg in found.legs):
        raise LvmRefused(
            *warnings_of((found,)),
            f"Refreshing logical volume {name} (if active).",
            f"Refusing refresh of partial LV {name}. Use '--activationmode partial' to override.",
        )
    world = check_stops(world, found)
    world = _rejoined(_with(world, name, noted=True), name, [g for g in found.legs if g.state == "faulty"], whole=False)
    return world, f"  Refreshing logical volume {name} (if active).\n{_resumed(found)}"


def _check(world: World, name: str) -> Done:
    found = volume(world, name)
    if found.work is not None:
        state = "recover" if found.work.kind == "recovery" else "check"
        raise LvmRefused(f'{name} state is currently "{state}".  Unable to switch to "check".')
    return check_starts(world, found), ""


def _rebuild(world: World, name: str, disks: list[str]) -> Done:
    found = volume(world, name)
    try:
        images = on_disks(found, disks)
    except LvmRefused as refused:
        return world, refused.text  # it says so, and ends with 0
    if found.work is not None or any(leg.state != "in-sync" for leg in found.legs):
        raise LvmRefused(f"Unable to replace devices in {name} while it is not in-sync.")
    return _rejoined(world, name, images, whole=True), _resumed(found)


def _rejoined(world: World, name: str, legs: list[Leg], *, whole: bool) -> World:
    for leg in legs:
        world = leg_joins(world, volume(world, name), leg, whole=whole)
    return world


def _with(world: World, name: str, **changes: Any) -> World:
    found: LinuxMirror = volume(world, name, changing=False)
    return put_linux_mirror(world, replace(found, **changes))


def _resumed(found: LinuxMirror) -> str:
    names = [mapper_name(name) for name in (*(leg.device for leg in found.legs), found.name)]
    return "".join(f"  Resuming {name} (253:{number}).\n" for number, name in enumerate(names))
