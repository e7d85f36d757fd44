"""cldevicegroup(1CL), clnode(1CL) and cluster(1CL) of Sun Cluster 3.2, in the formats of public transcripts."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any

from svmrun.simulator.arguments import BadOption, options
from svmrun.simulator.device_groups import VIOLATION, cells, groups, moved, on_member, secondaries, state
from svmrun.simulator.requests import Call, Look, Print
from svmrun.simulator.world import World

Run = Generator[Any, Any, int]


def _status(title: str, subtitle: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(cell) for cell in column) + 4 for column in zip(heads, *rows, strict=True)]
    lines = [cells(heads, widths), cells(["-" * len(head) for head in heads], widths)]
    lines += [cells(row, widths) for row in rows]
    table = "".join(f"{line.rstrip()}\n" for line in lines)
    return f"\n=== {title} ===\n\n--- {subtitle} ---\n\n{table}\n"


def _group_status(world: World, names: Sequence[str]) -> str:
    heads = ("Device Group Name", "Primary", "Secondary", "Status")
    chosen = [g for g in groups(world) if not names or names == ["+"] or g.name in names]
    rows = [(g.name, g.owner or "-", ",".join(secondaries(world, g)) or "-", state(g)) for g in chosen]
    return _status("Cluster Device Groups", "Device Group Status", heads, rows)


def _node_status(world: World) -> str:
    rows = [(node.name, "Online" if node.online else "Offline") for node in world.nodes]
    return _status("Cluster Nodes", "Node Status", ("Node Name", "Status"), rows)


@on_member
def cldevicegroup(call: Call) -> Run:
    verb, names = (call.argv[1], list(call.argv[2:])) if len(call.argv) > 1 else ("", [])
    world = yield Look()
    if verb == "switch":
        return (yield from _switch(call, names))
    if verb not in ("status", "list", "show"):
        yield Print("Usage: cldevicegroup <subcommand> [<options>] [+ | <devicegroup> ...]\n", "err")
        return 1
    names = [name for name in names if not name.startswith("-")]
    unknown = [name for name in names if name != "+" and name not in [g.name for g in groups(world)]]
    if unknown:
        yield Print(f'cldevicegroup:  (C456071) Invalid device group "{unknown[0]}".\n', "err")
        return 1
    listed = "".join(f"{g.name}\n" for g in groups(world) if not names or names == ["+"] or g.name in names)
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
    return (yield from moved(call, groups, node))


@on_member
def clnode(call: Call) -> Run:
    world = yield Look()
    verb = call.argv[1] if len(call.argv) > 1 else ""
    if verb not in ("status", "list", "show"):
        yield Print("Usage: clnode <subcommand> [<options>] [+ | <node> ...]\n", "err")
        return 1
    yield Print("".join(f"{n.name}\n" for n in world.nodes) if verb == "list" else _node_status(world))
    return 0


@on_member
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
