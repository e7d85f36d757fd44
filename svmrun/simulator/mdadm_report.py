"""What `mdadm --detail` and `mdadm --examine` print (Detail.c, super1.c of mdadm 4.2)."""

from __future__ import annotations

from collections.abc import Iterator

from svmrun.simulator.calendar_text import date_text
from svmrun.simulator.linux_disks import Leg, LinuxMirror
from svmrun.simulator.linux_mirrors import work_percent
from svmrun.simulator.world import World

CREATED = 1_700_000_000.0
UUID = "870df3c0:918b4c89:6d376ede:dc2dc934"
FIRST_MAJOR = 8  # disks of the SCSI driver: 8:17 is sdb1
LEVEL = {"recovery": "Rebuild Status", "check": "Check Status"}


def detail(mirror: LinuxMirror, host: str, clock: float) -> str:
    """The whole report of an array."""
    return "\n".join((f"{mirror.name}:", *_head(mirror, host, clock), *_table(mirror))) + "\n"


def _head(mirror: LinuxMirror, host: str, clock: float) -> Iterator[str]:
    belonging = [leg for leg in mirror.legs if leg.state in ("in-sync", "recovering")]
    active = sum(leg.state == "in-sync" for leg in mirror.legs)
    faulty = sum(leg.state == "faulty" for leg in mirror.legs)
    size = f"{mirror.size // 2} ({_human(mirror.size * 512)})"
    yield from _rows(
        ("Version", mirror.metadata),
        ("Creation Time", date_text(CREATED)),
        ("Raid Level", "raid1"),
        ("Array Size", size),
        ("Used Dev Size", size),
        ("Raid Devices", str(len(mirror.legs))),
        ("Total Devices", str(len(belonging) + faulty)),
        ("Persistence", "Superblock is persistent"),
    )
    if mirror.bitmap:
        yield from ("", *_rows(("Intent Bitmap", "Internal")))
    yield ""
    yield from _rows(
        ("Update Time", date_text(clock)),
        ("State", f"{_state(mirror)} "),
        ("Active Devices", str(active)),
        ("Working Devices", str(len(belonging))),
        ("Failed Devices", str(faulty)),
        ("Spare Devices", str(len(belonging) - active)),
    )
    yield from ("", f"Consistency Policy : {'bitmap' if mirror.bitmap else 'resync'}", "")
    if mirror.work is not None:
        yield from (*_rows((LEVEL[mirror.work.kind], f"{work_percent(mirror.work, clock)}% complete")), "")
    yield from _rows(("Name", f"{host}:0  (local to host {host})"), ("UUID", UUID), ("Events", "17"))
    yield ""


def _rows(*rows: tuple[str, str]) -> Iterator[str]:
    return (f"{name:>18s} : {value}" for name, value in rows)


def _state(mirror: LinuxMirror) -> str:
    words = ["clean"]
    if any(leg.state != "in-sync" for leg in mirror.legs):
        words.append("degraded")
    if mirror.work is not None:
        words.append("recovering" if mirror.work.kind == "recovery" else "checking")
    return ", ".join(words)


def _table(mirror: LinuxMirror) -> Iterator[str]:
    yield "    Number   Major   Minor   RaidDevice State"
    for slot, leg in enumerate(mirror.legs):
        if leg.state in ("in-sync", "recovering"):
            words = "active sync" if leg.state == "in-sync" else "spare rebuilding"
            yield _row(str(slot), slot, str(slot), f"{words}   {leg.device}")
        else:
            yield f"{'-':>8s}{0:>8d}{0:>9d}{slot:>9d}      removed"
    faulty = [(slot, leg) for slot, leg in enumerate(mirror.legs) if leg.state == "faulty"]
    if faulty:
        yield ""
    yield from (_row(str(slot), slot, "-", f"faulty   {leg.device}") for slot, leg in faulty)


def _row(number: str, slot: int, place: str, words: str) -> str:
    return f"{number:>8s}{FIRST_MAJOR:>8d}{17 + 16 * slot:>9d}{place:>9s}      {words}"


def _human(size: int) -> str:
    """`63.94 MiB 67.04 MB`, of gibibytes from two on."""
    if size > 2 * 2**30:
        return f"{size / 2**30:.2f} GiB {size / 10**9:.2f} GB"
    return f"{size / 2**20:.2f} MiB {size / 10**6:.2f} MB"


def examine(mirror: LinuxMirror, leg: Leg, host: str, clock: float) -> str:
    """The metadata on one of its devices, as it was when the array last wrote them there."""
    states = "".join("A" if one.state == "in-sync" or one is leg else "." for one in mirror.legs)
    role = f"Active device {mirror.legs.index(leg)}"
    rows = [
        ("Magic", "a92b4efc"),
        ("Version", mirror.metadata),
        ("Feature Map", "0x1" if mirror.bitmap else "0x0"),
        ("Array UUID", UUID),
        ("Name", f"{host}:0  (local to host {host})"),
        ("Creation Time", date_text(CREATED)),
        ("Raid Level", "raid1"),
        ("Raid Devices", str(len(mirror.legs))),
        ("Avail Dev Size", f"{mirror.size} sectors ({_human(mirror.size * 512)})"),
        ("Array Size", f"{mirror.size // 2} KiB ({_human(mirror.size * 512)})"),
    ]
    if mirror.data_offset:
        rows.append(("Data Offset", f"{mirror.data_offset} sectors"))
    rows += [
        ("State", "clean"),
        ("Update Time", date_text(clock)),
        ("Events", "17"),
        ("Device Role", role),
        ("Array State", f"{states} ('A' == active, '.' == missing, 'R' == replacing)"),
    ]
    return "\n".join((f"{leg.device}:", *(f"{name:>15s} : {value}" for name, value in rows))) + "\n"


def mdstat(world: World) -> str:
    """/proc/mdstat, with one line for each array (md.c, md_seq_show)."""
    arrays = [mirror for mirror in world.linux_mirrors if mirror.kind == "md"]
    return "\n".join(("Personalities : [raid1] ", *map(_line_of, arrays), "unused devices: <none>"))


def _line_of(mirror: LinuxMirror) -> str:
    marks = {"in-sync": "", "recovering": "", "faulty": "(F)"}
    there = [(slot, leg) for slot, leg in enumerate(mirror.legs) if leg.state in marks]
    words = [f"{leg.device.rpartition('/')[2]}[{slot}]{marks[leg.state]}" for slot, leg in reversed(there)]
    return f"{mirror.name.rpartition('/')[2]} : active raid1 {' '.join(words)}"
