"""Everything that is printed as JSON is valid against a committed schema, and the schemas are those of the classes."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import jsonschema
import pytest

from svmrun.errors import Position, Problem
from svmrun.report.document import as_json
from svmrun.report.jsonlines import printed
from svmrun.report.schemas import schema_files
from svmrun.report.shapes import Noticed, Progressed
from svmrun.report.validated import Validated, ValidatedFile
from tests.replay_report import FOLDER, read_calls, read_events, read_plan
from tests.test_report_lines import CASES, replay

SCHEMAS = Path(__file__).parent.parent / "schemas"


def validator(name: str) -> jsonschema.Draft202012Validator:
    schema = json.loads((SCHEMAS / f"{name}.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def test_the_committed_schemas_are_those_of_the_classes() -> None:
    for name, text in schema_files().items():
        assert (SCHEMAS / name).read_text() == text, f"{name} is old: python -m svmrun.report.schemas schemas"


@pytest.mark.parametrize("case", CASES)
def test_every_line_of_a_run_is_one_valid_event(case: str) -> None:
    check = validator("event-v1")
    lines = [json.loads(line) for line in replay(case, "json").splitlines()]
    for line in lines:
        check.validate(line)
    told = [line["event"] for line in lines if line["event"] not in ("Progressed", "Noticed")]
    assert told == [type(event).__name__ for event in read_events(case)]
    assert len(lines) - len(told) == sum("progress" in call or "notice" in call for call in read_calls(case))


def test_an_event_with_a_wrong_field_is_refused_by_the_schema() -> None:
    check = validator("event-v1")
    for wrong in ({"event": "RunEnded"}, {"event": "Other"}, {"at": 1.0}, {**printed(Noticed(1.0, "x")), "more": 1}):
        assert not check.is_valid(wrong)
    assert check.is_valid(printed(Progressed(1.0, "dump", None, "")))


def test_a_plan_is_valid() -> None:
    validator("plan-v1").validate(json.loads(json.dumps(read_plan().to_json())))
    assert json.loads((FOLDER / "plan.json").read_text()) == json.loads(json.dumps(read_plan().to_json()))


def test_problems_of_runbooks_are_valid() -> None:
    problem = Problem("unknown key", Position("a.yaml", 3, 5), "    lokc:", "did you mean lock?")
    document = Validated(False, (ValidatedFile("a.yaml", False, (problem, Problem("no name"))),))
    validator("validate-v1").validate(json.loads(as_json(document)))
    assert not validator("validate-v1").is_valid({**asdict(document), "files": None})
