"""What git itself shows of runbooks, and which merges it makes, after `svmrun git-setup`."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.git_repository import BASE, BROKEN, NAME, Repository
from tests.running import SVMRUN


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """With one runbook in it, set up."""
    made = Repository(tmp_path)
    done = made.svmrun("git-setup")
    assert done.returncode == 0, done.stderr
    made.commit(BASE)
    return made


def test_git_diff_tells_what_changes_for_the_machine(repository: Repository) -> None:
    repository.write("# a comment\n" + BASE.replace("hold: 30s", "hold: 45s"))
    shown = repository.git("diff")
    assert "DANGER  widens-hold  step lock: limit of the hold: 30s -> 45s" in shown
    assert f"a/{NAME}:34 -> b/{NAME}:35" in shown
    assert "+# a comment" not in shown


def test_git_diff_of_another_layout_says_so(repository: Repository) -> None:
    repository.write("# a comment\n" + BASE.replace("hold: 12h", "hold: 720m"))
    assert "no change in what runs" in repository.git("diff")


def test_git_diff_of_a_broken_runbook_tells_its_errors_and_its_lines(repository: Repository) -> None:
    repository.write(BROKEN)
    shown = repository.git("diff")
    assert f"b/{NAME}:34:11: error: 'soon' is not a duration" in shown
    assert "-    hold: 30s\n+    hold: soon" in shown


def test_git_diff_from_a_broken_runbook_goes_on_to_the_next_file(repository: Repository) -> None:
    repository.commit(BROKEN, "runbooks/another.yaml")
    repository.write(BASE, "runbooks/another.yaml")
    repository.write(BASE.replace("timeout: 10h", "timeout: 11h"))
    shown = repository.git("diff")
    assert "a/runbooks/another.yaml:34:11: error:" in shown
    assert "timeout: 10h -> 11h" in shown


def test_git_diff_of_a_new_a_gone_and_a_renamed_runbook(repository: Repository) -> None:
    repository.git("mv", NAME, "runbooks/renamed.yaml")
    repository.write(BASE.replace("hold: 30s", "hold: 45s"), "runbooks/renamed.yaml")
    repository.git("add", "-A")
    renamed = repository.git("diff", "--cached", "-M")
    assert "rename to runbooks/renamed.yaml" in renamed
    assert "limit of the hold: 30s -> 45s" in renamed
    apart = repository.git("diff", "--cached", "--no-renames")
    assert f"a/{NAME}: the runbook is gone" in apart
    assert "b/runbooks/renamed.yaml: a new runbook" in apart
    assert "+ lockfs -w {mount_point}" in apart


def test_git_show_and_git_log_compare_what_runs(repository: Repository) -> None:
    repository.commit("# a comment\n" + BASE.replace("hold: 30s", "hold: 45s"))
    for shown in (repository.git("show"), repository.git("log", "-p", "-1")):
        assert "-    hold: at most 30s, worst case 30s, WRITERS WAIT" in shown
        assert "+    hold: at most 45s, worst case 30s, WRITERS WAIT" in shown
        assert "# a comment" not in shown
    assert "widens-hold" in repository.git("show", "--ext-diff")
    assert "widens-hold" in repository.git("log", "-p", "-1", "--ext-diff")


def test_git_log_through_a_broken_runbook_shows_every_commit(repository: Repository) -> None:
    repository.commit(BROKEN)
    repository.commit(BASE)
    shown = repository.git("log", "-p", "--format=commit %s")
    assert shown.count("commit a change") == 3
    assert "+  34:11: error: 'soon' is not a duration" in shown
    assert "-  34:11: error: 'soon' is not a duration" in shown


def test_git_show_of_another_layout_has_no_lines(repository: Repository) -> None:
    repository.commit("# a comment\n" + BASE.replace("hold: 12h", "hold: 720m"))
    assert "@@" not in repository.git("show")


def test_git_log_follows_a_renamed_runbook(repository: Repository) -> None:
    repository.git("mv", NAME, "runbooks/renamed.yaml")
    repository.commit(BASE.replace("hold: 30s", "hold: 45s"), "runbooks/renamed.yaml")
    shown = repository.git("log", "-p", "--follow", "runbooks/renamed.yaml")
    assert "+    hold: at most 45s" in shown
    assert "rename from" in shown


def test_plan_text_mode_compares_lines_in_git_diff_too(repository: Repository) -> None:
    assert repository.svmrun("git-setup", "--mode", "plan-text").returncode == 0
    repository.write("# a comment\n" + BASE.replace("hold: 30s", "hold: 45s"))
    shown = repository.git("diff")
    assert "+    hold: at most 45s" in shown
    assert "widens-hold" not in shown


def test_a_yaml_file_that_is_no_runbook_is_shown_as_ever(repository: Repository) -> None:
    repository.commit("level: 1\n", "runbooks/nightly.yaml")
    repository.write("level: 2\n", "runbooks/nightly.yaml")
    assert "-level: 1\n+level: 2" in repository.git("diff")


def test_patches_stay_patches(repository: Repository) -> None:
    text = "# a comment\n" + BASE.replace("hold: 30s", "hold: 45s")
    repository.write(text)
    patch = repository.git("diff", "--no-ext-diff", "--no-textconv")
    repository.git("checkout", "--quiet", NAME)
    (repository.folder / "a.patch").write_text(patch)
    repository.git("apply", "a.patch")
    assert (repository.folder / NAME).read_text() == text
    repository.git("commit", "--quiet", "-a", "-m", "wider")
    assert "+# a comment" in repository.git("format-patch", "--stdout", "-1")


def test_git_decides_about_colours(repository: Repository) -> None:
    repository.write(BASE.replace("hold: 30s", "hold: 45s"))
    assert "\x1b[" not in repository.git("diff")
    assert "\x1b[1;31mDANGER" in repository.git("-c", "color.diff=always", "diff")


def merged(repository: Repository, ours: str, theirs: str) -> subprocess.CompletedProcess[str]:
    repository.git("checkout", "--quiet", "-b", "topic")
    repository.commit(theirs)
    repository.git("checkout", "--quiet", "main")
    repository.commit(ours)
    return repository.run("git", "merge", "--no-edit", "topic")


def test_a_merge_that_validates_is_made(repository: Repository) -> None:
    ours, theirs = BASE.replace("hold: 30s", "hold: 45s"), BASE.replace("timeout: 24h", "timeout: 20h")
    done = merged(repository, ours, theirs)
    assert done.returncode == 0, done.stdout + done.stderr
    text = (repository.folder / NAME).read_text()
    assert "hold: 45s" in text
    assert "timeout: 20h" in text


def test_two_steps_of_the_same_id_merge_as_lines_and_are_refused(repository: Repository) -> None:
    step = "  - id: flush\n    command: {argv: [sync]}\n"
    ours = BASE.replace("  - id: announce\n", step + "  - id: announce\n")
    theirs = BASE.replace("  - id: resync\n", step + "  - id: resync\n")
    done = merged(repository, ours, theirs)
    assert done.returncode == 1
    said = done.stdout + done.stderr
    assert f"{NAME}: the lines merge, but the result does not validate" in said
    assert repository.git("diff", "--name-only", "--diff-filter=U").split() == [NAME]
    assert (repository.folder / NAME).read_text().count(step) == 2


def test_a_conflict_of_lines_stays_one(repository: Repository) -> None:
    done = merged(repository, BASE.replace("hold: 30s", "hold: 45s"), BASE.replace("hold: 30s", "hold: 60s"))
    assert done.returncode == 1
    assert "<<<<<<< ours" in (repository.folder / NAME).read_text()


def test_files_that_are_no_runbooks_merge_as_ever(repository: Repository) -> None:
    repository.commit("a: 1\nb: 1\nc: 1\nd: 1\ne: 1\n", "runbooks/nightly.yaml")
    repository.git("checkout", "--quiet", "-b", "topic")
    repository.commit("a: 2\nb: 1\nc: 1\nd: 1\ne: 1\n", "runbooks/nightly.yaml")
    repository.git("checkout", "--quiet", "main")
    repository.commit("a: 1\nb: 1\nc: 1\nd: 1\ne: 2\n", "runbooks/nightly.yaml")
    assert repository.run("git", "merge", "--no-edit", "topic").returncode == 0


def test_setting_up_twice_changes_nothing_and_keeps_other_lines(repository: Repository) -> None:
    attributes = repository.folder / ".gitattributes"
    attributes.write_text("*.bin binary\n" + attributes.read_text())
    before, settings = attributes.read_text(), repository.git("config", "--local", "--list")
    assert repository.svmrun("git-setup").returncode == 0
    assert attributes.read_text() == before
    assert repository.git("config", "--local", "--list") == settings


def test_setting_up_for_all_repositories_writes_into_none(tmp_path: Path) -> None:
    repository = Repository(tmp_path)
    assert repository.svmrun("git-setup", "--global").returncode == 0
    repository.commit(BASE)
    repository.write(BASE.replace("hold: 30s", "hold: 45s"))
    assert "widens-hold" in repository.git("diff")
    assert not (repository.folder / ".gitattributes").exists()


def test_runbooks_that_lie_elsewhere(tmp_path: Path) -> None:
    repository = Repository(tmp_path)
    assert repository.svmrun("git-setup", "ops/*.yml").returncode == 0
    repository.commit(BASE, "ops/backup.yml")
    repository.write(BASE.replace("hold: 30s", "hold: 45s"), "ops/backup.yml")
    assert "widens-hold" in repository.git("diff")


def test_outside_a_repository_there_is_nothing_to_set_up(tmp_path: Path) -> None:
    done = subprocess.run([SVMRUN, "git-setup"], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 3
    assert "not a git repository" in done.stderr
