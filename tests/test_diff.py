"""What changes for the machine between two runbooks."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import yaml

from svmrun.adapters.registry import adapters
from svmrun.errors import InvalidInput
from svmrun.review.compare import compare
from svmrun.review.model import DANGERS, MEANINGS, Change, level
from svmrun.review.order import moved
from svmrun.runbook import model
from svmrun.runbook.load import load_runbook
from svmrun.runbook.model import Runbook
from svmrun.runbook.source import load

CASES = Path(__file__).parent / "cases" / "diff"
BASE = (CASES / "base.yaml").read_text()
SHIPPED = sorted((Path(__file__).parents[1] / "runbooks").glob("*.yaml"))


def cases(name: str) -> Any:
    return [pytest.param(case, id=case["name"]) for case in yaml.safe_load((CASES / name).read_text())]


def runbook(text: str, name: str = "after.yaml") -> Runbook:
    return load_runbook(name, text.encode(), adapters())


def edited(case: dict[str, Any]) -> Runbook:
    text = BASE
    for edit in case["edits"]:
        assert edit["old"] in text
        text = text.replace(edit["old"], edit["new"], 1)
    return runbook(text)


def line(change: Change) -> str:
    places = [str(at.line) if at else "-" for at in (change.before_at, change.after_at)]
    return " | ".join([change.danger, change.where, change.text, *places])


@pytest.mark.parametrize("case", cases("changes.yaml"))
def test_a_change_is_told_with_its_danger_and_its_lines(case: dict[str, Any]) -> None:
    found = compare(runbook(BASE), edited(case), adapters())
    assert [line(change) for change in found.changes] == case["changes"]
    assert not found.runs_the_same


@pytest.mark.parametrize("case", cases("same.yaml"))
def test_what_is_written_in_another_way_runs_the_same(case: dict[str, Any]) -> None:
    assert compare(runbook(BASE), edited(case), adapters()).runs_the_same


def test_a_change_in_both_directions_is_told_both_times() -> None:
    for case in yaml.safe_load((CASES / "changes.yaml").read_text()):
        assert not compare(edited(case), runbook(BASE), adapters()).runs_the_same, case["name"]


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_another_layout_without_comments_and_with_keys_in_any_order_is_no_change(path: Path) -> None:
    document, _source = load(str(path), path.read_bytes())
    before = runbook(path.read_text())
    for seed in range(3):
        after = runbook(json.dumps(shuffled(document, random.Random(seed)), indent=seed))
        assert compare(before, after, adapters()).changes == ()


def shuffled(value: Any, chance: random.Random) -> Any:
    """Facts keep their order: they are read in it."""
    if isinstance(value, list):
        return [shuffled(member, chance) for member in value]
    if not isinstance(value, dict):
        return value
    members = [(key, member if key == "facts" else shuffled(member, chance)) for key, member in value.items()]
    chance.shuffle(members)
    return dict(members)


def test_no_change_of_a_value_that_still_validates_goes_unnoticed() -> None:
    document, _source = load("base.yaml", BASE.encode())
    before = runbook(BASE)
    missed, tried = [], 0
    for way, changed in mutations(document):
        try:
            after = runbook(json.dumps(changed))
        except InvalidInput:
            continue
        tried += 1
        if compare(before, after, adapters()).changes == ():
            missed.append(way)
    assert missed == []
    assert tried > 20


def mutations(document: Any) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Each value changed on its own, each member left away on its own."""
    for way, value in leaves(document):
        if way[-1] not in ("examples", "schema") and "examples" not in way:
            yield way, put(document, way, other(value))
            if not isinstance(way[-1], int) and value != "string":  # the type of what has none
                yield (*way, "gone"), put(document, way, None)


def leaves(value: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, member in members:
        yield from leaves(member, (*way, key))
    if not isinstance(value, dict | list):
        yield way, value


def other(value: Any) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + 1
    return f"{value} or true" if " " in str(value) and "{{" not in str(value) else f"{value}1"


def put(value: Any, way: tuple[Any, ...], new: Any) -> Any:
    """A copy with another value at that way; None takes the member away."""
    if not way:
        return new
    if isinstance(value, list):
        return [put(member, way[1:], new) if index == way[0] else member for index, member in enumerate(value)]
    copy = {key: put(member, way[1:], new) if key == way[0] else member for key, member in value.items()}
    return {key: member for key, member in copy.items() if not (member is None and key == way[0])}


def test_a_new_runbook_tells_every_step_and_hold() -> None:
    found = compare(None, runbook(BASE), adapters())
    steps = [change.where for change in found.changes if change.danger == "adds-command"]
    assert "step lock" in steps
    assert "step copy" in steps
    assert [(hold.step, hold.limit_before, hold.limit_after) for hold in found.holds] == [
        ("lock", None, 30.0),
        ("detach", None, 43200.0),
    ]


def test_a_runbook_that_is_gone_tells_what_no_longer_runs() -> None:
    found = compare(runbook(BASE), None, adapters())
    assert found.after == ""
    assert {c.danger for c in found.changes} == {"removes-command", "removes-check"}


def test_the_command_line_of_both_sides_is_shown() -> None:
    after = runbook(BASE.replace("lockfs: {mode: write", "lockfs: {comment: svmrun, mode: write"))
    change = compare(runbook(BASE), after, adapters()).changes[0]
    assert (change.before, change.after) == ("lockfs -w {mount_point}", "lockfs -c svmrun -w {mount_point}")


def test_a_steps_rename_does_not_hide_what_else_changed_in_it() -> None:
    text = BASE.replace("id: copy", "id: dump").replace("timeout: 10h", "timeout: 20h")
    found = compare(runbook(BASE), runbook(text), adapters())
    assert next(line(change) for change in found.changes).startswith("widens-limit | step dump | timeout: 10h -> 20h")


def test_what_only_verify_goes_by_is_told_and_nothing_of_what_runs() -> None:
    demand = "invariants:\n  - {that: host.name == 'x', message: the host keeps its name}\n"
    model_of = "timeout: 10h\n    model: {prints: done}"
    after = runbook(BASE.replace("timeout: 10h", model_of) + demand)
    found = compare(runbook(BASE), after, adapters())
    assert [line(change) for change in found.changes] == [
        "changes-proof | step copy | a model is new | 49 | 55",
        "changes-proof | invariant 1 | is new | - | 65",
    ]
    assert found.runs_the_same
    back = compare(after, runbook(BASE), adapters())
    assert [change.text for change in back.changes] == ["the model is gone", "is gone"]


def test_a_check_that_stands_elsewhere_is_the_same_check() -> None:
    text = BASE.replace("checks:\n", "checks:\n  - {that: level < 9, message: too much}\n")
    assert [c.danger for c in compare(runbook(BASE), runbook(text), adapters()).changes] == ["adds-check"]


def test_the_fewest_steps_are_said_to_have_moved() -> None:
    assert moved("abcde", "bcdea") == {"a"}
    assert moved("abcde", "abcde") == set()
    assert moved("abcd", "dabc") == {"d"}


def test_every_class_has_a_meaning_and_a_level_that_fits_its_place() -> None:
    assert set(MEANINGS) == set(DANGERS)
    ranks = [("danger", "caution", "note", "none").index(level(danger)) for danger in DANGERS]
    assert ranks == sorted(ranks)


@pytest.mark.parametrize(
    ("kind", "compared"),
    [
        (model.Action, {"adapter", "arguments", "path", "timeout_seconds", "retry", "model"}),
        (model.Step, {"id", "name", "action", "path", "when", "rollback", "hold_seconds"}),
        (model.Release, {"step", "path", "name"}),
        (model.Parameter, {"name", "schema", "path", "description", "has_default", "default", "secret", "bound"}),
        (model.Fact, {"name", "action", "path", "when"}),
        (model.Check, {"that", "message", "path", "when"}),
        (
            model.Runbook,
            {"name", "description", "source", "parameters", "facts", "checks", "steps", "invariants"}
            | {"is_part", "unread", "loops", "calls"},
        ),
        (model.Loop, {"over", "name", "path"}),
        (model.Call, {"id", "runbook", "description", "path"}),
        (model.Model, {"path", "does", "sets", "prints", "errors", "status", "takes_seconds"}),
        (model.Invariant, {"that", "message", "path"}),
    ],
)
def test_every_field_of_a_runbook_is_compared(kind: Any, compared: set[str]) -> None:
    """A field that is new in the language must be compared before it can change unseen; examples are for people."""
    assert {field.name for field in fields(kind)} - {"examples"} == compared
