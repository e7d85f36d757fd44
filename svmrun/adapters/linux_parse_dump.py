"""What dump and restore of Linux print (dump-0.4b47: dump's main.c, tape.c, optr.c; restore's tape.c)."""

from __future__ import annotations

import re
from typing import Any

from svmrun.adapters.output import number, unreadable
from svmrun.adapters.ufs_parse_dump import messages

Json = Any

_LEVEL = re.compile(r"Date of this level (?P<level>[0-9]{1,9}) dump:")
_DUMPING = re.compile(r"Dumping (?P<device>/\S+) \((?P<place>[^()]*)\) to (?P<target>\S.*)$")
_ESTIMATED = re.compile(r"estimated (?P<blocks>[0-9]{1,18}) blocks\b")
_WRITTEN = re.compile(r"(?P<blocks>[0-9]{1,18}) blocks \([^()]*\) on (?P<volumes>[0-9]{1,9}) volume\(s\)")
_RECORDS = re.compile(r"Writing (?P<kilobytes>[0-9]{1,9}) Kilobyte records")
_PERCENT = re.compile(r"(?P<percent>[0-9]{1,3}(?:\.[0-9]{1,3})?)% done")
_HEAD = re.compile(r"Level (?P<level>[0-9]{1,9}) dump of (?P<what>.*) on (?P<host>[^:]*):(?P<source>\S+)$")
_ENTRY = re.compile(r"\s*(?P<inode>[0-9]{1,18})\t(?P<path>\.\S.*|\.)$")


def parse_dump(text: str) -> dict[str, Json]:
    """`{"level", "device", "mount_point", "dump_device", "estimated_blocks", "written_blocks", "volumes", "done",
    "record_kilobytes"}`; blocks are 1024 bytes, what was not printed is None. ParseError without a message of a dump.
    """
    names = ("level", "device", "mount_point", "dump_device", "estimated_blocks", "written_blocks", "volumes")
    result: dict[str, Json] = {**dict.fromkeys(names), "record_kilobytes": None, "done": False}
    said = list(messages(text))
    if "DUMP: " not in text:
        raise unreadable("dump", "message behind `DUMP:`", [line for line in text.splitlines() if line.strip()])
    for message in said:
        result.update(_read_message(message))
    return result


def dump_percent(text: str) -> float | None:
    """The last percentage that was told."""
    told = _PERCENT.findall(text)
    return float(told[-1]) if told else None


def _read_message(message: str) -> dict[str, Json]:
    if match := _DUMPING.match(message):
        place = match["place"] if match["place"].startswith("/") else None
        return {"device": match["device"], "mount_point": place, "dump_device": match["target"]}
    if match := _ESTIMATED.match(message):
        return {"estimated_blocks": number(match["blocks"])}
    if match := _WRITTEN.match(message):
        return {"written_blocks": number(match["blocks"]), "volumes": number(match["volumes"])}
    if match := _RECORDS.match(message):
        return {"record_kilobytes": number(match["kilobytes"])}
    if match := _LEVEL.match(message):
        return {"level": int(match["level"])}
    return {"done": True} if message == "DUMP IS DONE" else {}


def parse_restore(text: str) -> dict[str, Json]:
    """`{"level", "host", "source", "files", "paths"}` of `restore -t`: of which dump, and its table of contents.

    ParseError without the head of a dump.
    """
    lines = text.splitlines()
    head = next((match for line in lines if (match := _HEAD.match(line.strip()))), None)
    if head is None:
        raise unreadable("restore", "head of a dump", [line for line in lines if line.strip()])
    paths = [match["path"] for line in lines if (match := _ENTRY.match(line))]
    return {
        "level": int(head["level"]),
        "host": head["host"],
        "source": head["source"],
        "files": len(paths),
        "paths": paths,
    }
