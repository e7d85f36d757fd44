"""`metaset`: blocks of a set's hosts, mediators and drives (metaset.c parse_printset), in the old and the new form."""

from __future__ import annotations

import re
from typing import Any

from svmrun.adapters.output import lines, number, unreadable
from svmrun.names import canonical

Json = Any

_SET = re.compile(
    r"\s*(?P<multi>Multi-owner )?Set name = (?P<name>[^\s,]+)(?:,\s*Set number = (?P<number>[0-9]+))?"
    r"(?:,\s*Master =[ \t]*(?P<master>[^\s,]*))?",
    re.IGNORECASE,
)
# The drives' heading is cut to the width of the longest drive name, so `Drive` may read `Driv`.
_HEADINGS = {
    "hosts": re.compile(r"\s*Host\s+Owner\b"),
    "mediators": re.compile(r"\s*Mediator Host\(s\)"),
    "drives": re.compile(r"\s*Dri?v?e?\s+Dbase\b"),
}
_OWNING = ("Yes", "multi-owner")


def parse_metaset(text: str) -> dict[str, Json]:
    """`{"sets": [{"name", "number", "multi_owner", "master", "hosts": [{"name", "owner"}], "drives", "mediators"}]}`.

    A node knows only whether it owns a set itself: without any owner here, another node may own it. No text at all
    is a host without sets; ParseError when there is text but no set.
    """
    sets: list[dict[str, Json]] = []
    section = ""
    body = lines(text)
    for line in body:
        if match := _SET.match(line):
            sets.append(_new_set(match))
            section = ""
        elif heading := next((name for name, form in _HEADINGS.items() if form.match(line)), None):
            section = heading
        elif sets and section:
            _add_row(sets[-1], section, line.split())
    if body and not sets:
        raise unreadable("metaset", "line `Set name = ...`", body)
    return {"sets": sets}


def _new_set(match: re.Match[str]) -> dict[str, Json]:
    return {
        "name": match["name"],
        "number": number(match["number"] or ""),
        "multi_owner": bool(match["multi"]),
        "master": match["master"] or None,
        "hosts": [],
        "drives": [],
        "mediators": [],
    }


def _add_row(block: dict[str, Json], section: str, words: list[str]) -> None:
    if section == "mediators":
        block["mediators"].append(words[0])
    elif section == "drives" and len(words) <= 2 and words[-1] in ("Yes", "No", words[0]):
        block["drives"].append(canonical(words[0]))
    elif section == "hosts" and len(words) <= 3:
        block["hosts"].append({"name": words[0], "owner": _owns(block["multi_owner"], words[1:])})


def _owns(multi_owner: bool, words: list[str]) -> bool:
    """In a multi-owner set the last `Yes` speaks of membership, and a blank owner column leaves it alone."""
    return "multi-owner" in words if multi_owner else words[:1] != [] and words[0] in _OWNING
