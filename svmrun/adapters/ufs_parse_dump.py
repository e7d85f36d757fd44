"""What ufsdump tells on stderr in its own way (dump's dumpmain.c, dumpitime.c, dumpoptr.c)."""

from __future__ import annotations

import re
from typing import Any

from svmrun.adapters.parse_dump import read_dump
from svmrun.names import canonical

Json = Any

_LEVEL = re.compile(r"Level (?P<level>[0-9]) dump on ")
_DUMPING = re.compile(r"Dumping (?!\(Pass)(?P<device>\S+)(?: \([^()]*\))?.*? to (?P<target>\S.*?)\.?$")


def parse_ufsdump(text: str) -> dict[str, Json]:
    """`{"level", "device", "device_path", "dump_device", "estimated_blocks", "written_blocks", "volumes", "done",
    "record_kilobytes"}`; blocks are 512 bytes, what was not printed is None. ParseError without any message of a dump.
    """
    return {"device_path": None, **read_dump("ufsdump", text, _read_message)}


def _read_message(message: str) -> dict[str, Json]:
    if match := _DUMPING.match(message):
        device = match["device"]
        return {"device": canonical(device), "device_path": device, "dump_device": match["target"]}
    match = _LEVEL.match(message)
    return {"level": int(match["level"])} if match else {}
