"""What mdadm prints of an array (`--detail`) and of a device's metadata (`--examine`): Detail.c, super1.c, super0.c."""

from __future__ import annotations

import re
from typing import Any

from svmrun.adapters.output import number, unreadable

Json = Any

_FIELD = re.compile(r"\s*(?P<name>[A-Z][A-Za-z ]*?) : (?P<value>.*?)\s*$")
_ROW = re.compile(
    r"\s*(?P<number>\d+|-)\s+\d+\s+\d+\s+(?P<slot>\d+|-)\s+(?P<state>[a-z][A-Za-z\- ]*?)(?:\s{2,}(?P<device>/\S+))?\s*$"
)
# Words between those of the state that tell how a device is used, or to which half of a raid10 it belongs.
_FLAG = re.compile(r"writemostly|failfast|set-[A-Z]")
_WORK = {"Rebuild Status": "recover", "Resync Status": "resync", "Check Status": "check", "Reshape Status": "reshape"}
_AT_THE_END = ("0.9", "0.90", "1.0")  # versions whose metadata stand behind the data: these begin at sector 0


def parse_mdadm_detail(text: str) -> dict[str, Json]:
    """`{"array", "version", "level", "size_kib", "raid_devices", "active_devices", "working_devices",
    "failed_devices", "spare_devices", "state": [...], "bitmap", "sync_action", "sync_percent", "uuid",
    "devices": [{"number", "raid_device", "state", "flags": [...], "device"}]}`.

    `sync_action` is idle, recover, resync, check or reshape, as the kernel calls it. A slot without a device is there
    with the state `removed`; a spare, or a faulty device, has no slot. A device that is only read when it must be is
    in sync like the others, with the flag `writemostly`. What was not printed is None. ParseError when it is something
    else.
    """
    lines = text.splitlines()
    fields = _fields(lines)
    heading = next((n for n, line in enumerate(lines) if line.split()[:2] == ["Number", "Major"]), None)
    if "Raid Level" not in fields or heading is None:
        raise unreadable("mdadm --detail", "table of devices", [line for line in lines if line.strip()])
    action, percent = _work(fields)
    return {
        "array": lines[0].rstrip().removesuffix(":"),
        "version": fields.get("Version"),
        "level": fields["Raid Level"],
        "size_kib": number(fields.get("Array Size", "").split(" ")[0]),
        **{name.lower().replace(" ", "_"): number(fields.get(name, "")) for name in _COUNTS},
        "state": [word.strip() for word in fields.get("State", "").split(",") if word.strip()],
        "bitmap": fields.get("Intent Bitmap"),
        "sync_action": action,
        "sync_percent": percent,
        "uuid": _uuid(fields, "UUID"),
        "devices": [row for line in lines[heading + 1 :] if (row := _row(line))],
    }


_COUNTS = ("Raid Devices", "Active Devices", "Working Devices", "Failed Devices", "Spare Devices")


def sync_percent(text: str) -> float | None:
    """How far the recovery, resync or check is, in percent; None when none runs."""
    return _work(_fields(text.splitlines()))[1]


def parse_mdadm_examine(text: str) -> dict[str, Json]:
    """`{"device", "version", "array_uuid", "level", "raid_devices", "role", "state", "data_offset_sectors"}`.

    `data_offset_sectors` is where the array's data begin on the device: 0 with metadata at the end. ParseError when
    it is something else, or does not tell where the data begin.
    """
    lines = text.splitlines()
    fields = _fields(lines)
    version = fields.get("Version")
    at_the_end = version is not None and version.startswith(_AT_THE_END)
    offset = "0" if at_the_end else fields.get("Data Offset", "").removesuffix(" sectors")
    if version is None or number(offset) is None:
        raise unreadable("mdadm --examine", "place where the data begin", [line for line in lines if line.strip()])
    return {
        "device": lines[0].rstrip().removesuffix(":"),
        "version": version,
        "array_uuid": _uuid(fields, "Array UUID") or _uuid(fields, "UUID"),
        "level": fields.get("Raid Level"),
        "raid_devices": number(fields.get("Raid Devices", "")),
        "role": fields.get("Device Role"),
        "state": fields.get("State"),
        "data_offset_sectors": number(offset),
    }


def _uuid(fields: dict[str, str], name: str) -> str | None:
    """Without the host, which stands behind it with metadata 0.90."""
    return fields.get(name, "").partition(" ")[0] or None


def _fields(lines: list[str]) -> dict[str, str]:
    return {match["name"]: match["value"] for line in lines if (match := _FIELD.match(line))}


def _work(fields: dict[str, str]) -> tuple[str, float | None]:
    for name, action in _WORK.items():
        told = re.match(r"(\d{1,3})% complete", fields.get(name, ""))
        if told:
            return action, float(told[1])
    words = fields.get("State", "")
    waiting = {"recovering": "recover", "resyncing": "resync", "checking": "check", "reshaping": "reshape"}
    return next((action for word, action in waiting.items() if word in words), "idle"), None


def _row(line: str) -> dict[str, Json] | None:
    match = _ROW.match(line)
    if match is None:
        return None
    words = match["state"].split()
    return {
        "number": number(match["number"]),
        "raid_device": number(match["slot"]),
        "state": " ".join(word for word in words if not _FLAG.fullmatch(word)),
        "flags": [word for word in words if _FLAG.fullmatch(word)],
        "device": match["device"],
    }
