"""Which parameters and facts need which others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from svmrun.runbook.model import Fact, Runbook
from svmrun.runbook.pieces import TemplateError
from svmrun.runbook.template import roots, texts

Graph = Mapping[str, frozenset[str]]


def needs(runbook: Runbook) -> Graph:
    """For each parameter (by its default) and fact the parameters and facts that its value is made of."""
    names = {p.name for p in runbook.parameters} | {f.name for f in runbook.facts}
    defaults = {p.name: roots_of(p.default) & names for p in runbook.parameters}
    return {**defaults, **{f.name: fact_roots(f) & names for f in runbook.facts}}


def fact_roots(fact: Fact) -> frozenset[str]:
    """The first names that a fact's arguments and condition use."""
    return roots_of(fact.action.arguments) | roots_of(fact.when, bare=True)


def roots_of(value: Any, *, bare: bool = False) -> frozenset[str]:
    """The first names that the templates of a value use; none where one is wrong, which is reported elsewhere."""
    found: set[str] = set()
    for text, _ in texts(value):
        try:
            found |= roots(text, bare=bare)
        except TemplateError:
            continue
    return frozenset(found)


def reach(graph: Graph, start: str) -> frozenset[str]:
    """Everything that `start` needs, directly or through others."""
    found: set[str] = set()
    open_names: list[str] = [*graph.get(start, ())]
    while open_names:
        name = open_names.pop()
        if name not in found:
            found.add(name)
            open_names += graph.get(name, ())
    return frozenset(found)


def in_a_circle(graph: Graph, start: str) -> tuple[str, ...]:
    """The way from a name back to itself, both ends included; empty when there is none."""
    ways: dict[str, tuple[str, ...]] = {start: (start,)}
    open_names = [start]
    while open_names:
        name = open_names.pop(0)
        for needed in sorted(graph.get(name, ())):
            if needed == start:
                return (*ways[name], start)
            if needed not in ways:
                ways[needed] = (*ways[name], needed)
                open_names.append(needed)
    return ()


def in_order(graph: Graph, wanted: Iterable[str]) -> list[str]:
    """The wanted names and all that they need, each after what it needs; in a circle one stands before it."""
    found: list[str] = []
    seen: set[str] = set()
    open_names = [(name, False) for name in reversed(list(wanted))]
    while open_names:
        name, expanded = open_names.pop()
        if expanded:
            found.append(name)
        elif name not in seen:
            seen.add(name)
            open_names.append((name, True))
            open_names += [(needed, False) for needed in sorted(graph.get(name, ()), reverse=True)]
    return found
