"""Arrays of md that are not whole: a leg is out, faulty, or waits; the copies differ (md(4), mdadm(8))."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import Any

from svmrun.diagnosis.linux_mirrors import COPYING, WRITTEN_TO, differing, known_sides, owner_of, resync
from svmrun.diagnosis.model import Finding
from svmrun.diagnosis.seen import Seen

Json = Any


def judge(seen: Seen) -> Iterator[Finding]:
    for name in seen.stopped_arrays:
        text = "it does not run: at the start a leg was missing; this runs it with those that are there"
        yield owner_of(seen, name).finding("mirror not whole", name, text, _mdadm("--run", name))
    for array in seen.arrays:
        yield from _array(str(array["array"]), array, seen)


def _array(name: str, array: Json, seen: Seen) -> Iterator[Finding]:
    devices = array["devices"]
    faulty = [str(row["device"]) for row in devices if "faulty" in row["state"]]
    yield from (_faulty(name, leg, seen) for leg in faulty)
    # A faulty one has left its place, and a spare has none yet: mdadm shows these places as removed.
    places = sum(row["state"] == "removed" for row in devices) - len(faulty)
    spares = [str(row["device"]) for row in devices if row["state"] == "spare"][: max(0, places)]
    if places > len(spares):
        yield _taken_off(name, f"{places - len(spares)} of its {array['raid_devices']} legs", seen)
    waiting = spares + [str(row["device"]) for row in devices if row["state"] == "spare rebuilding"]
    if array["sync_action"] in COPYING:
        yield resync(seen, name, waiting, array["sync_percent"], _mdadm("--detail", name))
    elif waiting:
        yield _waiting(name, waiting, array, seen)
    if array["mismatches"]:
        remedy = "a leg is copied anew by --fail, --remove, --zero-superblock, --add; this compares them once more"
        yield differing(name, array["mismatches"], remedy, _mdadm("--action=check", name))


def _faulty(name: str, leg: str, seen: Seen) -> Finding:
    text = f"{leg} is faulty, nothing is written to it. Mend its disk first if it had an error (see dmesg)"
    command = _mdadm(name, "--remove", leg, "--re-add", leg)
    return owner_of(seen, name, leg).finding("mirror not whole", name, text, command)


def _taken_off(name: str, which: str, seen: Seen) -> Finding:
    leg = next(known_sides(seen, name), None)
    known = f"a run took {leg} off" if leg else "`mdadm --examine DEVICE` tells whether DEVICE was one"
    text = f"{which} out; {known}. {WRITTEN_TO}: then `mdadm --zero-superblock`, and --add instead of --re-add"
    return owner_of(seen, name).finding("mirror not whole", name, text, _mdadm(name, "--re-add", leg or "DEVICE"))


def _waiting(name: str, legs: list[str], array: Json, seen: Seen) -> Finding:
    text = f"{', '.join(legs)} waits to be copied to, and nothing is copied"
    read_only = any("read-only" in word for word in array["state"])
    command = _mdadm("--readwrite" if read_only else "--action=idle", name)  # idle: what was halted begins again
    return owner_of(seen, name).finding("mirror not whole", name, text, command)


def _mdadm(*words: str) -> str:
    return shlex.join(("mdadm", *words))
