"""What `svmrun verify` says of both sides of a diff: failures that end wrong now, and did not before."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace

from svmrun.adapters.registry import adapters
from svmrun.cli.worlds import Wish, own_world
from svmrun.errors import InvalidInput, Position
from svmrun.report.verified import Verified, Violation
from svmrun.review.model import DANGERS, Change, Compared, Danger, Tried, level
from svmrun.runbook import source
from svmrun.runbook.model import Runbook
from svmrun.runbook.parameters import Origins, given
from svmrun.simulator.world import World
from svmrun.simulator.world_file import load_world
from svmrun.verify.prepare import Preparation
from svmrun.verify.verification import verify

DEPTH = 1


class Verifier:
    """Tries both runbooks in one world, with its example parameters where none are given."""

    def __init__(self, wish: Wish, assignments: Sequence[str]) -> None:
        self._named = None if wish is True else load_world(wish, source.load)
        self._assignments = assignments

    def judge(self, compared: Compared, before: Runbook | None, after: Runbook | None) -> Compared:
        """The comparison, with what verify finds on one side only."""
        if all(change.danger == "cosmetic" for change in compared.changes):
            return compared
        name = next((runbook.name for runbook in (after, before) if runbook), "")
        world = self._named or load_world(own_world(name), source.load)
        old, new = (self._verified(runbook, world) if runbook else None for runbook in (before, after))
        found = [*_only_in(old, new, "passes-verify"), *_only_in(new, old, "fails-verify")]
        changes = sorted([*compared.changes, *found], key=lambda change: DANGERS.index(change.danger))
        return replace(compared, changes=tuple(changes), tried_before=_tried(old), tried_after=_tried(new))

    def _verified(self, runbook: Runbook, world: World) -> Verified | str:
        """What was found; a sentence where the world and the parameters do not fit the runbook."""
        known = {parameter.name for parameter in runbook.parameters}
        fitting = [one for one in self._assignments if one.partition("=")[0] in known]
        try:
            values = given(runbook, Origins(assignments=fitting, fallback=world.parameters))
        except InvalidInput as error:
            return error.problems[0].message
        preparation = Preparation(runbook, adapters(), world, values, "")
        return verify(preparation, DEPTH, os.cpu_count() or 1)


def _tried(result: Verified | str | None) -> Tried | None:
    if result is None:
        return None
    if isinstance(result, str):
        return Tried(0, 0, result)
    return Tried(result.stories, result.violating, result.prevented)


def _only_in(one: Verified | str | None, other: Verified | str | None, danger: Danger) -> list[Change]:
    """The violations of one side that the other has not."""
    known = {(v.invariant, v.step) for v in _violations(other)}
    return [
        _change(violation, danger)
        for violation in _violations(one)
        if (violation.invariant, violation.step) not in known
    ]


def _violations(result: Verified | str | None) -> tuple[Violation, ...]:
    return result.violations if isinstance(result, Verified) else ()


def _change(violation: Violation, danger: Danger) -> Change:
    text = f"{violation.message} (svmrun verify --story {violation.story})"
    at = _position(violation.position)
    places = (at, None) if danger == "passes-verify" else (None, at)
    return Change(danger, level(danger), f"step {violation.step}", text, "", "", *places)


def _position(text: str) -> Position | None:
    file, _, rest = text.rpartition(":")
    file, _, line = file.rpartition(":")
    return Position(file, int(line), int(rest)) if file and line.isdigit() and rest.isdigit() else None
