"""SIGKILL at chosen records of the journal: the guard releases, `svmrun recover` ends the run, nothing stays held.

All records of all runbooks, and any number of random moments, are played by benchmarks.kills.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from svmrun.effects.journal import Journal
from tests.kill_stories import WORLDS, Nursery, RandomKill, nursery, tell
from tests.nursery import Kill
from tests.running import Scene, memory_folder

# Where a mistake would cost most: (record, step, role, moment, victims).
MOMENTS = [
    ("RunStarted", "", "", "after", "runner"),
    ("GuardArmed", "", "", "before", "runner"),
    ("GuardArmed", "", "", "after", "all"),
    ("ActionStarted", "lock", "forward", "after", "runner"),
    ("ActionStarted", "lock", "forward", "after", "both"),
    ("ActionEnded", "lock", "forward", "before", "runner"),
    ("ActionEnded", "lock", "forward", "after", "group"),
    ("ActionEnded", "lock", "forward", "after", "guard-alone"),
    ("ActionStarted", "detach", "forward", "after", "runner"),
    ("ActionStarted", "lock", "release", "after", "runner"),
    ("ActionEnded", "lock", "release", "before", "all"),
    ("ActionEnded", "dump", "forward", "before", "guard"),
    ("ActionStarted", "detach", "release", "after", "both"),
    ("ActionEnded", "detach", "release", "before", "group"),
    ("RunEnded", "", "", "before", "runner"),
]


@pytest.fixture(scope="module")
def runner() -> Iterator[Nursery]:
    with nursery() as made:
        yield made


@pytest.fixture(scope="module")
def events(runner: Nursery, tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, str, str]]:
    """What a run of mirror-backup records that nobody kills."""
    with memory_folder() as memory:
        scene = Scene(tmp_path_factory.mktemp("undisturbed"), memory)
        scene.host()
        assert runner.run(scene, "execute", "mirror-backup", "--simulate", str(scene.folder / "host")).code == 0
        (journal,) = (scene.state / "runs").glob("*/journal.jsonl")
    return [(type(x).__name__, getattr(x, "step", ""), getattr(x, "role", "")) for x in Journal.read(journal)[0]]


@pytest.mark.parametrize(("record", "step", "role", "moment", "victims"), MOMENTS)
def test_a_kill_at_this_record_leaves_nothing_held(
    runner: Nursery,
    scene: Scene,
    events: list[tuple[str, str, str]],
    record: str,
    step: str,
    role: str,
    moment: str,
    victims: str,
) -> None:
    kill = Kill(events.index((record, step, role)) + 1, moment, victims)
    story = tell(runner, scene, "mirror-backup", kill)
    assert not story.problems


@pytest.mark.parametrize("number", [1, 6, 11])
def test_a_recovery_that_is_killed_is_recovered(runner: Nursery, scene: Scene, number: int) -> None:
    story = tell(runner, scene, "mirror-backup", Kill(18, "after", "all"), recovery=Kill(number, "after"))
    assert story.held_at_death
    assert not story.problems


@pytest.mark.parametrize("number", [40, 43])
def test_a_kill_in_the_midst_of_a_rollback_leaves_nothing_held(runner: Nursery, scene: Scene, number: int) -> None:
    story = tell(runner, scene, "mirror-backup", Kill(number, "before"), "ufsdump=fail")
    assert not story.problems


@pytest.mark.parametrize("runbook", sorted(WORLDS))
def test_a_kill_at_any_moment_leaves_nothing_held(runner: Nursery, scene: Scene, runbook: str) -> None:
    dice = random.Random(runbook)
    story = tell(runner, scene, runbook, RandomKill.choose(dice))
    assert not story.problems
