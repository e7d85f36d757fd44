"""Runbooks that include lists of steps, call others, and repeat steps: what they mean, and where errors stand."""

from __future__ import annotations

import json
import os
import random
import shutil
from pathlib import Path
from typing import Any

import pytest

from svmrun.adapters.registry import REGISTRY, adapters
from svmrun.cli.main import main
from svmrun.effects.runbook_files import Beside
from svmrun.errors import InvalidInput
from svmrun.plan.digest import plan_hash
from svmrun.plan.model import Plan, PlannedStep
from svmrun.review.compare import compare
from svmrun.runbook import template
from svmrun.runbook.load import load_runbook
from svmrun.runbook.model import Runbook, Step
from svmrun.runbook.parameters import Origins, given
from svmrun.runbook.source import load
from svmrun.runbook.substitution import Substitution, literal
from svmrun.simulator.world_file import load_world
from svmrun.verify.prepare import Preparation
from tests.split_runbooks import Shelves, Splitter
from tests.verifying import RUNBOOKS, preparation, verified

CASES = Path(__file__).parent / "cases" / "reuse"
GOOD = sorted(path.parent for path in (CASES / "good").glob("*/main.yaml"))
BAD = sorted(path.parent for path in (CASES / "bad").glob("*/main.yaml"))
WHOLE = sorted([*RUNBOOKS.glob("*.yaml"), *(CASES.parent / "runbooks" / "good").glob("*.yaml")])


def read(path: Path) -> Runbook:
    return load_runbook(str(path), path.read_bytes(), REGISTRY, Beside(path))


def plan_of(path: Path) -> Plan:
    return preparation(path).desk().plan


@pytest.mark.parametrize("folder", BAD, ids=lambda path: path.name)
def test_what_is_wrong_is_told_in_the_file_where_it_stands(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """In a folder of its own: within this repository more would be in reach."""
    shutil.copy(CASES / "bad" / "out-of-reach.yaml", tmp_path)
    shutil.copytree(folder, tmp_path / "it", symlinks=True)
    monkeypatch.chdir(tmp_path / "it")
    assert main(["validate", "main.yaml"]) == 3
    told = capsys.readouterr().out.replace(str(tmp_path), "FOLDER")
    assert told == (folder / "errors").read_text(encoding="utf-8")


@pytest.mark.parametrize("folder", GOOD, ids=lambda path: path.name)
def test_a_good_one_ends_well_and_every_file_of_it_can_be_formatted(folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / folder.name
    shutil.copytree(folder, copy)
    before = plan_of(copy / "main.yaml")
    assert main(["fmt", str(copy)]) == 0
    assert main(["fmt", "--check", str(copy)]) == 0
    assert main(["validate", str(copy)]) == 0
    assert plan_hash_of(before) == plan_hash_of(plan_of(copy / "main.yaml"))
    assert verified(copy / "main.yaml").stories > 0


def plan_hash_of(plan: Plan) -> str:
    return plan_hash(plan, adapters(), template)


@pytest.mark.parametrize("path", WHOLE, ids=lambda path: path.stem)
def test_a_runbook_split_at_random_runs_the_same(path: Path) -> None:
    document = load(path.name, path.read_bytes())[0]
    whole = load_runbook(path.name, path.read_bytes(), REGISTRY)
    for seed in range(8):
        shelves = Splitter(random.Random(f"{path.name} {seed}")).split(document)
        split = load_runbook("main.yaml", shelves.read("main.yaml"), REGISTRY, shelves)
        assert compare(whole, split, adapters()).changes == ()
        assert split.source.others.keys() == shelves.files.keys() - {"main.yaml"}


@pytest.mark.parametrize("name", ["mirror-backup", "mirror-backup-offline"])
def test_the_hash_of_a_plan_does_not_know_into_how_many_files_its_runbook_is_split(name: str) -> None:
    path = RUNBOOKS / f"{name}.yaml"
    world = load_world("schost", load)
    whole = plan_of(path)
    for seed in range(6):
        shelves = Splitter(random.Random(seed)).split(load(path.name, path.read_bytes())[0])
        split = load_runbook("main.yaml", shelves.read("main.yaml"), REGISTRY, shelves)
        values = given(split, Origins(fallback=world.parameters))
        assert plan_hash_of(Preparation(split, adapters(), world, values).desk().plan) == plan_hash_of(whole)


def test_what_is_repeated_is_planned_as_if_it_were_written_by_hand() -> None:
    repeated, by_hand = (plan_of(CASES / "good" / "foreach" / f"{name}.yaml") for name in ("main", "by-hand"))
    assert list(map(deeds, repeated.steps)) == list(map(deeds, by_hand.steps))
    assert [step.name for step in repeated.steps[:2]] == ["Look at a side (schost-1/d10)", "judge (schost-1/d10)"]


def deeds(step: PlannedStep) -> Any:
    """What a step does, every expression by its value: the one that repeats writes it out."""
    text = json.dumps([step.id, step.when, step.action and step.action.arguments], sort_keys=True)
    return text.replace("{{ 'schost-1/", "").replace("' }} is gone", " is gone")


def test_a_called_runbook_has_names_of_its_own_and_its_checks_are_judged_at_the_start() -> None:
    book = read(CASES / "good" / "call" / "main.yaml")
    assert [parameter.name for parameter in book.parameters if parameter.bound] == [
        *("quiet_moment__mount_point", "quiet_moment__wanted", "again__mount_point", "again__wanted")
    ]
    assert [check.that for check in book.checks] == [
        f"{name}__locks.filesystems[0].lock == 'unlock'" for name in ("quiet_moment", "again")
    ]
    proof = next(step for step in book.steps if isinstance(step, Step) and step.id == "quiet-moment-prove")
    assert proof.action.arguments["that"] == "steps['quiet-moment-look'].result.filesystems[0].lock == 'write'"
    assert str(book.source.position(proof.path)) == f"{CASES}/good/call/called/window.yaml:21:5"


def test_the_parameters_of_a_call_cannot_be_given_from_outside(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["plan", str(CASES / "good/call/main.yaml"), "--simulate", "-p", "again__wanted=/x"]
    assert main(words) == 3
    assert "the runbook has no parameter 'again__wanted'" in capsys.readouterr().err


def test_a_list_that_is_none_is_told_before_anything_is_changed(tmp_path: Path) -> None:
    text = (CASES / "good" / "foreach" / "main.yaml").read_text().replace(".submirrors }}", ".type }}")
    (tmp_path / "main.yaml").write_text(text)
    with pytest.raises(InvalidInput, match=r"main.yaml:9:14: error: this must be a list, not 'mirror'"):
        plan_of(tmp_path / "main.yaml")


DEFECT = """\
  - id: lock
    lockfs: {mode: write, mount_point: "%s"}
    rollback:
      lockfs: {mode: write, mount_point: "%s"}
    hold: 40s
  - release: lock
"""
PART = "schema: svmrun/v1-steps\nsteps:\n"
CALLED = "schema: svmrun/v1\nname: called\nparameters:\n  mount: {type: string}\nsteps:\n"


@pytest.mark.parametrize(
    ("files", "place", "step"),
    [
        (
            {"main.yaml": "  - include: part.yaml\n", "part.yaml": PART + DEFECT % (("/global/schost-1",) * 2)},
            "part.yaml:3:5",
            "lock",
        ),
        (
            {
                "main.yaml": "  - runbook: called.yaml\n    id: it\n    parameters: {mount: /global/schost-1}\n",
                "called.yaml": CALLED + DEFECT % (("{{ mount }}",) * 2),
            },
            "called.yaml:6:5",
            "it-lock",
        ),
        (
            {
                "main.yaml": "  - foreach: [/global/schost-1]\n    as: mount\n    steps:\n      - include: part.yaml\n",
                "part.yaml": PART + DEFECT % (("{{ mount }}",) * 2),
            },
            "part.yaml:3:5",
            "lock-1",
        ),
    ],
    ids=["include", "call", "foreach"],
)
def test_verify_finds_a_defect_in_its_own_file(tmp_path: Path, files: dict[str, str], place: str, step: str) -> None:
    for name, text in files.items():
        head = "schema: svmrun/v1\nname: defect\nsteps:\n" if name == "main.yaml" else ""
        (tmp_path / name).write_text(head + text)
    found = {(v.position, v.step) for v in verified(tmp_path / "main.yaml").violations}
    assert (f"{tmp_path}/{place}", step) in found


@pytest.mark.parametrize("written", ["a" * 300 + ".yaml", "circle.yaml", "folder", "pipe.yaml", "é x.yaml"])
def test_what_is_no_file_is_said_where_it_is_named(tmp_path: Path, written: str) -> None:
    (tmp_path / "circle.yaml").symlink_to("circle.yaml")
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe.yaml")
    (tmp_path / "main.yaml").write_text(f"schema: svmrun/v1\nname: x\nsteps:\n  - include: {written}\n")
    with pytest.raises(InvalidInput) as caught:
        read(tmp_path / "main.yaml")
    (problem,) = caught.value.problems
    assert problem.message.startswith("there is no file")
    assert problem.position
    assert (problem.position.line, problem.position.column) == (4, 14)


def test_a_text_by_itself_is_read_without_what_it_brings_in() -> None:
    text = (
        "schema: svmrun/v1\nname: x\nsteps:\n  - include: a.yaml\n  - runbook: b.yaml\n    id: b\n  - release: lock\n"
    )
    book = load_runbook("x.yaml", text.encode(), REGISTRY)
    assert book.unread == (("steps", 0), ("steps", 1))


def test_more_files_than_anybody_could_review_are_refused() -> None:
    part = PART + "  - include: leaf.yaml\n" * 30
    files = {"main.yaml": "schema: svmrun/v1\nname: x\nsteps:\n" + "  - include: part.yaml\n" * 30, "part.yaml": part}
    files["leaf.yaml"] = PART + "  - {id: a, command: {argv: [ls]}}\n"
    with pytest.raises(InvalidInput, match="more than 200 files are brought in"):
        load_runbook("main.yaml", files["main.yaml"].encode(), REGISTRY, Shelves(files))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("side", "'d2'"),
        ("a.side + b['side'] + side", "a.side + b['side'] + 'd2'"),
        ("side | side | default(side, side=side)", None),
        ("side | default(side, boolean=m)", "'d2' | default('d2', boolean=it__m)"),
        ("m is defined and m is not none", "it__m is defined and it__m is not none"),
        ("{'side': side}['side'] [m] . m", "{'side': 'd2'}['side'] [it__m] . m"),
        (
            "steps.a.result.m + steps['a-b'].m ~ before.m",
            "steps['it-a'].result.m + steps['it-a-b'].m ~ before['it__m']",
        ),
        ("steps.other.m", "steps.other.m"),
        ("steps[m]", None),
        ("steps", None),
        ("'side' if side else \"m\"", "'side' if 'd2' else \"m\""),
    ],
)
def test_only_names_are_replaced_in_expressions(before: str, after: str | None) -> None:
    members = {"steps": {"a": "it-a", "a-b": "it-a-b"}, "before": {"m": "it__m"}}
    substitution = Substitution({"side": literal("d2"), "m": "it__m"}, members)
    if after is None:
        with pytest.raises(template.TemplateError):
            substitution.bare(before)
    else:
        assert substitution.bare(before) == after
        assert substitution.text(f"x {{{{ {before} }}}}") == f"x {{{{ {after} }}}}"


@pytest.mark.parametrize("value", [None, True, -1, 1.5, "it's \"\\ }} é 😀\n", ["a", [1]], {"a b": {"c": None}}])
def test_a_value_is_written_into_an_expression_as_it_is(value: Any) -> None:
    assert template.render("{{" + literal(value) + "}}", {}) == value


SAY = "  - {id: say, command: {argv: [echo, hello]}}\n"
EACH = "  - foreach: [a, b]\n    as: word\n    steps:\n      - {id: say, command: {argv: [echo, hello]}}\n"
CALL = "  - runbook: called.yaml\n    id: it\n    parameters: {mount: /a}\n"


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (SAY, EACH, [("changes-condition", 'step say: done once -> for each word of ["a", "b"]')]),
        (
            EACH,
            EACH.replace("[a, b]", "[a, b, c]"),
            [("changes-condition", 'step say: done for each word of ["a", "b"] -> for each word of ["a", "b", "c"]')],
        ),
        (EACH, EACH.replace("[a, b]", "\n      - 'a'\n      - b"), []),
        (CALL, CALL.replace("/a", "/b"), [("changes-device", "parameter it__mount: value: /a -> /b")]),
    ],
    ids=["repeated", "list", "layout", "argument"],
)
def test_what_changes_in_reuse_is_told(before: str, after: str, told: list[tuple[str, str]]) -> None:
    called = CALLED + "  - {id: look, lockfs: {mode: status, mount_point: '{{ mount }}'}}\n"
    old, new = (
        load_runbook(
            "main.yaml",
            f"schema: svmrun/v1\nname: x\nsteps:\n{text}".encode(),
            REGISTRY,
            Shelves({"called.yaml": called}),
        )
        for text in (before, after)
    )
    changes = compare(old, new, adapters()).changes
    assert [(change.danger, f"{change.where}: {change.text}") for change in changes] == told
