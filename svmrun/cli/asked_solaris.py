"""How a Solaris host is: locks of UFS, disk sets, volumes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from svmrun import names
from svmrun.adapters.output import ParseError
from svmrun.adapters.ufs_parse import parse_lockfs
from svmrun.cli.asking import Asking

Json = Any

WHAT = {
    "lockfs": "locks of UFS file systems",
    "metaset": "disk sets",
    "metastat": "mirrors and their sides",
}


def seen_on_solaris(asking: Asking) -> Mapping[str, Json]:
    """Fields of `Seen`."""
    sets = _disk_sets(asking)
    layout = _volumes(asking, sets, "md.tab")
    filled = [diskset for diskset in sets if any(names.disk_set(name) == diskset for name in layout)]
    report = _volumes(asking, filled, "report")
    concise = _volumes(asking, filled, "concise") if _may_be_offline(report) else {}
    return {"locks": tuple(_locks(asking)), "layout": layout, "report": report, "concise": concise}


def _locks(asking: Asking) -> list[Json]:
    """Of all file systems that are not unlocked: that is what lockfs without arguments lists."""
    asked = asking.ask("lockfs", "command", {"argv": ["lockfs"], "read_only": True})
    try:
        return list(parse_lockfs(asked["stdout"])["filesystems"]) if asked else []
    except ParseError as error:
        asking.unseen.append(f"{WHAT['lockfs']}: {error}")
        return []


def _disk_sets(asking: Asking) -> list[str]:
    """The local set, and those that this host owns."""
    asked = asking.ask("metaset", "metaset", {})
    owned = [""]
    for one in asked["sets"] if asked else ():
        if any(host["owner"] for host in one["hosts"]):
            owned.append(one["name"])
        else:
            asking.unseen.append(f"disk set {one['name']}: this host does not own it; look on the host that does")
    return owned


def _volumes(asking: Asking, sets: list[str], form: str) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for diskset in sets:
        asked = asking.ask("metastat", "metastat", {"diskset": diskset, "format": form}, diskset)
        found |= asked["volumes"] if asked else {}
    return found


def _may_be_offline(report: dict[str, Json]) -> bool:
    """Only then the concise form has more to tell."""
    return any(side["state"] == "Needs maintenance" for one in report.values() for side in one["submirrors"])
