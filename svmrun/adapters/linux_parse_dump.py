"""What dump and restore of Linux print (dump-0.4b47: dump's main.c, tape.c, optr.c; restore's tape.c)."""

from __future__ import annotations

import re
from typing import Any

from svmrun.adapters.output import unreadable
from svmrun.adapters.parse_dump import read_dump

Json = Any

_DUMPING = re.compile(r"Dumping (?P<device>/\S+) \((?P<place>[^()]*)\) to (?P<target>\S.*)$")
_HEAD = re.compile(r"Level (?P<level>[0-9]{1,9}) dump of (?P<what>.*) on (?P<host>[^:]*):(?P<source>\S+)$")
_ENTRY = re.compile(r"\s*(?P<inode>[0-9]{1,18})\t(?P<path>\.\S.*|\.)$")


def parse_dump(text: str) -> dict[str, Json]:
    """`{"level", "device", "mount_point", "dump_device", "estimated_blocks", "written_blocks", "volumes", "done",
    "record_kilobytes"}`; blocks are 1024 bytes, what was not printed is None. ParseError without a message of a dump.
    """
    return {"mount_point": None, **read_dump("dump", text, _read_message)}


def _read_message(message: str) -> dict[str, Json]:
    match = _DUMPING.match(message)
    if match is None:
        return {}
    place = match["place"] if match["place"].startswith("/") else None
    return {"device": match["device"], "mount_point": place, "dump_device": match["target"]}


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
