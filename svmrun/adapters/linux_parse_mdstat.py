"""The kernel's own list of arrays, /proc/mdstat (md(4); md.c, md_seq_show)."""

from __future__ import annotations

import re

_ARRAY = re.compile(r"(?P<name>\S+) : (?P<state>active|inactive)\b")
_CONTAINER = "super external:"  # metadata of others: it holds arrays, and never runs itself


def parse_mdstat(text: str) -> dict[str, bool]:
    """The path of each array by the kernel's own name, `/dev/md0`, and whether it runs."""
    found: dict[str, bool] = {}
    name = ""
    for line in text.splitlines():
        if array := _ARRAY.match(line):
            name = f"/dev/{array['name']}"
            found[name] = array["state"] == "active"
        elif _CONTAINER in line and found.get(name) is False:
            del found[name]
    return found
