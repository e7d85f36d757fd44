"""`metastat -c`: one line per volume, `NAME TYPE SIZE MEMBER [(STATE)]...`, children indented (meta_statconcise.c)."""

from __future__ import annotations

import re
from typing import Any

from svmrun.adapters.output import lines, unreadable
from svmrun.names import canonical

Json = Any

_TYPES = {
    "m": "mirror",
    "s": "stripe",
    "p": "soft-partition",
    "r": "raid5",
    "t": "trans",
    "h": "hot-spare-pool",
}
_ROW = re.compile(r"\s*(?P<name>\S+)\s+(?P<kind>[msprth])\s+(?P<size>-|[0-9]+(?:\.[0-9]+)?\s?[KMGTPE]?B)(?=\s|$)")
_MEMBER = re.compile(r"(?P<name>[^\s()]+)(?:\s*\((?P<state>[^()]*)\))?")


def parse_metastat_c(text: str) -> dict[str, Json]:
    """`{"volumes": {NAME: {"type", "size", "members": [{"name", "state"}]}}}`; a member without a word is None.

    No text at all is a set without volumes; ParseError when there is text but no row.
    """
    volumes: dict[str, Json] = {}
    rest: list[str] = []
    for line in lines(text):
        if not (row := _ROW.match(line)):
            rest.append(line)
            continue
        members = [{"name": canonical(m["name"]), "state": m["state"]} for m in _MEMBER.finditer(line, row.end())]
        volumes[canonical(row["name"])] = {"type": _TYPES[row["kind"]], "size": row["size"], "members": members}
    if rest and not volumes:
        raise unreadable("metastat -c", "row of a volume", rest)
    return {"volumes": volumes}
