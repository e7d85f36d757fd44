"""Sun Cluster: scstat(1M), cldevicegroup(1CL), clnode(1CL), cluster(1CL), scswitch(1M).

A disk set is a device group; its owner is the group's primary. Formats are those of public transcripts.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import replace
from typing import Any

from svmrun.simulator.arguments import BadOption, options
from svmrun.simulator.requests import Call, Change, Look, Print
from svmrun.simulator.world import DiskSet, World

Run = Generator[Any, Any, int]
RULE = "-" * 66
VIOLATION = 103  # 100 and the severity


def _on_member(body: Callable[[Call], Run]) -> Callable[[Call], Run]:
    """A host that is not in a cluster has nothing to tell."""

    def run(call: Call) -> Run:
        world = yield Look()
        if not world.clustered:
            yield Print(f"{call.argv[0]}:  (C152787) This node is not in cluster mode.\n", "err")
            return 1
        return (yield from body(call))

    return run


def _groups(world: World) -> list[DiskSet]:
    return [s for s in world.sets if s.name and not s.multi_owner]


def _secondaries(world: World, group: DiskSet) -> list[str]:
    online = {node.name for node in world.nodes if node.online}
    return [host for host in group.hosts if host != group.owner and host in online] if group.owner else []


def _state(group: DiskSet) -> str:
    return "Online" if group.owner else "Offline"


def _table(label: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns under dashed headings, the label before each row; at least as wide as the documented ones."""
    widths = [max(len(cell) for cell in column) + 2 for column in zip(heads, *rows, strict=True)]
    indent = " " * (len(label) + 2)
    lines = [indent + _cells(heads, widths), indent + _cells(["-" * len(head) for head in heads], widths)]
    lines += [f"  {label}{_cells(row, widths)}".rstrip() for row in rows]
    return "".join(f"{line.rstrip()}\n" for line in lines)


def _cells(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "".join(f"{cell:<{width}s}" for cell, width in zip(cells, widths, strict=True))


def _nodes_block(world: World) -> str:
    rows = [(node.name, "Online" if node.online else "Offline") for node in world.nodes]
    return "\n-- Cluster Nodes --\n\n" + _table("Cluster node:     ", ("Node name", "Status"), rows) + "\n"


def _groups_block(world: World) -> str:
    groups = _groups(world)
    servers = [(g.name, g.owner or "-", ",".join(_secondaries(world, g)) or "-") for g in groups]
    states = [(g.name, _state(g)) for g in groups]
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


@_on_member
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


def _status(title: str, subtitle: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(cell) for cell in column) + 4 for column in zip(heads, *rows, strict=True)]
    lines = [_cells(heads, widths), _cells(["-" * len(head) for head in heads], widths)]
    lines += [_cells(row, widths) for row in rows]
    table = "".join(f"{line.rstrip()}\n" for line in lines)
    return f"\n=== {title} ===\n\n--- {subtitle} ---\n\n{table}\n"


def _group_status(world: World, names: Sequence[str]) -> str:
    heads = ("Device Group Name", "Primary", "Secondary", "Status")
    chosen = [g for g in _groups(world) if not names or names == ["+"] or g.name in names]
    rows = [(g.name, g.owner or "-", ",".join(_secondaries(world, g)) or "-", _state(g)) for g in chosen]
    return _status("Cluster Device Groups", "Device Group Status", heads, rows)


def _node_status(world: World) -> str:
    rows = [(node.name, "Online" if node.online else "Offline") for node in world.nodes]
    return _status("Cluster Nodes", "Node Status", ("Node Name", "Status"), rows)


@_on_member
def cldevicegroup(call: Call) -> Run:
    verb, names = (call.argv[1], list(call.argv[2:])) if len(call.argv) > 1 else ("", [])
    world = yield Look()
    if verb == "switch":
        return (yield from _switch(call, names))
    if verb not in ("status", "list", "show"):
        yield Print("Usage: cldevicegroup <subcommand> [<options>] [+ | <devicegroup> ...]\n", "err")
        return 1
    names = [name for name in names if not name.startswith("-")]
    unknown = [name for name in names if name != "+" and name not in [g.name for g in _groups(world)]]
    if unknown:
        yield Print(f'cldevicegroup:  (C456071) Invalid device group "{unknown[0]}".\n', "err")
        return 1
    listed = "".join(f"{g.name}\n" for g in _groups(world) if not names or names == ["+"] or g.name in names)
    yield Print(listed if verb == "list" else _group_status(world, names))
    return 0


def _switch(call: Call, words: list[str]) -> Run:
    """`cldevicegroup switch -n NODE GROUP`: another node becomes the primary."""
    try:
        given, groups = options(words, "n:e")
    except BadOption as bad:
        yield Print(f"cldevicegroup:  {bad}\n", "err")
        return 1
    node = dict(given).get("n", "")
    return (yield from _moved(call, groups, node))


@_on_member
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
    return (yield from _moved(call, [flags["D"]], flags["h"]))


def _moved(call: Call, names: list[str], node: str) -> Run:
    program = call.argv[0]
    world = yield Look()
    if call.user != "root":
        yield Print(f"{program}:  (C500315) Permission denied.\n", "err")
        return 1
    if not any(n.name == node and n.online for n in world.nodes):
        yield Print(f'{program}:  (C666729) Invalid node "{node}".\n', "err")
        return 1
    known = {g.name: g for g in _groups(world)}
    for name in names:
        if name not in known or node not in known[name].hosts:
            yield Print(f'{program}:  (C456071) Invalid device group "{name}".\n', "err")
            return 1
    yield Change(
        lambda now: replace(now, sets=tuple(replace(s, owner=node) if s.name in names else s for s in now.sets))
    )
    return 0


@_on_member
def clnode(call: Call) -> Run:
    world = yield Look()
    verb = call.argv[1] if len(call.argv) > 1 else ""
    if verb not in ("status", "list", "show"):
        yield Print("Usage: clnode <subcommand> [<options>] [+ | <node> ...]\n", "err")
        return 1
    yield Print("".join(f"{n.name}\n" for n in world.nodes) if verb == "list" else _node_status(world))
    return 0


@_on_member
def cluster(call: Call) -> Run:
    """`cluster status [-t TYPE]` and `cluster check`, which is silent when all is well."""
    world = yield Look()
    verb = call.argv[1] if len(call.argv) > 1 else ""
    if verb == "check":
        return 0 if all(n.online for n in world.nodes) else VIOLATION
    if verb != "status":
        yield Print("Usage: cluster <subcommand> [<options>]\n", "err")
        return 1
    kinds = set(",".join(call.argv[3:]).split(",")) if call.argv[2:3] == ("-t",) else {"node", "devicegroup"}
    if "node" in kinds:
        yield Print(_node_status(world))
    if kinds & {"devicegroup", "dg"}:
        yield Print(_group_status(world, []))
    return 0


@_on_member
def sccheck(_call: Call) -> Run:
    """Silent when all is well."""
    world = yield Look()
    return 0 if all(n.online for n in world.nodes) else VIOLATION
