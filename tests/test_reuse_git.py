"""Runbooks in several files, in git: each revision is read with what lay beside it then."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.git_repository import BASE, NAME, Repository

LOCK = BASE[BASE.index("  - id: lock\n") : BASE.index("  - id: detach\n")]
PART = f"schema: svmrun/v1-steps\nsteps:\n{LOCK}"
SPLIT = BASE.replace(LOCK, "  - include: parts/lock.yaml\n")
IN_PART = "runbooks/parts/lock.yaml"


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """The runbook in one file on main; split on the branch split; the part changed on the branch topic."""
    made = Repository(tmp_path)
    made.commit(BASE)
    made.git("checkout", "--quiet", "-b", "split")
    made.write(PART, IN_PART)
    made.commit(SPLIT)
    made.git("checkout", "--quiet", "-b", "topic")
    made.commit(PART.replace("hold: 30s", "hold: 45s"), IN_PART)
    return made


def runbooks(repository: Repository, *words: str) -> list[Any]:
    done = repository.svmrun("diff", *words, "--output", "json")
    found: list[Any] = json.loads(done.stdout)["runbooks"]
    return found


def test_a_runbook_that_was_split_runs_the_same(repository: Repository) -> None:
    (one,) = runbooks(repository, "main..split")
    assert (one["changes"], one["problems"]) == ([], [])
    (one,) = runbooks(repository, f"main:{NAME}", f"split:{NAME}")
    assert (one["changes"], one["problems"]) == ([], [])


def test_what_changes_in_a_part_shows_in_the_runbook_that_includes_it(repository: Repository) -> None:
    (one,) = runbooks(repository, "split..topic")
    assert (one["before"], one["after"]) == (f"split:{NAME}", f"topic:{NAME}")
    assert one["changes"][0]["danger"] == "widens-hold"
    place = one["changes"][0]["after_at"]
    assert (place["file"], place["line"]) == (f"topic:{IN_PART}", PART.split("hold:")[0].count("\n") + 1)


def test_what_changes_in_a_called_runbook_shows_in_who_calls_it_too(repository: Repository) -> None:
    caller = f"schema: svmrun/v1\nname: nightly\nsteps:\n  - runbook: {Path(NAME).name}\n    id: it\n"
    caller += "    parameters: {mirror: d0, mount_point: /export}\n"
    repository.commit(caller, "runbooks/nightly.yaml")
    repository.write(SPLIT.replace("hold: 12h", "hold: 13h"))
    own, through = runbooks(repository, "topic")
    assert (own["after"], through["after"]) == (NAME, "runbooks/nightly.yaml")
    assert [change["where"] for change in through["changes"]] == ["step it-detach"]
    assert through["changes"][0]["after_at"]["file"] == NAME


def test_the_working_tree_is_compared_with_its_own_parts(repository: Repository) -> None:
    repository.write(PART.replace("hold: 30s", "hold: 50s"), IN_PART)
    (one,) = runbooks(repository, "topic")
    assert one["after"] == NAME
    assert one["changes"][0]["after_at"]["file"] == IN_PART


def test_a_part_that_nothing_includes_is_compared_by_itself(repository: Repository) -> None:
    repository.commit(PART.replace("30s", "50s"), "runbooks/parts/other.yaml")
    (one,) = runbooks(repository, "topic~..topic")
    assert (one["before"], one["after"]) == ("", "topic:runbooks/parts/other.yaml")


def test_a_part_that_is_not_there_is_told(repository: Repository) -> None:
    repository.git("rm", "--quiet", IN_PART)
    repository.git("commit", "--quiet", "-m", "gone")
    (one,) = runbooks(repository, "topic~..topic")
    assert [problem["message"] for problem in one["problems"]] == [f"there is no file {IN_PART} in topic"]


def test_git_shows_a_split_as_no_change_and_a_part_as_its_change(repository: Repository) -> None:
    assert repository.svmrun("git-setup").returncode == 0
    shown = repository.git("diff", "main", "split", "--", NAME)
    assert "no change in what runs" in shown
    log = repository.git("log", "-p", "--ext-diff", "--format=", "main..topic", "--", "runbooks")
    assert "no change in what runs" in log
    assert "45s" in log
    repository.write(SPLIT.replace("hold: 12h", "hold: 13h"))
    assert "13h" in repository.git("diff", "--", NAME)
    repository.git("add", "-A")
    assert "13h" in repository.git("diff", "--cached", "--", NAME)


def test_git_compares_the_text_of_a_runbook_with_its_parts(repository: Repository) -> None:
    """Git hands out a copy without its revision: the likeliest one is taken, what is checked out."""
    assert repository.svmrun("git-setup", "--mode", "plan-text").returncode == 0
    repository.git("checkout", "--quiet", "split")
    assert repository.git("diff", "main", "split", "--", NAME) == ""


def test_a_merge_that_brings_the_part_along_is_good(repository: Repository) -> None:
    assert repository.svmrun("git-setup").returncode == 0
    repository.git("checkout", "--quiet", "main")
    repository.commit(BASE.replace("timeout: 10h", "timeout: 9h"))
    repository.git("merge", "--quiet", "--no-edit", "topic")
    assert repository.svmrun("validate", NAME).returncode == 0


def test_a_merge_whose_part_is_nowhere_is_refused(repository: Repository) -> None:
    assert repository.svmrun("git-setup").returncode == 0
    repository.git("rm", "--quiet", IN_PART)
    repository.git("commit", "--quiet", "-m", "gone")
    repository.git("checkout", "--quiet", "main")
    repository.commit(BASE.replace("timeout: 10h", "timeout: 9h"))
    done = repository.run("git", "merge", "--quiet", "--no-edit", "topic")
    assert done.returncode != 0
    assert f"there is no file {IN_PART}" in done.stderr
