"""Seeded defects: each runbook under `cases/defects` is wrong in one way, and what must be found stands beside it.

`NAME.expect` says who finds it: `validate WORDS` (the runbook is refused as such), `check WORDS` (the run does not
start), or `INVARIANT STEP STORY`, the violation with its shortest story: what goes wrong, and where.
A second line `# world: NAME` of the runbook names another world than the documented cluster.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from svmrun.errors import InvalidInput
from svmrun.report.verified import Violation
from tests.verifying import DEFECTS, verified

CASES = sorted(DEFECTS.glob("*.yaml"))


def found(path: Path) -> list[str]:
    world = str(DEFECTS / f"{name}.world") if (name := world_of(path)) else "schost"
    try:
        result = verified(path, world)
    except InvalidInput as error:
        return [f"validate {problem.message}" for problem in error.problems]
    if result.prevented:
        return [f"check {result.prevented}"]
    return [f"{v.invariant} {v.step} {story(v)}" for v in result.violations]


def story(violation: Violation) -> str:
    """What went wrong in its story, and in which step."""
    if violation.story == "undisturbed":
        return violation.story
    kinds = [part.partition(":")[2] for part in violation.story.split("+")]
    places = [line.step for line in violation.lines if line.injected]
    return "+".join(f"{kind} at {place}" for kind, place in zip(kinds, places, strict=True))


def world_of(path: Path) -> str:
    """The world that a runbook's second line names, empty for the documented cluster."""
    second = path.read_text().splitlines()[1]
    return second.removeprefix("# world: ") if second.startswith("# world: ") else ""


def test_there_are_enough_of_them() -> None:
    assert len(CASES) >= 25


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_the_defect_is_found_with_its_story(path: Path) -> None:
    expected = path.with_suffix(".expect").read_text().strip()
    told = found(path)
    assert any(one.startswith(expected) for one in told), told
