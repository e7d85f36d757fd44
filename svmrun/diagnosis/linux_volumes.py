"""Mirrors of LVM that are not whole: an image is split off, behind, or gone; the images differ (lvmraid(7))."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import Any

from svmrun.diagnosis.linux_mirrors import COPYING, WRITTEN_TO, differing, known_sides, owner_of, resync
from svmrun.diagnosis.model import Finding
from svmrun.diagnosis.ownership import Owner
from svmrun.diagnosis.seen import Seen

Json = Any


def judge(seen: Seen) -> Iterator[Finding]:
    for name, volume in seen.logical_volumes.items():
        if volume["images"]:
            yield from _volume(name, volume, seen)


def _volume(name: str, volume: Json, seen: Seen) -> Iterator[Finding]:
    split = [str(one["name"]) for one in volume["images"] if one["split"]]
    behind = [str(one["name"]) for one in volume["images"] if not one["split"] and not one["in_sync"]]
    yield from (_split(name, image, seen) for image in split)
    if volume["sync_action"] in COPYING:
        command = shlex.join(("lvs", "--all", "--options", "+sync_percent,raid_sync_action", name))
        yield resync(seen, name, behind, volume["sync_percent"], command)
    elif behind or (volume["health"] in ("partial", "refresh needed") and not split):
        yield _behind(name, volume["health"], ", ".join(behind) or "an image")
    if volume["mismatches"]:
        yield _unlike(name, volume, seen)


def _split(volume: str, image: str, seen: Seen) -> Finding:
    text = (
        f"split off from {volume}, which notes what is written meanwhile; a merge without refresh may copy nothing, "
        f"though all states are good then. {WRITTEN_TO}: then `lvchange --rebuild` behind the merge"
    )
    command = f"lvchange --refresh {shlex.quote(volume)} && lvconvert --yes --merge {shlex.quote(image)}"
    return owner_of(seen, volume, image).finding("split image", image, text, command)


def _behind(name: str, health: str, image: str) -> Finding:
    text = f"{image} is not in sync, and nothing is copied to it: it had an error; see dmesg"
    if health == "partial":
        text = f"the disk of {image} is gone: connect it, then type this; when it is lost: lvconvert --repair {name}"
    whose = Owner(None, "not ours: no run breaks a disk")
    return whose.finding("mirror not whole", name, text, shlex.join(("lvchange", "--refresh", name)))


def _unlike(name: str, volume: Json, seen: Seen) -> Finding:
    side = next(known_sides(seen, name), None)
    disks = [disk for one in volume["images"] if one["name"] == side for disk in one["physical_volumes"] if disk]
    remedy = "this copies the image on that disk anew" + (f", {side}, which a run took off" if disks else "")
    command = shlex.join(("lvchange", "--rebuild", disks[0] if disks else "DISK", name))
    return differing(name, volume["mismatches"], remedy, command)
