"""scstat(1M), sccheck(1M) and scswitch(1M) of Sun Cluster 3, in the formats of public transcripts."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import Any

from svmrun.simulator.arguments import BadOption, options
from svmrun.simulator.device_groups import VIOLATION, cells, groups, moved, on_member, secondaries, state
from svmrun.simulator.requests import Call, Look, Print
from svmrun.simulator.world import World

Run = Generator[Any, Any, int]
RULE = "-" * 66


def _table(label: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns under dashed headings, the label before each row; at least as wide as the documented ones."""
    widths = [max(len(cell) for cell in column) + 2 for column in zip(heads, *rows, strict=True)]
    indent = " " * (len(label) + 2)
    lines = [indent + cells(heads, widths), indent + cells(["-" * len(head) for head in heads], widths)]
    lines += [f"  {label}{cells(row, widths)}".rstrip() for row in rows]
    return "".join(f"{line.rstrip()}\n" for line in lines)


def _nodes_block(world: World) -> str:
    rows = [(node.name, "Online" if node.online else "Offline") for node in world.nodes]
    return "\n-- Cluster Nodes --\n\n" + _table("Cluster node:     ", ("Node name", "Status"), rows) + "\n"


def _groups_block(world: World) -> str:
    known = groups(world)
    servers = [(g.name, g.owner or "-", ",".join(secondaries(world, g)) or "-") for g in known]
    states = [(g.name, state(g)) for g in known]
    multi = [(s.name, ",".join(s.hosts)) for s in world.sets if s.multi_owner]
    text = "\n-- Device Group Servers --\n\n"
    text += _table("Device group servers:  ", ("Device Group", "Primary", "Secondary"), servers) + "\n"
    text += "\n-- Device Group Status --\n\n"
    text += _table("Device group status:        ", ("Device Group", "Status"), states) + "\n"
    text += "\n-- Multi-owner Device Groups --\n\n"
    return text + _table("Multi-owner device group:  ", ("Device Group", "Online Status"), multi) + "\n"


def _quorum_block(world: World) -> str:
    present = sum(node.online for node in world.nodes)
    return (
        "\n-- Quorum Summary from latest node reconfiguration --\n\n"
        f"  Quorum votes possible:      {len(world.nodes)}\n"
        f"  Quorum votes needed:        {len(world.nodes) // 2 + 1}\n"
        f"  Quorum votes present:       {present}\n\n"
    )


BLOCKS: dict[str, Callable[[World], str]] = {"n": _nodes_block, "q": _quorum_block, "D": _groups_block}


@on_member
def scstat(call: Call) -> Run:
    try:
        given, _ = options(call.argv[1:], "DWginpqvh:")
    except BadOption as bad:
        yield Print(f"scstat: {bad}\nUsage: scstat [-DWginpqv[v]] [-h node]\n", "err")
        return 1
    world = yield Look()
    asked = [letter for letter, _ in given if letter in BLOCKS] or list(BLOCKS)
    for number, letter in enumerate(asked):
        yield Print((f"{RULE}\n" if number or len(asked) > 1 else "") + BLOCKS[letter](world))
    if len(asked) > 1:
        yield Print(f"{RULE}\n")
    return 0


@on_member
def scswitch(call: Call) -> Run:
    """`scswitch -z -D GROUP -h NODE`."""
    try:
        given, _ = options(call.argv[1:], "zD:h:")
    except BadOption as bad:
        yield Print(f"scswitch: {bad}\n", "err")
        return 1
    flags = dict(given)
    if not {"z", "D", "h"} <= flags.keys():
        yield Print("Usage: scswitch -z -D device_group -h node\n", "err")
        return 1
    return (yield from moved(call, [flags["D"]], flags["h"]))


@on_member
def sccheck(_call: Call) -> Run:
    """Silent when all is well."""
    world = yield Look()
    return 0 if all(n.online for n in world.nodes) else VIOLATION
