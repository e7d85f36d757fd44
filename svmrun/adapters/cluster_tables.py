"""The tables of the object-oriented cluster commands (`cldevicegroup status`, Sun Cluster 3.2 and later).

    === Cluster Device Groups ===

    --- Device Group Status ---

    Device Group Name    Primary         Secondary       Status
    -----------------    -------         ---------       ------
    schost-1             phys-schost-1   phys-schost-2   Online

Full outputs are not public, so a row is read by its blanks where their number fits, else by the dashes' columns.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from svmrun.adapters.output import unreadable

Json = Any

_SECTION = re.compile(r"^\s*=== (?P<title>\S.*?) ===\s*$")
_TITLE = re.compile(r"^\s*--- (?P<title>[^-\s].*?) ---\s*$")
_DASHES = re.compile(r"^\s*-+(\s+-+)*\s*$")


@dataclass(frozen=True)
class Table:
    """One table: its titles, and a mapping from column to cell for each row (an empty cell is the empty string)."""

    section: str
    title: str
    rows: tuple[dict[str, str], ...]


def parse_tables(text: str) -> list[Table]:
    """Every table of an output, those without rows too. ParseError when there is not even a heading."""
    tables = [_table(*block) for block in _blocks(text.splitlines())]
    if not tables:
        raise unreadable("the status of a cluster", "heading `=== ... ===`", text.strip().splitlines())
    return tables


def device_groups(tables: list[Table]) -> dict[str, Json]:
    """`{NAME: {"primary", "secondary": [NODE], "status"}}` from every table that names device groups."""
    groups: dict[str, Json] = {}
    for row in (row for table in tables for row in table.rows):
        name = row.get("Device Group Name")
        if name and "Status" in row:
            primary, secondary = row.get("Primary", "-"), row.get("Secondary", "-")
            groups[name] = {
                "primary": None if primary in ("-", "") else primary,
                "secondary": [n for n in re.split(r"[,\s]+", secondary) if n not in ("-", "")],
                "status": row["Status"] or None,
            }
    return groups


def nodes(tables: list[Table]) -> dict[str, str]:
    """`{NODE: STATUS}` from the table of node states (not from the votes or the groups' servers)."""
    found: dict[str, str] = {}
    for table in tables:
        if table.title == "Node Status" or table.section == "Cluster Nodes":
            found.update({r["Node Name"]: r["Status"] for r in table.rows if {"Node Name", "Status"} <= r.keys()})
    return found


def _blocks(lines: list[str]) -> list[tuple[str, str, list[str]]]:
    """Section, title and the lines below of every heading; empty lines are left out."""
    blocks: list[tuple[str, str, list[str]]] = []
    for line in lines:
        if match := _SECTION.match(line):
            blocks.append((match["title"], "", []))
        elif match := _TITLE.match(line):
            blocks.append((blocks[-1][0] if blocks else "", match["title"], []))
        elif blocks and line.strip():
            blocks[-1][2].append(line)
    return blocks


def _table(section: str, title: str, lines: list[str]) -> Table:
    """The rows below the first line of dashes, which stands under the columns' names."""
    dashes = next((number for number, line in enumerate(lines) if number and _DASHES.match(line)), None)
    if dashes is None:
        return Table(section, title, ())
    columns = _columns(lines[dashes - 1], lines[dashes])
    return Table(section, title, tuple(_row(columns, line) for line in lines[dashes + 1 :]))


def _columns(heading: str, dashes: str) -> list[tuple[int, str]]:
    """Start and name of each column, from the line of dashes under the heading."""
    starts = [match.start() for match in re.finditer(r"-+", dashes)]
    ends = [*starts[1:], None]
    return [(start, heading[start:end].strip()) for start, end in zip(starts, ends, strict=True)]


def _row(spans: list[tuple[int, str]], line: str) -> dict[str, str]:
    names = [name for _, name in spans]
    cells = re.split(r"\s{2,}", line.strip())
    if len(cells) != len(names):
        cells = line.split()
    if len(cells) != len(names):
        ends = [*(start for start, _ in spans[1:]), None]
        cells = [line[start:end].strip() for (start, _), end in zip(spans, ends, strict=True)]
    return dict(zip(names, cells, strict=True))
