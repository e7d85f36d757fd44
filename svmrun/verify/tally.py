"""Counting the stories of a graph: how many ways there are through each edge, and how many of them go wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from svmrun.verify.explore import Graph

Cell = tuple[str, str]  # where, and the kind of failure


@dataclass
class Tally:
    """What a graph holds: `ends` and `bad` count the stories that follow from each of its starts.

    `cells` count a story in each of its failures but the one with which it starts.
    """

    ends: list[int] = field(default_factory=list)
    bad: list[int] = field(default_factory=list)
    cells: Counter[Cell] = field(default_factory=Counter)
    violations: Counter[Cell] = field(default_factory=Counter)
    ending_in: dict[int, int] = field(default_factory=dict)  # node with findings -> stories that end there


def tally(graph: Graph) -> Tally:
    """Every story of the graph, counted over its nodes."""
    order = _children_first(graph)
    ends, bad = _ends(graph, order)
    ways = [0] * len(graph.nodes)
    for start in graph.starts:
        ways[start] += 1
    total = Tally([ends[start] for start in graph.starts], [bad[start] for start in graph.starts])
    for number in reversed(order):
        node = graph.nodes[number]
        if node.findings:
            total.ending_in[number] = ways[number]
        for edge in node.edges:
            ways[edge.target] += ways[number]
            if edge.injection is not None:
                cell = (edge.where, edge.injection.kind)
                total.cells[cell] += ways[number] * ends[edge.target]
                total.violations[cell] += ways[number] * bad[edge.target]
    return total


def _ends(graph: Graph, order: Iterable[int]) -> tuple[list[int], list[int]]:
    """For each node the number of ways to an end, and of those that go wrong."""
    ends, bad = [0] * len(graph.nodes), [0] * len(graph.nodes)
    for number in order:
        node = graph.nodes[number]
        if not node.edges:
            ends[number], bad[number] = 1, 1 if node.findings else 0
        for edge in node.edges:
            ends[number] += ends[edge.target]
            bad[number] += bad[edge.target]
    return ends, bad


def _children_first(graph: Graph) -> list[int]:
    """Every node after all that it leads to. A way that comes back to itself was cut when it was explored."""
    order: list[int] = []
    seen = bytearray(len(graph.nodes))
    for start in graph.starts:
        waiting = [(start, 0)]
        while waiting:
            number, edge = waiting.pop()
            if edge == 0:
                if seen[number]:
                    continue
                seen[number] = 1
            edges = graph.nodes[number].edges
            if edge < len(edges):
                waiting.append((number, edge + 1))
                waiting.append((edges[edge].target, 0))
            else:
                order.append(number)
    return order
