"""What `scstat` (Sun Cluster up to 3.3) prints: rows that start with a label and a colon.

Columns widen with the longest name, so a row is read by its label and split on blanks. The source of scstat is not
public: the forms come from published outputs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from svmrun.adapters.output import number, unreadable

Json = Any

_TITLES = "Cluster|Quorum|Device Group|Multi-owner|Resource|IPMP|NAFO"  # a translated heading is none of them
_HEADING = re.compile(rf"^\s*--+ (?:{_TITLES})\b.*? --+\s*$", re.MULTILINE)
_ROW = re.compile(r"^\s*(?P<label>[A-Z][A-Za-z -]*?):\s+(?P<rest>\S.*?)\s*$")
_SERVERS = "device group servers"
_STATUS = "device group status"
_MULTI_OWNER = "multi-owner device group"
_NODE = "cluster node"


def looks_like_scstat(text: str) -> bool:
    """True when at least one heading or one known row is there: an empty cluster still prints headings."""
    known = {_SERVERS, _STATUS, _MULTI_OWNER, _NODE, "transport path", "node votes", "device votes"}
    return bool(_HEADING.search(text)) or any(label in known for label, _ in _rows(text))


def parse_scstat(text: str) -> dict[str, Json]:
    """`{"device_groups": {NAME: {"primary", "secondary": [NODE], "status"}}}`.

    A printed `-` is a primary of null and a secondary of `[]`; a line that was not printed leaves null. ParseError when
    the text is no output of scstat.
    """
    if not looks_like_scstat(text):
        raise unreadable("scstat", "heading `-- ... --` and no row that is known", text.strip().splitlines())
    groups: dict[str, dict[str, Json]] = {}
    for label, words in _rows(text):
        if label == _SERVERS and words:
            _group(groups, words[0]).update(_servers(words[1:]))
        elif label in (_STATUS, _MULTI_OWNER) and len(words) > 1:
            _group(groups, words[0])["status"] = " ".join(words[1:])
    return {"device_groups": groups}


def parse_nodes(text: str) -> dict[str, str]:
    """The status of each node of the cluster: `{NODE: "Online" | "Offline"}`."""
    rows = (words for label, words in _rows(text) if label == _NODE)
    return {words[0]: " ".join(words[1:]) for words in rows if len(words) > 1}


def parse_quorum(text: str) -> dict[str, int]:
    """The quorum votes: `possible`, `needed`, `present`, those that were printed."""
    rows = ((label.removeprefix("quorum votes "), words) for label, words in _rows(text) if "quorum votes " in label)
    return {name: votes for name, words in rows if words and (votes := number(words[0])) is not None}


def _rows(text: str) -> Iterator[tuple[str, list[str]]]:
    for line in text.splitlines():
        if match := _ROW.match(line):
            yield match["label"].lower(), match["rest"].split()


def _group(groups: dict[str, dict[str, Json]], name: str) -> dict[str, Json]:
    return groups.setdefault(name, {"primary": None, "secondary": None, "status": None})


def _servers(words: list[str]) -> dict[str, Json]:
    """Primary and secondaries of a row; several secondaries stand with commas or blanks between them."""
    nodes = [None if word == "-" else word for word in words]
    secondary = [name for word in nodes[1:] if word for name in word.split(",") if name]
    return {"primary": nodes[0] if nodes else None, "secondary": secondary if len(nodes) > 1 else None}
