"""`svmrun lint`: its outputs, its exit codes, and `--fix`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from svmrun.cli.main import main
from svmrun.lint.engine import RULES
from svmrun.report.schemas import schema_files

PROJECT = Path(__file__).resolve().parents[1]
CASES = PROJECT / "tests/cases/lint"
# The schema of OASIS, as the npm package @microsoft/jest-sarif 1.0.0-beta.0 (MIT) ships it.
SARIF = PROJECT / "tests/cases/sarif/sarif-2.1.0-rtm.5.json"
BAD = CASES / "SR015" / "bad.yaml"
GOOD = CASES / "SR015" / "good.yaml"
NOTED = CASES / "SR003" / "bad.yaml"

Json = Any


def printed(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    status = main(["lint", *words])
    return status, capsys.readouterr().out


def test_text_names_place_severity_rule_and_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    status, text = printed(capsys, str(BAD))
    assert status == 1
    first, line, mark, hint, count = text.splitlines()
    assert first.startswith(f"{BAD}:")
    assert ": error: metadetach -f takes a side off" in first
    assert first.endswith("[SR015 forced]")
    assert "force: true" in line
    assert mark.rstrip().endswith("^")
    assert hint == "  hint: leave `force` away, and mend the mirror first"
    assert count == "1 error"


def test_notes_alone_end_well(capsys: pytest.CaptureFixture[str]) -> None:
    assert printed(capsys, str(GOOD)) == (0, "nothing found\n")
    status, text = printed(capsys, str(NOTED))
    assert (status, text.splitlines()[-1]) == (0, "1 note")


def test_an_invalid_runbook_is_told_and_the_others_are_looked_at(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "a.yaml").write_text("schema: svmrun/v1\nname: x\nstep: []\n")
    (tmp_path / "b.yaml").write_bytes(BAD.read_bytes())
    status, text = printed(capsys, str(tmp_path))
    assert status == 3
    assert "a.yaml:3:1: error:" in text
    assert "[SR015 forced]" in text


def test_json_is_valid_against_its_schema(capsys: pytest.CaptureFixture[str]) -> None:
    schema = json.loads(schema_files()["lint-v1.schema.json"])
    for path, ok in ((BAD, False), (GOOD, True)):
        document = json.loads(printed(capsys, "--output", "json", str(path))[1])
        jsonschema.Draft202012Validator(schema).validate(document)
        assert document["ok"] is ok
    document = json.loads(printed(capsys, "--output", "json", str(NOTED))[1])
    assert [finding["mendable"] for finding in document["findings"]] == [True]


def test_sarif_is_valid_against_the_schema_of_oasis(capsys: pytest.CaptureFixture[str]) -> None:
    schema = json.loads(SARIF.read_text(encoding="utf-8"))
    status, text = printed(capsys, "--output", "sarif", str(CASES))
    log: Json = json.loads(text)
    jsonschema.Draft4Validator(schema).validate(log)
    run = log["runs"][0]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert (status, rules) == (1, [rule.id for rule in RULES])
    assert {result["ruleId"] for result in run["results"]} == set(rules)
    assert all(rules[result["ruleIndex"]] == result["ruleId"] for result in run["results"])
    place = run["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"].endswith(".yaml")
    assert place["region"]["startLine"] >= 1


def test_github_annotations_are_escaped(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "a,b%c:d.yaml"
    path.write_bytes(BAD.read_bytes())
    status, text = printed(capsys, "--output", "github", str(path))
    assert status == 1
    [line] = text.splitlines()
    assert line.startswith(f"::error file={tmp_path}/a%2Cb%25c%3Ad.yaml,line=")
    assert ",title=SR015 forced::metadetach -f takes" in line
    assert line.endswith("%0Aleave `force` away, and mend the mirror first")
    assert printed(capsys, "--output", "github", str(NOTED))[1].startswith("::notice ")


def test_fix_mends_the_file_and_tells_what_is_left(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "book.yaml"
    path.write_bytes(NOTED.read_bytes())
    assert main(["lint", "--fix", str(path)]) == 0
    shown = capsys.readouterr()
    assert (shown.out, shown.err) == ("nothing found\n", f"{path}: 1 mended\n")
    assert path.read_bytes() == (CASES / "SR003" / "good.yaml").read_bytes()


def test_a_comment_that_allows_nothing_is_taken_away_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "book.yaml"
    path.write_text(GOOD.read_text().replace("  - id: lock\n", "  # svmrun: allow SR034 because x\n  - id: lock\n"))
    assert main(["lint", "--fix", str(path)]) == 0
    assert path.read_text() == GOOD.read_text()


def test_rules_can_be_chosen_and_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert printed(capsys, "--ignore", "SR001,forced", str(BAD))[0] == 0
    assert printed(capsys, "--select", "SR02", str(BAD))[0] == 0
    status, text = printed(capsys, "--list")
    assert status == 0
    assert [line.split()[0] for line in text.splitlines()] == [rule.id for rule in RULES]


def test_a_rule_that_is_none_and_no_runbook_at_all_are_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lint", "--select", "SR999", str(BAD)]) == 2
    assert "there is no rule 'SR999'" in capsys.readouterr().err
    assert main(["lint"]) == 2
