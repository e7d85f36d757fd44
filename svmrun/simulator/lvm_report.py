"""lvs(8): the table and the JSON report, with the columns that svmrun asks for."""

from __future__ import annotations

import getopt
import json
from collections.abc import Generator, Iterator
from typing import Any

from svmrun.simulator.linux_disks import Leg, LinuxMirror
from svmrun.simulator.linux_lookup import device_paths
from svmrun.simulator.linux_mirrors import work_done
from svmrun.simulator.lvm_volumes import NOT_ROOT, REFUSED, LvmRefused, is_open, is_split, of_group, volume, warnings_of
from svmrun.simulator.requests import Call, Look, Print
from svmrun.simulator.world import World

Run = Generator[Any, Any, int]
Row = dict[str, str]
SECTOR_BYTES = 512
METADATA_BYTES = 4 * 1024 * 1024
HEADINGS = {
    "vg_name": "VG",
    "lv_name": "LV",
    "lv_attr": "Attr",
    "lv_size": "LSize",
    "segtype": "Type",
    "lv_active": "Active",
    "lv_dm_path": "DMPath",
    "sync_percent": "Cpy%Sync",
    "raid_sync_action": "SyncAction",
    "raid_mismatch_count": "Mismatches",
    "lv_health_status": "Health",
    "lv_device_open": "DevOpen",
    "devices": "Devices",
}
LONG = ("all", "reportformat=", "units=", "nosuffix", "noheadings", "options=")
SHORT = {"-a": "--all", "-o": "--options"}
DEFAULT = "lv_name,vg_name,lv_attr,lv_size"
WRONG_COMMAND = 3


def lvs(call: Call) -> Run:
    """`lvs [--all] [--reportformat json] --units b --nosuffix [--noheadings] --options COLUMNS [GROUP[/VOLUME]]`."""
    try:
        given, words = getopt.gnu_getopt(list(call.argv[1:]), "ao:", LONG)
    except getopt.GetoptError as error:
        yield Print(f"lvs: {error.msg}\n  Error during parsing of command line.\n", "err")
        return WRONG_COMMAND
    flags = {SHORT.get(name, name): value for name, value in given}
    columns = flags.get("--options", DEFAULT).split(",")
    strange = [column for column in columns if column not in HEADINGS]
    if strange:
        yield Print(f"  Unrecognised field: {strange[0]}\n", "err")
        return WRONG_COMMAND
    if call.user != "root":
        yield Print(NOT_ROOT, "err")
        return REFUSED
    world = yield Look()
    rows, said, status = _chosen(world, words[0] if words else "")
    yield Print(said, "err")
    shown = [row for row in rows if "--all" in flags or not row["lv_name"].startswith("[")]
    told = _json(shown, columns) if "--reportformat" in flags else _table(shown, columns, "--noheadings" not in flags)
    yield Print(told)
    return status


def _chosen(world: World, word: str) -> tuple[list[Row], str, int]:
    """The rows, what is said besides, and the exit status."""
    group = word.partition("/")[0]
    try:
        if word:
            volume(world, word if "/" in word else _any_of(world, group), changing=False)
    except LvmRefused as refused:
        return [], refused.text, REFUSED
    mirrors = tuple(m for m in world.linux_mirrors if m.kind == "lvm" and (not word or m in of_group(world, group)))
    rows = [row for mirror in mirrors for row in _rows(world, mirror) if "/" not in word or row["lv_name"] in word]
    return rows, "".join(f"  {line}\n" for line in warnings_of(mirrors)), 0


def _any_of(world: World, group: str) -> str:
    return next((m.name for m in of_group(world, group)), f"{group}/")


def _rows(world: World, mirror: LinuxMirror) -> Iterator[Row]:
    """The volume, its images, and the images' metadata, each kind by number."""
    yield _row_of_mirror(world, mirror)
    yield from (_row_of_image(world, mirror, leg) for leg in mirror.legs)
    yield from (_row_of_metadata(mirror, leg) for leg in mirror.legs)


def _row_of_mirror(world: World, mirror: LinuxMirror) -> Row:
    health, letter = _health_of(mirror)
    work = mirror.work
    percent = 100.0 * work_done(work, world.clock) / work.total if work and work.total else 100.0
    return {
        **_common(mirror, mirror.name, SECTOR_BYTES * mirror.size),
        "lv_attr": f"rwi-a{'o' if is_open(world, mirror.name) else '-'}r-{letter}-",
        "segtype": "raid1",
        "sync_percent": f"{percent:.2f}",
        "raid_sync_action": {"recovery": "recover", "check": "check"}[work.kind] if work else "idle",
        "raid_mismatch_count": str(mirror.mismatches),
        "lv_health_status": health,
        "lv_device_open": "open" if is_open(world, mirror.name) else "",
        "devices": ",".join(f"{leg.device.partition('/')[2]}(0)" for leg in mirror.legs),
    }


def _health_of(mirror: LinuxMirror) -> tuple[str, str]:
    """What lvs calls the health of a mirror, and its letter among the attributes: the worst that is true."""
    states = {leg.state for leg in mirror.legs}
    if "missing" in states:
        return "partial", "p"
    if "faulty" in states:
        return "refresh needed", "r"
    return ("mismatches exist", "m") if mirror.mismatches else ("", "-")


def _row_of_image(world: World, mirror: LinuxMirror, leg: Leg) -> Row:
    name = leg.device.partition("/")[2]
    split = is_split(leg)
    health, letter = _HEALTH.get(leg.state, ("", "-"))
    used = not split or is_open(world, leg.device)
    synced, writable = "i" if leg.state == "in-sync" else "I", "r" if split else "w"
    return {
        **_common(mirror, leg.device, SECTOR_BYTES * mirror.size),
        "lv_name": name if split else f"[{name}]",
        "lv_attr": f"{synced}{writable}i-a{'o' if used else '-'}r-{letter}-",
        "lv_health_status": health,
        "lv_device_open": "open" if used else "",
        "devices": f"{_disk(leg)}(1)",
    }


def _row_of_metadata(mirror: LinuxMirror, leg: Leg) -> Row:
    name = leg.device.partition("/")[2].replace("_rimage_", "_rmeta_")
    used = not is_split(leg)
    health, letter = _HEALTH.get(leg.state, ("", "-"))
    return {
        **_common(mirror, f"{mirror.name.partition('/')[0]}/{name}", METADATA_BYTES),
        "lv_name": f"[{name}]",
        "lv_attr": f"ewi-a{'o' if used else '-'}r-{letter}-",
        "lv_health_status": health,
        "lv_device_open": "open" if used else "",
        "devices": f"{_disk(leg)}(0)",
    }


_HEALTH = {"missing": ("partial", "p"), "faulty": ("refresh needed", "r")}


def _disk(leg: Leg) -> str:
    return "[unknown]" if leg.state == "missing" else leg.disk


def _common(mirror: LinuxMirror, name: str, size: int) -> Row:
    """What every row has; the rest is empty but for the mirror itself."""
    return {
        **dict.fromkeys(HEADINGS, ""),
        "vg_name": mirror.name.partition("/")[0],
        "lv_name": name.partition("/")[2],
        "lv_size": str(size),
        "segtype": "linear",
        "lv_active": "active",
        "lv_dm_path": device_paths(name)[-1],
    }


def _json(rows: list[Row], columns: list[str]) -> str:
    lines = [json.dumps({c: row[c] for c in columns}).replace('": "', '":"') for row in rows]
    inside = "".join(f"{' ' * 18}{line}{',' if line is not lines[-1] else ''}\n" for line in lines)
    head = f'  {{\n      "report": [\n          {{\n              "lv": [\n{inside}'
    return f"{head}              ]\n          }}\n      ]\n  }}\n"


def _table(rows: list[Row], columns: list[str], headings: bool) -> str:
    lines = [[HEADINGS[c] for c in columns]] * headings + [[row[c] for c in columns] for row in rows]
    widths = [max((len(line[place]) for line in lines), default=0) for place in range(len(columns))]
    return "".join(f"  {' '.join(w.ljust(width) for w, width in zip(line, widths, strict=True))}\n" for line in lines)
