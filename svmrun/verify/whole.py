"""All stories of a runbook in a world: every first failure, shared out over processes, and what was found."""

from __future__ import annotations

import multiprocessing
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from svmrun.verify.allowed import Allowed
from svmrun.verify.desk import Desk
from svmrun.verify.ending import findings
from svmrun.verify.explore import MOST_TURNS, Acted, Branch, Graph, way_without_failure
from svmrun.verify.kinds import Injection
from svmrun.verify.replayed import replayed
from svmrun.verify.scene import Finding
from svmrun.verify.tally import Cell, tally

SAMPLE = 2  # stories whose journals are written and read again
_NUMBERS = re.compile(r"\d+(\.\d+)?")


@dataclass
class Found:
    """One violation: `story` is the shortest that shows it, `stories` how many do.

    `before` is what went wrong before the first step, empty for nothing.
    """

    finding: Finding
    story: tuple[Injection, ...]
    stories: int = 1
    before: str = ""

    @property
    def rank(self) -> tuple[int, tuple[Injection, ...], str]:
        return (len(self.story) + bool(self.before), self.story, self.before)


@dataclass
class Harvest:
    """What came out of a set of stories. `unknown` are the programs without a model."""

    stories: int = 0
    violating: int = 0
    states: int = 0
    cells: Counter[Cell] = field(default_factory=Counter)
    violations: Counter[Cell] = field(default_factory=Counter)
    acted: Counter[Acted] = field(default_factory=Counter)
    found: dict[tuple[str, str], Found] = field(default_factory=dict)
    unknown: set[str] = field(default_factory=set)
    allowed: Allowed = field(default_factory=Allowed)

    def add(self, other: Harvest) -> None:
        self.stories += other.stories
        self.violating += other.violating
        self.states += other.states
        self.cells.update(other.cells)
        self.violations.update(other.violations)
        self.acted.update(other.acted)
        self.unknown |= other.unknown
        self.allowed.add(other.allowed.seconds)
        for found in other.found.values():
            self.note(found)

    def note(self, found: Found) -> None:
        """Violations that differ in numbers only are one."""
        kind = (found.finding.invariant, _NUMBERS.sub("#", found.finding.message))
        known = self.found.get(kind)
        if known is None:
            self.found[kind] = found
            return
        first = min(known, found, key=lambda one: one.rank)
        self.found[kind] = Found(first.finding, first.story, known.stories + found.stories, first.before)


def harvest(desk: Desk, depth: int, jobs: int = 1) -> Harvest:
    """Every story with at most `depth` failures."""
    way, starts = way_without_failure(desk)
    total = _undisturbed(desk, way)
    if depth == 0 or total.found:
        return total
    for part in _shared_out(desk, starts, depth, jobs):
        total.add(part)
    return total


def _undisturbed(desk: Desk, way: Sequence[Branch]) -> Harvest:
    total = Harvest(stories=1, states=len(way))
    total.acted.update(one.acted for one in way if one.acted)
    end = way[-1].scene
    wrong = list(findings(desk, end)) if end.over else [Finding("ends", f"it has not ended after {MOST_TURNS} turns")]
    ended = end.state.ended
    if ended is not None and ended.verdict != "succeeded":
        wrong.append(Finding("works", f"it is {ended.verdict}: {ended.cause}", end.state.causing_step))
    for finding in wrong:
        total.violating = 1
        total.note(Found(finding, ()))
    _seen_by(desk, total)
    return total


def _seen_by(desk: Desk, total: Harvest) -> None:
    """What the desk itself has noted while the stories were told."""
    total.unknown |= desk.runner.unknown
    total.allowed.add(desk.allowed.seconds)


def _shared_out(desk: Desk, starts: Sequence[Branch], depth: int, jobs: int) -> Iterator[Harvest]:
    """Neighbours stay together: their stories go on alike."""
    size = -(-len(starts) // max(1, jobs))
    parts = [starts[n : n + size] for n in range(0, len(starts), size)] if starts else []
    if len(parts) < 2:
        yield from (_explored(desk, part, depth) for part in parts)
        return
    _INHERITED[:] = [(desk, part, depth) for part in parts]
    with multiprocessing.get_context("fork").Pool(jobs) as pool:
        yield from pool.imap(_explored_part, range(len(parts)))
    _INHERITED.clear()


_INHERITED: list[tuple[Desk, Sequence[Branch], int]] = []  # a desk cannot be sent to a process, but it is born with it


def _explored_part(number: int) -> Harvest:
    return _explored(*_INHERITED[number])


def _explored(desk: Desk, starts: Sequence[Branch], depth: int) -> Harvest:
    graph = Graph(desk, depth)
    graph.explore(starts)
    counted = tally(graph)
    total = Harvest(sum(counted.ends), sum(counted.bad), len(graph.nodes), counted.cells, counted.violations)
    for start, ends, bad in zip(starts, counted.ends, counted.bad, strict=True):
        assert start.injection is not None, "each start is a failure"
        total.cells[(start.where, start.injection.kind)] += ends
        total.violations[(start.where, start.injection.kind)] += bad
    total.acted.update(graph.acted)
    for number, stories in counted.ending_in.items():
        for finding in graph.nodes[number].findings:
            total.note(Found(finding, tuple(graph.story(number)), stories))
    for number in _sample(graph):
        story = tuple(graph.story(number))
        _scene, wrong = replayed(desk, story)
        if wrong is not None:
            total.note(Found(wrong, story))
    _seen_by(desk, total)
    return total


def _sample(graph: Graph) -> list[int]:
    """A few ends, spread over all stories."""
    ends = [number for number, node in enumerate(graph.nodes) if not node.edges and not node.findings]
    return ends[:: max(1, len(ends) // SAMPLE)][:SAMPLE]
