"""verify: what is tried, how it is counted, and that a story told alone ends as the exploration says."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from svmrun.cli.main import main
from svmrun.runbook.source import load
from svmrun.verify.ending import findings
from svmrun.verify.explore import Graph, way_without_failure
from svmrun.verify.keys import Keys
from svmrun.verify.kinds import KINDS, Injection
from svmrun.verify.mutants import NOTHING
from svmrun.verify.mutate import Laboratory
from svmrun.verify.replayed import replayed
from svmrun.verify.story import parse, tell
from svmrun.verify.tally import tally
from svmrun.verify.whole import harvest
from tests.verifying import DEFECTS, RUNBOOKS, desk, preparation, verified

ROOT = Path(__file__).parent.parent


def explored(depth: int, first: int = 0, last: int | None = None) -> Graph:
    """The stories that begin with these of the first failures, counted from the start of the run."""
    backup = desk()
    _way, starts = way_without_failure(backup)
    graph = Graph(backup, depth)
    graph.explore(starts[first:last])
    return graph


def test_the_shipped_backup_survives_every_single_failure() -> None:
    result = verified(RUNBOOKS / "mirror-backup.yaml")
    assert result.ok, result.violations
    assert result.stories > 400
    assert {row.where for row in result.matrix} >= {"layout", "check 1", "lock", "detach", "dump", "guard", "end"}
    assert all(h.rollbacks and h.guard for h in result.handlers if h.step in ("lock", "detach"))


def test_every_allowance_that_was_used_is_named_with_its_number() -> None:
    once = verified(RUNBOOKS / "mirror-backup.yaml")
    granted = {one.name: one.number for one in once.judged_with}
    assert granted["guard"] == 0.5
    assert granted["recovery"] == 60
    assert "tries" not in granted, "a single failure is made good within the limit"
    assert all(f"{one.number:g}" in one.words for one in once.judged_with if one.number)
    assert not {one.name for one in verified(RUNBOOKS / "mirror-status.yaml").judged_with} & {"guard", "recovery"}


def test_a_try_that_failed_is_granted_no_more_than_what_it_took() -> None:
    """A lie of the guard's first release costs a nap of 0.2 s; one that hangs the ten seconds of lockfs, too."""
    backup = desk()
    stalled = next(n for n, one in enumerate(way_without_failure(backup)[0]) if one.scene.watch.locked)
    for kind, seconds in (("lie", 0.2), ("timeout", 10.2)):
        story = tell(backup, [Injection(stalled, "stalled"), Injection(stalled, kind)])
        assert not story.findings
        assert backup.allowed.seconds["tries"] == pytest.approx(seconds)


def test_the_shipped_copy_of_a_frozen_file_system_survives_every_single_failure() -> None:
    """Nothing tells whether a file system is frozen, so what cannot be found out is named as not tried."""
    result = verified(RUNBOOKS / "freeze-copy-backup.yaml", "linux")
    assert result.ok, result.violations
    assert result.not_modelled == ()
    assert [line.partition(" (")[0] for line in result.not_tried[-2:]] == [
        "an undoing of freeze",
        "a lock of somebody else that freeze",
    ]


def test_every_kind_of_failure_is_tried() -> None:
    result = verified(RUNBOOKS / "mirror-backup.yaml")
    assert {cell.kind for row in result.matrix for cell in row.cells} == set(KINDS)


def test_stories_told_alone_end_as_the_exploration_says() -> None:
    graph = explored(2, 100, 112)
    keys = Keys(graph.desk)
    ends = [number for number, node in enumerate(graph.nodes) if not node.edges]
    for number in ends[:: max(1, len(ends) // 25)]:
        node = graph.nodes[number]
        scene, wrong = replayed(graph.desk, graph.story(number))
        assert wrong is None
        assert tuple(findings(graph.desk, scene)) == node.findings
        if node.scene.durable is None:
            assert keys.of(scene) == keys.of(node.scene)


def test_ways_through_the_graph_are_all_stories() -> None:
    """Counted over the graph, and walked one by one."""
    graph = explored(2, 40, 44)
    counted = sum(tally(graph).ends)
    waiting, walked = list(graph.starts), 0
    while waiting:
        edges = graph.nodes[waiting.pop()].edges
        walked += not edges
        waiting += [edge.target for edge in edges]
    assert walked == counted


def test_stories_shared_out_over_processes_are_the_same() -> None:
    alone, shared = harvest(desk(), 1), harvest(desk(), 1, jobs=2)
    assert (alone.stories, alone.cells, alone.violating) == (shared.stories, shared.cells, shared.violating)


def test_a_story_is_told_with_lock_and_mirror_after_each_step() -> None:
    backup = desk()
    whole = tell(backup, [])
    detached = next(line.turn for line in whole.lines if line.what.startswith("do detach"))
    story = tell(backup, [Injection(detached, "timeout-after")])
    assert story.verdict == "rolled back"
    assert not story.findings
    hit = next(line for line in story.lines if line.injected)
    assert hit.locks == "/global/schost-1 write-locked"
    assert hit.mirror == "schost-1/d0: d10 d20"
    assert hit.position.startswith(str(RUNBOOKS / "mirror-backup.yaml"))
    assert story.lines[-1].locks == "no lock"


@pytest.mark.parametrize("code", ["3:killed-2a", "4:late+7:both-killed-1b", "12:guard-killed"])
def test_the_code_of_a_story_can_be_read_again(code: str) -> None:
    assert "+".join(one.code for one in parse(code)) == code


def test_a_code_that_tells_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="tells of no failure"):
        Injection.parse("4:earthquake")


def test_a_violation_names_its_place_and_its_shortest_story(capsys: pytest.CaptureFixture[str]) -> None:
    file = DEFECTS / "detach-without-handler.yaml"
    assert main(["verify", str(file), "--jobs", "1"]) == 1
    told = capsys.readouterr().out
    assert f"{file}:17:5: VIOLATED: the mirror becomes whole [whole]" in told
    assert "to mend it:" in told
    assert "schost-1/d0: d10 d20" in told


def test_json_fits_its_schema(capsys: pytest.CaptureFixture[str]) -> None:
    main(["verify", str(DEFECTS / "detach-without-handler.yaml"), "--jobs", "1", "--output", "json"])
    schema = json.loads((ROOT / "schemas" / "verify-v1.schema.json").read_text())
    document = json.loads(capsys.readouterr().out)
    Draft202012Validator(schema).validate(document)
    assert document["ok"] is False


def test_junit_has_a_case_for_each_place_and_a_failure_for_each_violation(capsys: pytest.CaptureFixture[str]) -> None:
    main(["verify", str(DEFECTS / "detach-without-handler.yaml"), "--jobs", "1", "--output", "junit"])
    suite = ElementTree.fromstring(capsys.readouterr().out)[0]
    failed = [case.get("name") for case in suite.iter("testcase") if case.find("failure") is not None]
    assert failed == ["detach"]
    assert suite.get("failures") == "1"


def test_one_story_is_told_whole(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", str(RUNBOOKS / "mirror-backup.yaml"), "--story", "4:killed-2a"]) == 0
    told = capsys.readouterr().out
    assert "svmrun recover takes the run over" in told
    assert "nothing is wrong at its end" in told


def test_a_story_that_cannot_happen_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", str(RUNBOOKS / "mirror-backup.yaml"), "--story", "0:stopped"]) == 2
    assert "cannot happen" in capsys.readouterr().err


def test_a_run_that_would_not_start_is_said_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", str(RUNBOOKS / "mirror-backup.yaml"), "--world", "locked"]) == 6
    assert "would not start there" in capsys.readouterr().out


def test_what_is_broken_on_purpose_is_noticed_or_said_to_protect_nothing(tmp_path: Path) -> None:
    book = tmp_path / "no-jobs.yaml"
    book.write_text((DEFECTS / "own-invariant-broken.yaml").read_text().partition("invariants:")[0])
    prepared = preparation(book)
    source = prepared.runbook.source
    document, _ = load(source.file, source.text.encode())
    known = (prepared.adapters, prepared.world, prepared.given)
    told = {m.what: m for m in Laboratory(prepared.runbook, document, *known).mutants(1)}
    assert told["the handler of no-jobs taken away"].noticed.startswith("truth: ")
    assert told["the handler of no-jobs with action disable"].noticed
    assert told["the release of no-jobs taken away"].noticed == "validate: the hold of 'no-jobs' is never released"
    assert told["the time-out of no-jobs taken away"].meaning == NOTHING
    assert all(bool(m.noticed) != bool(m.meaning) for m in told.values())


@pytest.mark.parametrize(
    ("defect", "found"),
    [("database-stays-suspended", "books is suspended"), ("own-invariant-broken", "cron must not run after this")],
)
def test_models_and_invariants_of_the_runbook_are_heeded(defect: str, found: str) -> None:
    result = verified(DEFECTS / f"{defect}.yaml")
    assert any(found in violation.message for violation in result.violations)
    assert result.not_modelled == ()


def test_a_program_without_a_model_is_said_aloud(tmp_path: Path) -> None:
    book = tmp_path / "unknown.yaml"
    book.write_text("schema: svmrun/v1\nname: unknown\nsteps:\n  - {id: shout, command: {argv: /opt/bin/shout}}\n")
    result = verified(book)
    assert result.not_modelled == (f"shout ({book}:4:5): shout fails in every way, and does nothing to disks",)


def test_several_runbooks_are_verified_each_in_a_world_of_its_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, like in (("mirror-status", "schost"), ("raw-volume-backup", "raw-volume")):
        (tmp_path / f"{name}.yaml").write_text(f"schema: svmrun-world/v1\nname: of-{name}\nlike: {like}\n")
    books = [str(RUNBOOKS / f"{name}.yaml") for name in ("mirror-status", "raw-volume-backup")]
    assert main(["verify", *books, "--world", str(tmp_path), "--jobs", "1"]) == 0
    told = capsys.readouterr().out
    assert "in the world of-mirror-status" in told
    assert "in the world of-raw-volume-backup" in told
