"""Without a world that is named, a runbook is tried in the one that names it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from svmrun.cli.main import main
from svmrun.cli.worlds import own_world
from svmrun.errors import InvalidInput
from svmrun.runbook.source import load
from svmrun.simulator.world_file import SHIPPED, world_for
from tests.running import RUNBOOKS, Scene

SHIPPED_RUNBOOKS = sorted(path.stem for path in RUNBOOKS.glob("*.yaml"))


@pytest.mark.parametrize("runbook", SHIPPED_RUNBOOKS)
def test_every_shipped_runbook_fits_its_own_world(runbook: str, scene: Scene) -> None:
    """Its facts can be read there, and all checks hold."""
    ended = scene.run("plan", str(RUNBOOKS / f"{runbook}.yaml"), "--simulate", "--time-scale", "0")
    assert ended.code == 0, ended.said


@pytest.mark.thorough
@pytest.mark.parametrize("runbook", SHIPPED_RUNBOOKS)
def test_every_shipped_runbook_runs_to_its_end_in_its_own_world(runbook: str, scene: Scene) -> None:
    ended = scene.run("execute", str(RUNBOOKS / f"{runbook}.yaml"), "--simulate", "--time-scale", "0")
    assert ended.code == 0, ended.said


def test_verify_explain_and_diff_take_the_same_world(scene: Scene) -> None:
    runbook = RUNBOOKS / "btrfs-snapshot-backup.yaml"
    told = scene.run("verify", str(runbook), "--jobs", "1")
    assert (told.code, "in the world btrfs" in told.out) == (0, True), told.said
    told = scene.run("explain", str(runbook), "--simulate")
    assert (told.code, "btrfs subvolume delete /srv/data/.svmrun-snapshot" in told.out) == (0, True), told.said
    (scene.folder / "other.yaml").write_text(runbook.read_text().replace("hold: 14h", "hold: 15h"))
    told = scene.run("diff", str(runbook), "other.yaml", "--verify")
    assert re.search(r"verify: 0 of \d+ stories end wrong", told.out), told.said


def test_a_runbook_that_no_world_names_is_tried_on_the_documented_cluster() -> None:
    assert own_world("quiet-moment") == "schost"


def test_shipped_worlds_name_shipped_runbooks_each_once() -> None:
    worlds = [load(str(path), path.read_bytes())[0] for path in SHIPPED.glob("*.yaml")]
    named = [runbook for world in worlds for runbook in world.get("runbooks", ())]
    assert set(named) <= set(SHIPPED_RUNBOOKS)
    assert len(named) == len(set(named))


def test_of_a_folder_of_worlds_the_one_that_names_the_runbook_is_taken(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    head = "schema: svmrun-world/v1\nlike: schost\n"
    (tmp_path / "one.yaml").write_text(f"{head}name: one\nrunbooks: [mirror-backup, mirror-status]\n")
    (tmp_path / "two.yaml").write_text(f"{head}name: two # not for mirror-status\n")
    words = ["verify", str(RUNBOOKS / "mirror-status.yaml"), "--jobs", "1", "--world", str(tmp_path)]
    assert main(words) == 0
    assert "in the world one" in capsys.readouterr().out


def test_two_worlds_that_name_a_runbook_are_an_error_at_its_place(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / f"{name}.yaml").write_text(f"schema: svmrun-world/v1\nname: {name}\nlike: md\nrunbooks: [a, b]\n")
    with pytest.raises(InvalidInput) as refused:
        world_for("b", load, tmp_path)
    (problem,) = refused.value.problems
    assert f"{problem.position}" == f"{tmp_path}/two.yaml:4:11"
    assert problem.message == f"{tmp_path}/one.yaml names the runbook b, too: one world serves it"
