"""Is anything in a runbook there for nothing? Each mutant must be noticed: by validation, by a check, by a story."""

from __future__ import annotations

import json
import multiprocessing
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from svmrun.adapters.base import Adapter
from svmrun.errors import InvalidInput
from svmrun.report.verified import Mutant, Verified
from svmrun.runbook.files import Files
from svmrun.runbook.load import load_runbook
from svmrun.runbook.model import Runbook
from svmrun.simulator import disruptions
from svmrun.simulator.world import World
from svmrun.verify.mutants import Change, mutants
from svmrun.verify.prepare import Preparation, Prevented
from svmrun.verify.verification import verify

Json = Any
SKIPPED = "not tried: the step is skipped with these parameters (give others with -p)"


@dataclass
class Laboratory:
    """The runbook as it is, its document with all that it includes, and the world and parameters of what is tried.

    `files` are what it calls.
    """

    runbook: Runbook
    document: Json
    adapters: Mapping[str, Adapter]
    world: World
    given: Mapping[str, Json]
    become: str = ""
    files: Files | None = None
    _known: frozenset[tuple[str, str]] = field(default=frozenset())
    _skipped: frozenset[str] = field(default=frozenset())

    def mutants(self, jobs: int) -> tuple[Mutant, ...]:
        """Every mutant, and who noticed it."""
        found = self._violations(self._verified(self.runbook, self.world))
        self._known = frozenset(found)
        plan = Preparation(self.runbook, self.adapters, self.world, self.given, self.become).desk().plan
        self._skipped = frozenset(s.id for s in plan.steps if s.when is False)
        changes = list(mutants(self.document, self.world))
        _INHERITED[:] = [(self, change) for change in changes]
        if jobs < 2:
            told = [self.judge(change) for change in changes]
        else:
            with multiprocessing.get_context("fork").Pool(jobs) as pool:
                told = pool.map(_judge, range(len(changes)), chunksize=1)
        _INHERITED.clear()
        return tuple(self._mutant(change, noticed) for change, noticed in zip(changes, told, strict=True))

    def _mutant(self, change: Change, noticed: str) -> Mutant:
        place = str(self.runbook.source.position(change.path))
        meaning = SKIPPED if change.step in self._skipped else change.meaning
        return Mutant(change.what, place, noticed, "" if noticed else meaning)

    def judge(self, change: Change) -> str:
        """Who noticed it; empty when nobody did."""
        try:
            text = json.dumps(change.document).encode()
            broken = load_runbook(self.runbook.source.file, text, self.adapters, self.files)
        except InvalidInput as error:
            return f"validate: {error.problems[0].message}"
        if change.check:
            return next((said for world in self._worlds() if (said := self._without_check(broken, world))), "")
        return self._noticed(broken, self.world)

    def _noticed(self, broken: Runbook, world: World) -> str:
        result = self._verified(broken, world)
        if result.prevented:
            return f"the run would not start: {_told(result.prevented)}"
        new = [v for v in result.violations if (v.invariant, v.step) not in self._known]
        return f"{new[0].invariant}: {new[0].message} ({new[0].story})" if new else ""

    def _without_check(self, broken: Runbook, world: World) -> str:
        """A check speaks in a world where the whole runbook would not start, and the one without it would."""
        if not self._prevents(self.runbook, world) or self._prevents(broken, world):
            return ""
        result = self._verified(broken, world)
        if result.violations:
            first = result.violations[0]
            return f"{first.invariant}: {first.message} ({first.story}, in a world where it does not hold)"
        return ""

    def _prevents(self, runbook: Runbook, world: World) -> bool:
        try:
            Preparation(runbook, self.adapters, world, self.given, self.become).desk()
        except Prevented:
            return True
        return False

    def _verified(self, runbook: Runbook, world: World) -> Verified:
        return verify(Preparation(runbook, self.adapters, world, self.given, self.become), 1, 1)

    @staticmethod
    def _violations(result: Verified) -> Sequence[tuple[str, str]]:
        return [(v.invariant, v.step) for v in result.violations]

    def _worlds(self) -> Iterator[World]:
        """The world with one thing in disorder."""
        world = self.world
        for found in world.file_systems:
            yield disruptions.locked_by_somebody(world, found.mount_point)
        for mirror in world.mirrors:
            yield disruptions.resync_starts(world, mirror.name)
            for side in mirror.submirrors:
                yield disruptions.disk_fails(world, side.name)
                yield disruptions.side_gone(world, mirror.name, side.name)
        for array in world.linux_mirrors:
            yield disruptions.resync_starts(world, array.name)
            yield disruptions.without_bitmap(world, array.name)
            for leg in array.legs:
                yield disruptions.disk_fails(world, leg.device)
                yield disruptions.side_gone(world, array.name, leg.device)
                yield disruptions.opened_by_somebody(world, leg.device)
        for diskset in world.sets:
            yield disruptions.failed_over(world, diskset.name)
        for node in world.nodes:
            yield disruptions.node_down(world, node.name)
        for stripe in world.stripes:
            yield disruptions.opened_by_somebody(world, stripe.name)
        yield disruptions.mounted_elsewhere(world)


_INHERITED: list[tuple[Laboratory, Change]] = []


def _judge(number: int) -> str:
    laboratory, change = _INHERITED[number]
    return laboratory.judge(change)


def _told(prevented: str) -> str:
    """The sentence of a problem, without the source line beneath it; the first failed check."""
    lines = [line.strip(" -") for line in prevented.splitlines()]
    sentences = [line for line in lines if line and not line.endswith("nothing was changed:")]
    return (sentences or [prevented])[0][:200]
