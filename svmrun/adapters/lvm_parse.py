"""What `lvs --all --reportformat json` tells of logical volumes and of the images of mirrors (lvs(8), lvmraid(7)).

A hidden volume stands in brackets. An image that is split off with its changes tracked is not hidden any more, and has
no parent; the mirror still names it among its own.
"""

from __future__ import annotations

import re
from typing import Any

from svmrun.adapters.output import read_json

Json = Any

COLUMNS = (
    "vg_name",
    "lv_name",
    "lv_attr",
    "lv_size",
    "segtype",
    "lv_active",
    "lv_dm_path",
    "sync_percent",
    "raid_sync_action",
    "raid_mismatch_count",
    "lv_health_status",
    "lv_device_open",
    "devices",
)
_EXTENT = re.compile(r"\(\d+\)$")  # behind a device: the extent that a segment begins with
_MISSING = "[unknown]"


def parse_lvs(text: str) -> dict[str, Json]:
    """`{"volumes": {"GROUP/NAME": {...}}}`, without the hidden parts. ParseError when it is something else.

    Each: `type` (raid1, linear, ...), `attributes`, `size_bytes`, `active`, `open`, `device` (below /dev/mapper),
    `sync_percent`, `sync_action`, `mismatches` (None where there is no mirror, or it is not active), `health` (empty is
    good), and of a mirror `images`: `[{"name", "device", "physical_volumes", "split", "in_sync", "health"}]`. The
    volume group's disk that is gone is None in `physical_volumes`.
    """
    return read_json(text, _reported)


def _reported(told: Json) -> dict[str, Json]:
    rows = [row for report in told["report"] for row in report["lv"]]
    return _volumes({(row["vg_name"], row["lv_name"].strip("[]")): row for row in _whole(rows)})


def _whole(rows: list[dict[str, Json]]) -> list[dict[str, Json]]:
    """A volume of several segments has a row for each: the first one, with the devices of all."""
    first: dict[tuple[str, str], dict[str, Json]] = {}
    for row in rows:
        known = first.setdefault((row["vg_name"], row["lv_name"]), row)
        if known is not row:
            known["devices"] = f"{known['devices']},{row['devices']}"
    return list(first.values())


def _volumes(rows: dict[tuple[str, str], dict[str, Json]]) -> dict[str, Json]:
    shown = {f"{group}/{name}": row for (group, name), row in rows.items() if not row["lv_name"].startswith("[")}
    return {"volumes": {name: _volume(name, row, rows) for name, row in shown.items() if not _is_part(row)}}


def _is_part(row: dict[str, Json]) -> bool:
    """An image that is split off is a part, though it is not hidden."""
    return str(row["lv_attr"])[:1] in ("i", "I")


def _volume(name: str, row: dict[str, Json], rows: dict[tuple[str, str], dict[str, Json]]) -> dict[str, Json]:
    images = [rows[row["vg_name"], part] for part in _devices(row)] if row["segtype"] == "raid1" else []
    return {
        "type": row["segtype"],
        "attributes": row["lv_attr"],
        "size_bytes": int(row["lv_size"]),
        "active": row["lv_active"] == "active",
        "open": row["lv_device_open"] == "open",
        "device": row["lv_dm_path"],
        "sync_percent": float(row["sync_percent"]) if row["sync_percent"] else None,
        "sync_action": row["raid_sync_action"] or None,
        "mismatches": int(row["raid_mismatch_count"]) if row["raid_mismatch_count"] else None,
        "health": row["lv_health_status"],
        "images": [_image(name, image) for image in images],
    }


def _image(parent: str, row: dict[str, Json]) -> dict[str, Json]:
    split = not row["lv_name"].startswith("[")
    return {
        "name": f"{parent.split('/', 1)[0]}/{row['lv_name'].strip('[]')}",
        "device": row["lv_dm_path"],
        "physical_volumes": [None if device == _MISSING else device for device in _devices(row)],
        "split": split,
        "in_sync": not split and str(row["lv_attr"]).startswith("i"),
        "health": row["lv_health_status"],
    }


def _devices(row: dict[str, Json]) -> list[str]:
    """Each device once, in order."""
    return list(dict.fromkeys(_EXTENT.sub("", device) for device in str(row["devices"]).split(",") if device))
