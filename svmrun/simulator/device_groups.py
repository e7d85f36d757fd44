"""What every Sun Cluster command knows: device groups, who may move them, and whether there is a cluster at all.

A disk set is a device group; its owner is the group's primary.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import replace
from typing import Any

from svmrun.simulator.requests import Call, Change, Look, Print
from svmrun.simulator.world import DiskSet, World

Run = Generator[Any, Any, int]
VIOLATION = 103  # 100 and the severity


def on_member(body: Callable[[Call], Run]) -> Callable[[Call], Run]:
    """A host that is not in a cluster has nothing to tell."""

    def run(call: Call) -> Run:
        world = yield Look()
        if not world.clustered:
            yield Print(f"{call.argv[0]}:  (C152787) This node is not in cluster mode.\n", "err")
            return 1
        return (yield from body(call))

    return run


def groups(world: World) -> list[DiskSet]:
    return [s for s in world.sets if s.name and not s.multi_owner]


def secondaries(world: World, group: DiskSet) -> list[str]:
    online = {node.name for node in world.nodes if node.online}
    return [host for host in group.hosts if host != group.owner and host in online] if group.owner else []


def state(group: DiskSet) -> str:
    return "Online" if group.owner else "Offline"


def cells(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "".join(f"{cell:<{width}s}" for cell, width in zip(cells, widths, strict=True))


def moved(call: Call, names: list[str], node: str) -> Run:
    program = call.argv[0]
    world = yield Look()
    if call.user != "root":
        yield Print(f"{program}:  (C500315) Permission denied.\n", "err")
        return 1
    if not any(n.name == node and n.online for n in world.nodes):
        yield Print(f'{program}:  (C666729) Invalid node "{node}".\n', "err")
        return 1
    known = {g.name: g for g in groups(world)}
    for name in names:
        if name not in known or node not in known[name].hosts:
            yield Print(f'{program}:  (C456071) Invalid device group "{name}".\n', "err")
            return 1
    yield Change(
        lambda now: replace(now, sets=tuple(replace(s, owner=node) if s.name in names else s for s in now.sets))
    )
    return 0
