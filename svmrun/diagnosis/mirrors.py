"""Mirrors that are not whole: sides off, offline, in need of repair, or being copied; and sides that lie free.

Only `metastat -c` tells an offline side from one that needs maintenance (meta_mirror.c, sm_state_to_name). That a free
volume was the side of a mirror is written nowhere: a journal may know it, else only its size speaks for it.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import Any

from svmrun import names
from svmrun.diagnosis.model import Finding
from svmrun.diagnosis.ownership import Owner, owner, who_brought_back
from svmrun.diagnosis.seen import KnownHold, Seen

Json = Any
_WHOLE = ("Okay", None)
_BROKEN = ("Maintenance", "Last Erred")  # states of a component, in the order in which they must be repaired


def judge(seen: Seen) -> Iterator[Finding]:
    for name, volume in seen.report.items():
        if volume["type"] == "mirror":
            yield from _mirror(name, volume, seen)
    for name, volume in seen.report.items():
        if _lies_free(name, volume, seen):
            yield from _free(name, volume, seen)


def _mirror(name: str, volume: Json, seen: Seen) -> Iterator[Finding]:
    offline = [m["name"] for m in seen.concise.get(name, {}).get("members", ()) if m["state"] == "offline"]
    yield from (_offline(name, side, seen) for side in offline)
    sides = volume["submirrors"]
    for side in sides:
        if side["name"] not in offline and side["state"] not in (*_WHOLE, "Resyncing"):
            yield _broken(name, side, seen)
    resyncing = [side["name"] for side in sides if side["state"] == "Resyncing"]
    if resyncing or volume["resync_percent"] is not None:
        yield _resync(name, volume, resyncing, seen)
    if len(sides) == 1:
        text = f"it has one side only, {sides[0]['name']}: what that disk loses is lost"
        whose = owner(seen.runs, lambda hold: hold.mirror == name)
        yield whose.finding("mirror not whole", name, text, _typed("metattach", name, "SUBMIRROR"))


def _offline(mirror: str, side: str, seen: Seen) -> Finding:
    whose = owner(seen.runs, lambda hold: _takes(hold, mirror, side, "metaoffline"))
    text = f"offline in {mirror}: what is written meanwhile is copied to it when it comes back, or at the next boot"
    return whose.finding("offline submirror", side, text, _typed("metaonline", mirror, side))


def _broken(mirror: str, side: Json, seen: Seen) -> Finding:
    name, state = side["name"], side["state"]
    unsure = "" if seen.concise else "; it may just be offline, which `metastat -c` would tell"
    components = seen.report.get(name, {}).get("components", ())
    broken = [c["device"] for wanted in _BROKEN for c in components if c["state"] == wanted]
    if broken:
        text = f"{name}: {state}; {', '.join(broken)} had an error: replace or repair the disk, then type this"
        command = _typed("metareplace", mirror, broken[0], "-e")
    elif state == "Unavailable":
        text = f"{name}: {state}; its disk cannot be reached: connect it, then type this"
        command = shlex.join(("metastat", *_set_option(mirror), "-i"))
    else:
        text, command = f"{name}: {state}; its copy is out of date{unsure}", _typed("metasync", mirror)
    whose = Owner(None, "not ours: no run breaks a disk or cancels a resync")
    return whose.finding("mirror not whole", mirror, text, command)


def _resync(name: str, volume: Json, sides: list[str], seen: Seen) -> Finding:
    percent = volume["resync_percent"]
    done = "" if percent is None else f", {percent:g} % done"
    text = f"resync of {', '.join(sides) or 'a side'}{done}: it ends by itself; nothing can be detached before"
    return who_brought_back(seen.runs, name, sides).finding("resync", name, text, _typed("metastat", name))


def _lies_free(name: str, volume: Json, seen: Seen) -> bool:
    used = {device for one in seen.layout.values() for device in one.get("components") or ()}
    used |= {side for one in seen.layout.values() for side in one.get("submirrors") or ()}
    return volume["type"] == "stripe" and not volume["parent"] and name not in used | seen.mounted


def _free(name: str, volume: Json, seen: Seen) -> Iterator[Finding]:
    known = [hold for run in reversed(seen.runs) for hold in run.holds if hold.side == name and hold.mirror]
    if known:
        mirror = str(known[0].mirror)
        whose = owner(seen.runs, lambda hold: _takes(hold, mirror, name, "metadetach"))
        text = f"it is no side of {mirror} any more, which a run knew it to be"
        yield whose.finding("detached submirror", name, text, _typed("metattach", mirror, name))
        return
    mirrors = [mirror for mirror in seen.report if _fits(volume, mirror, name, seen)]
    if mirrors:
        whose = owner(seen.runs, lambda hold: hold.side == name)
        text = f"it lies free and is as large as the sides of {', '.join(mirrors)}: maybe one that was taken off"
        text += "; nothing on the host records that, so ask before you attach it: its content is overwritten"
        yield whose.finding("detached submirror", name, text, _typed("metattach", mirrors[0], name))


def _fits(volume: Json, mirror: str, name: str, seen: Seen) -> bool:
    one = seen.report[mirror]
    if one["type"] != "mirror" or names.disk_set(mirror) != names.disk_set(name) or volume["size_blocks"] is None:
        return False
    sides = [seen.report[side["name"]]["size_blocks"] for side in one["submirrors"] if side["name"] in seen.report]
    return volume["size_blocks"] in sides


def _takes(hold: KnownHold, mirror: str, side: str, adapter: str) -> bool:
    return (hold.mirror, hold.side, hold.adapter) == (mirror, side, adapter)


def _set_option(volume: str) -> tuple[str, ...]:
    diskset = names.disk_set(volume)
    return ("-s", diskset) if diskset else ()


def _typed(program: str, mirror: str, other: str = "", option: str = "") -> str:
    """A command line on a mirror, with short names as a person types them."""
    words = (program, *_set_option(mirror), option, names.base_name(mirror), names.base_name(other) if other else "")
    return shlex.join(word for word in words if word)
