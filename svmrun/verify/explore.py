"""All stories of a desk with at most so many failures: scenes that go on alike are explored once.

A node is a scene with the number of failures so far. A story is a way from the root to a node that is over; it is
counted, not walked: the number of ways is added up over the graph.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from svmrun.core import events as e
from svmrun.core.state import State
from svmrun.values import replace
from svmrun.verify.desk import Desk
from svmrun.verify.ending import findings
from svmrun.verify.invariants import changed, seen_in_world, watched
from svmrun.verify.keys import Key, Keys
from svmrun.verify.kinds import ACTION_KINDS, Injection
from svmrun.verify.moments import befallen, next_step
from svmrun.verify.scene import Finding, Scene, Watch
from svmrun.verify.turn import Turn, killed, take

MOST_TURNS = 2000


@dataclass
class Node:
    """`parent` and `injection` tell the first way that was found to it."""

    scene: Scene
    faults: int
    parent: int = -1
    injection: Injection | None = None
    edges: list[Edge] = field(default_factory=list)
    findings: tuple[Finding, ...] = ()


class Edge(NamedTuple):
    """`where` and `injection` are empty for the turn in which nothing goes wrong."""

    target: int
    injection: Injection | None = None
    where: str = ""


Acted = tuple[str, str]  # a step, and how it was worked on: a role, or `guard`


class Branch(NamedTuple):
    scene: Scene
    injection: Injection | None = None
    where: str = ""
    acted: Acted | None = None
    events: tuple[e.Event, ...] = ()  # of the turn in which nothing goes wrong


class Graph:
    """Every node that was reached, in the order of discovery: the fewest failures first."""

    def __init__(self, desk: Desk, depth: int) -> None:
        self.desk, self.depth = desk, depth
        self.nodes: list[Node] = []
        self.starts: list[int] = []
        self._keys = Keys(desk)
        self._known: dict[tuple[Key, int], int] = {}
        self._levels: list[deque[int]] = [deque() for _ in range(depth + 1)]
        self._judged: dict[Key, tuple[Finding, ...]] = {}
        self.acted: Counter[Acted] = Counter()

    def explore(self, starts: Sequence[Branch]) -> None:
        """Everything that can follow from these."""
        self.starts = [self._reach(start, -1, 1 if start.injection else 0) for start in starts]
        for level in self._levels:
            while level:
                self._expand(level.popleft())

    def _reach(self, branch: Branch, parent: int, faults: int) -> int:
        key = (self._keys.of(branch.scene, last=faults == self.depth), faults)
        number = self._known.setdefault(key, len(self.nodes))
        if number < len(self.nodes):
            return number
        node = Node(branch.scene, faults, parent, branch.injection)
        self.nodes.append(node)
        if branch.scene.turn > MOST_TURNS:
            node.findings = (Finding("ends", f"it has not ended after {MOST_TURNS} turns"),)
        elif branch.scene.over:
            node.findings = self._judge(branch.scene, key[0])
        else:
            self._levels[faults].append(number)
        return number

    def _judge(self, scene: Scene, key: Key) -> tuple[Finding, ...]:
        if key not in self._judged:
            self._judged[key] = tuple(findings(self.desk, scene))
        return self._judged[key]

    def _expand(self, number: int) -> None:
        node = self.nodes[number]
        more = node.faults < self.depth
        for branch in branches(self.desk, node.scene) if more else (undisturbed(self.desk, node.scene),):
            faults = node.faults + (1 if branch.injection else 0)
            if branch.acted:
                self.acted[branch.acted] += 1
            target = self._reach(branch, number, faults)
            node.edges.append(Edge(target, branch.injection, branch.where))

    def story(self, number: int) -> list[Injection]:
        """What went wrong on the first way that was found to this node."""
        found: list[Injection] = []
        while number >= 0:
            node = self.nodes[number]
            if node.injection is not None:
                found.append(node.injection)
            number = node.parent
        return found[::-1]


def first_scene(desk: Desk) -> Scene:
    """The run's first record is durable."""
    strangers = frozenset(f.mount_point for f in desk.world.file_systems if f.lock != "unlock")
    return Scene(State(run="desk"), desk.world, watch=Watch(strangers=strangers))


def way_without_failure(desk: Desk) -> tuple[list[Branch], list[Branch]]:
    """The story in which nothing goes wrong, scene by scene, its end included; and every first failure on the way."""
    way, failing = [Branch(first_scene(desk))], list[Branch]()
    while not way[-1].scene.over and len(way) < MOST_TURNS:
        well, *others = branches(desk, way[-1].scene)
        way.append(well)
        failing += others
    return way, failing


def undisturbed(desk: Desk, scene: Scene) -> Branch:
    turn = take(desk, scene)
    return Branch(watched(desk, scene, turn), acted=_acted(turn), events=turn.events)


def branches(desk: Desk, scene: Scene) -> Iterator[Branch]:
    """How the story can go on from here: with nothing going wrong, and with each failure at this turn."""
    turn = take(desk, scene, moments=True)
    yield Branch(watched(desk, scene, turn), acted=_acted(turn), events=turn.events)
    where = _where(desk, scene, turn)
    for kind, after in befallen(desk, scene):
        yield Branch(after, Injection(scene.turn, kind), where)
    if not _meets_a_stranger(desk, scene, turn):
        yield from _killed(desk, scene, turn, where)
        yield from _failing(desk, scene, turn, where)


def _meets_a_stranger(desk: Desk, scene: Scene, turn: Turn) -> bool:
    """A step locks what somebody else has locked, and no look can tell whose lock it is once its answer is lost."""
    step = turn.intent.step if turn.intent and turn.intent.role == "forward" else ""
    return desk.locks.get(step) in scene.watch.strangers and bool(desk.unseen(step))


def _acted(turn: Turn) -> Acted | None:
    if turn.guard_step:
        return (turn.guard_step, "guard")
    return (turn.intent.step, turn.intent.role) if turn.intent else None


def _where(desk: Desk, scene: Scene, turn: Turn) -> str:
    if turn.intent is not None:
        return turn.intent.step
    return turn.guard_step or next_step(desk, scene)


def _killed(desk: Desk, scene: Scene, turn: Turn, where: str) -> Iterator[Branch]:
    """The runner dies before and after each record; and the journal cannot be written from each record on."""
    for moment in turn.moments:
        watch, finding = seen_in_world(desk, scene.world, moment.scene.world, moment.scene.watch)
        dying = replace(moment.scene, watch=watch, finding=finding)
        injection = Injection(scene.turn, "killed", moment.record, moment.after)
        yield Branch(killed(dying), injection, where)
        if dying.guard is not None and dying.guard.alive and not dying.guard.reason:
            both = Injection(scene.turn, "both-killed", moment.record, moment.after)
            yield Branch(killed(dying, guard_too=True), both, where)
    if scene.durable is None:
        for record in sorted({moment.record for moment in turn.moments}):
            lost = take(desk, scene, lost_record=record)
            yield Branch(watched(desk, scene, lost), Injection(scene.turn, "journal", record), where)


def _failing(desk: Desk, scene: Scene, turn: Turn, where: str) -> Iterator[Branch]:
    """Everything that can go wrong with the action of this turn."""
    if turn.intent is None and not turn.guard_step:
        return
    changes = changed(scene.world, turn.scene.world)
    for kind in kinds_of(desk, scene, turn):
        failing = take(desk, scene, kind)
        yield Branch(watched(desk, scene, failing, kind, changes), Injection(scene.turn, kind), where)


def kinds_of(desk: Desk, scene: Scene, turn: Turn) -> list[str]:
    """The kinds that make a difference for the action of this turn."""
    if turn.guard_step:
        names = [k.name for k in ACTION_KINDS if k.effect and not _of_the_runner(k.name)]
        return [name for name in names if name != "lie" or not desk.unseen(turn.guard_step)]
    intent = turn.intent
    assert intent is not None, "asked only when there is an action"
    performer = desk.setting.adapters[intent.adapter].performer
    if performer == "judge":
        return []
    if performer == "operator":
        return ["fail"]
    if performer == "notice":
        return ["fail"]
    read_only = desk.read_only(intent)
    forward = intent.role in ("forward", "found")
    guarded = scene.guard is not None and scene.phase == "run" and not scene.guard.reason
    kinds = [k for k in ACTION_KINDS if not (read_only and k.changes)]
    if not forward:
        kinds = [k for k in kinds if not k.name.startswith("cancelled")]
    if not guarded:
        kinds = [k for k in kinds if not k.name.startswith("disconnected")]
    if intent.role in ("release", "rollback") and desk.unseen(intent.step):
        kinds = [k for k in kinds if k.name != "lie"]
    stoppable = guarded and intent.role == "forward" and bool(scene.held) and scene.guard and scene.guard.outstanding
    return [k.name for k in kinds if k.name != "stopped" or stoppable]


def _of_the_runner(kind: str) -> bool:
    return kind.startswith(("cancelled", "disconnected", "stopped"))
