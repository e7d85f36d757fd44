"""What all stories of one runbook in one world share: the plan, its command lines, its holds, the world as found."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from svmrun import names
from svmrun.adapters.base import Arguments
from svmrun.core import events as e
from svmrun.core.decide import held
from svmrun.core.state import State
from svmrun.effects.call_book import CallBook
from svmrun.effects.setting import Setting
from svmrun.guarding import releases
from svmrun.plan.build import without_later
from svmrun.plan.model import Plan, PlannedAction, PlannedStep
from svmrun.plan.release import LIMIT_MARGIN_SECONDS, HeldRelease
from svmrun.simulator.world import World
from svmrun.verify.allowed import Allowed
from svmrun.verify.calls import Calls
from svmrun.verify.commands import Runner
from svmrun.verify.memory import Memory
from svmrun.verify.scene import Finding
from svmrun.verify.world_key import WorldKeys
from svmrun.verify.writers import blocked

Json = Any


OwnInvariants = Callable[[World, e.RunEnded], Iterator[Finding]]


@dataclass
class Desk:
    """`world` is the host as it was found. `known` are the real parameters, facts and host."""

    plan: Plan
    setting: Setting
    known: Mapping[str, Json]
    world: World
    runner: Runner
    own: OwnInvariants | None = None
    setters: Mapping[str, str] = field(default_factory=dict)  # switch of a model -> the step that sets it
    allowed: Allowed = field(default_factory=Allowed)
    _held: tuple[State, list[PlannedStep]] | None = None

    @property
    def judges_everything(self) -> bool:
        """The runbook has invariants of its own: nothing may be left out when scenes are compared."""
        return self.own is not None

    def setter(self, switch: str) -> str:
        return self.setters.get(switch, "")

    def blocked(self, world: World) -> frozenset[str]:
        """Whose writers have to wait: mount points, devices, and what models set for steps that block writers."""
        return blocked(self.world, world, self.blocking_switches)

    @cached_property
    def blocking_switches(self) -> frozenset[str]:
        return frozenset(name for name, step in self.setters.items() if step in self.locks)

    @cached_property
    def world_keys(self) -> WorldKeys:
        return WorldKeys()

    @cached_property
    def memory(self) -> Memory:
        return Memory(self.world_keys)

    @cached_property
    def book(self) -> CallBook:
        return CallBook(self.plan, self.setting, self.known)

    @cached_property
    def calls(self) -> Calls:
        return Calls(self.plan, self.setting, self.book)

    def held(self, state: State) -> list[PlannedStep]:
        """The holds that stand; asked several times of the same state in a turn."""
        known = self._held
        if known is None or known[0] is not state:
            known = self._held = (state, held(self.plan, state))
        return known[1]

    @cached_property
    def holds(self) -> dict[str, HeldRelease]:
        """Raises Refused when no guard can release one of them."""
        return {hold.step: hold for hold in releases(self.plan, self.setting)}

    @cached_property
    def limits(self) -> dict[str, float]:
        return {s.id: s.hold_seconds for s in self.plan.steps if s.hold_seconds is not None}

    def guard_deadline(self, outstanding: tuple[tuple[str, float], ...]) -> float:
        """The time at which a live guard acts."""
        return min((since + self.limits[s] + LIMIT_MARGIN_SECONDS for s, since in outstanding), default=math.inf)

    def read_only(self, move: e.ActionStarted) -> bool:
        """True when the action of this intent changes nothing, whatever becomes of it."""
        if move.role in ("found", "probe"):
            return True
        step = self.plan.step(move.step)
        action = step.action if move.role == "forward" else step.rollback[move.part]
        return action is not None and action.read_only

    def arguments(self, action: PlannedAction) -> Arguments:
        shown: Arguments = without_later(action.arguments)
        return shown

    @cached_property
    def referenced(self) -> frozenset[str]:
        """The steps whose results may be looked at later: those that a text which speaks of steps names."""
        texts = [repr(a.arguments) for s in self.plan.steps for a in (s.action, *s.rollback) if a is not None]
        texts += [s.when for s in self.plan.steps if isinstance(s.when, str)]
        speaking = [text for text in texts if "steps" in text]
        return frozenset(s.id for s in self.plan.steps if any(s.id in text for text in speaking))

    def unseen(self, step_id: str) -> str:
        """Why nothing can tell that the step is undone, when its handlers only claim it; empty when something can."""
        action = self.plan.step(step_id).action
        return "" if action is None else self.setting.adapters[action.adapter].unseen(self.arguments(action))

    @cached_property
    def locks(self) -> dict[str, str]:
        """Step -> the mount point whose writers wait because of it, empty when nobody says which."""
        found = {}
        for step in self.plan.steps:
            if step.action is not None and step.when is not False:
                written, adapter = self.arguments(step.action), self.setting.adapters[step.action.adapter]
                path = adapter.locked_path(written)
                if path is not None or adapter.blocks_writers(written):
                    found[step.id] = (path or "").rstrip("/") or "/" * bool(path)
        return found

    @cached_property
    def looked_at_once(self) -> frozenset[str]:
        """The locks that are taken while writers wait for another one: nobody looks a second time before them."""
        steps = list(self.plan.steps)
        inside: set[str] = set()
        for number, step in enumerate(steps):
            if step.action is not None and step.action.blocks_writers and step.when is not False:
                released = [n for n, later in enumerate(steps) if later.releases == step.id]
                inside |= {later.id for later in steps[number + 1 : min(released, default=len(steps))]}
        return frozenset(inside & self.locks.keys())

    def blocker(self, name: str) -> str:
        """The step because of which the writers of a mount point or a device wait; empty for none that says so."""
        exactly = [step for step, path in self.locks.items() if name in (path, *self._switches_of(step))]
        perhaps = [step for step, path in self.locks.items() if not path]
        return next(iter((*exactly, *perhaps)), "")

    def _switches_of(self, step: str) -> list[str]:
        return [name for name, setter in self.setters.items() if setter == step]

    @cached_property
    def sides(self) -> list[tuple[str, str, str]]:
        """Each step that takes a side off, the mirror, and the side."""
        found = []
        for step in self.plan.steps:
            if step.action is None or step.when is False:
                continue
            written = self.arguments(step.action)
            split = self.setting.adapters[step.action.adapter].split_side(written)
            if split is not None:
                found.append((step.id, *split))
        return found

    def others_of(self, mirror: str, side: str) -> list[str]:
        """The other sides of a mirror, as they were found."""
        found = [s.name for m in self.world.mirrors if m.name == mirror for s in m.submirrors]
        found += [leg.device for m in self.world.linux_mirrors if m.name == mirror for leg in m.legs]
        return [name for name in found if name != side]

    @cached_property
    def disk_sets(self) -> list[str]:
        """The disk sets that the plan works on."""
        return list(dict.fromkeys(names.split(mirror)[0] for _, mirror, _ in self.sides if names.split(mirror)[0]))

    def tapes(self, step_id: str) -> list[tuple[str, int]]:
        """The tape drives that a step writes to, and how many blocks it needs."""
        action = self.plan.step(step_id).action
        if action is None or not self.setting.adapters[action.adapter].copies(self.arguments(action)):
            return []
        words = repr(action.arguments)
        blocks = max((f.used for f in self.world.file_systems), default=1)
        return [(t.device, blocks) for t in self.world.tapes if t.device in words]
