"""What ufsdump tells on stderr, each message behind `  DUMP: ` (dump's dumpmain.c, dumpitime.c, dumpoptr.c).

When no terminal answers a question, the next message follows on the same line, so messages are cut at the prefix.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from svmrun.adapters.output import number, unreadable
from svmrun.names import canonical

Json = Any

_PREFIX = re.compile(r"(?:^|\s)DUMP: ")
_LEVEL = re.compile(r"(?:Date of this level (?P<this>[0-9]) dump:|Level (?P<done>[0-9]) dump on )")
_DUMPING = re.compile(r"Dumping (?!\(Pass)(?P<device>\S+)(?: \([^()]*\))?.*? to (?P<target>\S.*?)\.?$")
_ESTIMATED = re.compile(r"Estimated (?P<blocks>[0-9]{1,18}) blocks\b")
_WRITTEN = re.compile(r"(?P<blocks>[0-9]{1,18}) blocks \([^()]*\) on (?P<volumes>[0-9]{1,9}) volumes?\b")
_RECORDS = re.compile(r"Writing (?P<kilobytes>[0-9]{1,9}) Kilobyte records")
_PERCENT = re.compile(r"(?P<percent>[0-9]{1,3}(?:\.[0-9]{1,3})?)% done, finished in [0-9]+:[0-9]+")
_DONE = "DUMP IS DONE"


def messages(text: str) -> Iterator[str]:
    """The messages one by one, without prefix."""
    for line in text.splitlines():
        yield from (piece.strip() for piece in _PREFIX.split(line) if piece.strip())


def parse_ufsdump(text: str) -> dict[str, Json]:
    """`{"level", "device", "device_path", "dump_device", "estimated_blocks", "written_blocks", "volumes", "done",
    "record_kilobytes"}`; blocks are 512 bytes, what was not printed is None. ParseError without any message of a dump.
    """
    names = ("level", "device", "device_path", "dump_device", "estimated_blocks", "written_blocks", "volumes")
    result: dict[str, Json] = {**dict.fromkeys(names), "done": False, "record_kilobytes": None}
    known = False
    for message in messages(text):
        found = _read_message(message)
        result.update(found)
        known = known or bool(found)
    if not known and not _PREFIX.search(text):
        raise unreadable("ufsdump", "message behind `DUMP:`", [line for line in text.splitlines() if line.strip()])
    return result


def percent_done(text: str) -> float | None:
    """The last percentage that was told."""
    told = _PERCENT.findall(text)
    return float(told[-1]) if told else None


def _read_message(message: str) -> dict[str, Json]:
    if match := _DUMPING.match(message):
        device = match["device"]
        return {"device": canonical(device), "device_path": device, "dump_device": match["target"]}
    if match := _ESTIMATED.match(message):
        return {"estimated_blocks": number(match["blocks"])}
    if match := _WRITTEN.match(message):
        return {"written_blocks": number(match["blocks"]), "volumes": number(match["volumes"])}
    if match := _RECORDS.match(message):
        return {"record_kilobytes": number(match["kilobytes"])}
    if match := _LEVEL.match(message):
        return {"level": int(match["this"] or match["done"])}
    return {"done": True} if message == _DONE else {}
