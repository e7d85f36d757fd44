"""Runbooks in several files, in the hands of the tools: who may write them, what a run records, lint, explain."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from pathlib import Path

import pytest

from svmrun.adapters.registry import REGISTRY
from svmrun.cli.main import main
from svmrun.effects.repository import commit_of
from svmrun.effects.runbook_files import Beside
from svmrun.lint.engine import lint
from tests.running import Scene

GOOD = Path(__file__).parent / "cases" / "reuse" / "good"
PART = "parts/lock.yaml"


@pytest.fixture
def split(tmp_path: Path) -> Path:
    """A runbook whose lock stands in a file of its own."""
    shutil.copytree(GOOD / "include", tmp_path / "split")
    return tmp_path / "split" / "main.yaml"


def test_a_part_that_others_may_write_is_refused(scene: Scene, split: Path) -> None:
    part = split.parent / PART
    part.chmod(0o666)
    refused = scene.run("plan", str(split))
    assert refused.code == 6
    assert f"{part} may be written by everybody" in refused.err


def test_a_run_records_every_file_with_its_digest(scene: Scene, split: Path) -> None:
    scene.host()
    assert scene.execute(split).code == 0
    shown = json.loads(scene.run("show", "last", "--output", "json").out)
    folder = split.parent
    names = [PART, "parts/unlock.yaml", "parts/deeper/release.yaml"]
    assert shown["files"] == {f"{folder}/{n}": hashlib.sha256((folder / n).read_bytes()).hexdigest() for n in names}
    assert PART in scene.run("show", "last").out


def test_a_changed_part_makes_a_runbook_dirty(split: Path) -> None:
    def git(*words: str) -> None:
        who = ("-c", "user.name=tester", "-c", "user.email=tester")
        subprocess.run(("git", *who, *words), cwd=split.parent, check=True, capture_output=True)

    git("init", "-q")
    git("add", "-A")
    git("commit", "-q", "-m", "all")
    files = [split, split.parent / PART]
    commit, dirty = commit_of(files)
    assert (bool(commit), dirty) == (True, False)
    files[1].write_text(files[1].read_text() + "# changed\n")
    assert commit_of(files) == (commit, True)


def test_lint_tells_of_a_part_in_the_part_and_hears_what_is_allowed_there(split: Path) -> None:
    def told() -> list[tuple[str, str]]:
        findings = lint(str(split), split.read_bytes(), REGISTRY, files=Beside(split))
        return [(one.rule.id, one.file) for one in findings if one.file != str(split)]

    part = split.parent / PART
    before = told()
    assert ("SR005", str(part)) in before
    text = part.read_text().replace("  - id: lock\n", "  # svmrun: allow SR005 because it is plain\n  - id: lock\n")
    part.write_text(text)
    assert [one for one in before if one not in told()] == [("SR005", str(part))]


def test_each_finding_is_told_once_of_a_folder(split: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["lint", "--output", "json", str(split.parent)])
    findings = [
        (f["rule"], json.dumps(f["problem"]["position"])) for f in json.loads(capsys.readouterr().out)["findings"]
    ]
    assert len(findings) == len(set(findings))
    assert any(PART in place for _, place in findings)


def test_a_list_of_steps_is_judged_by_itself_as_far_as_that_goes(split: Path) -> None:
    part = split.parent / PART
    found = {one.rule.id for one in lint(str(part), part.read_bytes(), REGISTRY)}
    assert found == {"SR004", "SR005"}


def test_explain_tells_a_called_runbook_as_a_section_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "--output", "markdown", str(GOOD / "call" / "main.yaml")]) == 0
    text = capsys.readouterr().out
    assert "### quiet-moment: window\n\nA moment without writers.\n\n#### Step 2: lock\n" in text
    assert "lockfs -w /global/schost-1" in text


def test_explain_says_what_to_repeat_and_writes_it_out_where_the_list_is_known(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SVMRUN_STATE", str(tmp_path))
    words = ["explain", str(GOOD / "foreach" / "main.yaml")]
    assert main(words) == 0
    assert "Do these steps for each side of {layout.volumes" in capsys.readouterr().out
    assert main([*words, "--simulate"]) == 0
    text = capsys.readouterr().out
    assert "Step 5: Look at a side (schost-1/d30)" in text
    assert "metastat -s schost-1 d30" in text


def test_a_list_of_steps_is_not_run(split: Path, capsys: pytest.CaptureFixture[str]) -> None:
    part = split.parent / PART
    assert main(["plan", str(part), "--simulate"]) == 3
    assert "this is a list of steps, and no runbook" in capsys.readouterr().err
    assert main(["verify", str(part)]) == 0
    assert "it is tried in the runbooks that include it" in capsys.readouterr().err


def test_what_is_included_and_what_is_repeated_is_broken_on_purpose_too(
    split: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["verify", "--mutate", "--jobs", "1", str(split)])
    told = capsys.readouterr().out
    assert f"{split.parent}/{PART}:3:5: the handler of lock taken away: validate:" in told
    main(["verify", "--mutate", "--jobs", "1", str(GOOD / "foreach" / "main.yaml")])
    assert f"{GOOD}/foreach/main.yaml:15:9: the assertion judge taken away" in capsys.readouterr().out
