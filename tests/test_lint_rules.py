"""Every rule over its cases, and its page; the runbooks that are shipped have no findings."""

from __future__ import annotations

from pathlib import Path

import pytest

from svmrun.adapters.registry import adapters
from svmrun.lint.engine import RULES, chosen, lint, mended
from svmrun.lint.rule import Rule
from svmrun.review.fmt import formatted
from svmrun.runbook.load import load_runbook

PROJECT = Path(__file__).resolve().parents[1]
CASES = PROJECT / "tests/cases/lint"
SHIPPED = sorted((PROJECT / "runbooks").glob("*.yaml"))


def found(text: str) -> list[str]:
    return [finding.rule.id for finding in lint("it.yaml", text.encode(), adapters())]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_finds_what_its_bad_case_shows(rule: Rule) -> None:
    path = CASES / rule.id / "bad.yaml"
    findings = lint(str(path), path.read_bytes(), adapters(), [rule] if rule.id != "SR002" else RULES)
    assert [finding.rule.id for finding in findings] == [rule.id]
    assert all(finding.problem.hint or rule.id == "SR032" for finding in findings), "a finding says what to do"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_nothing_is_found_in_a_good_case(rule: Rule) -> None:
    assert found((CASES / rule.id / "good.yaml").read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_has_a_page(rule: Rule) -> None:
    page = (PROJECT / f"docs/rules/{rule.id}.md").read_text(encoding="utf-8")
    assert page.startswith(f"# {rule.id} {rule.name}\n\n{rule.summary}. Severity: {rule.severity}.\n")


def test_there_is_no_page_and_no_case_without_its_rule() -> None:
    ids = {rule.id for rule in RULES}
    assert {path.stem for path in (PROJECT / "docs/rules").glob("*.md")} == ids
    assert {path.name for path in CASES.iterdir()} == ids
    assert len(ids) == len(RULES) == len({rule.name for rule in RULES})


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_shipped_runbook_has_no_findings(path: Path) -> None:
    assert found(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_mend_leaves_what_a_runbook_says_and_ends_the_finding(rule: Rule) -> None:
    data = (CASES / rule.id / "bad.yaml").read_bytes()
    findings = lint("it.yaml", data, adapters())
    after = mended(data, findings)
    before, then = (load_runbook("it.yaml", text, adapters()) for text in (data, after))
    assert (before.parameters, before.facts, before.checks, before.steps) == (
        then.parameters,
        then.facts,
        then.checks,
        then.steps,
    )
    assert formatted("it.yaml", after, adapters()) == after
    mendable = {finding.rule.id for finding in findings if finding.edit}
    assert not mendable & {finding.rule.id for finding in lint("it.yaml", after, adapters())}


def test_what_can_be_mended_is_known() -> None:
    mendable = {
        finding.rule.id
        for rule in RULES
        for finding in lint("it.yaml", (CASES / rule.id / "bad.yaml").read_bytes(), adapters())
        if finding.edit
    }
    assert mendable == {"SR002", "SR003"}


LONG = "    hold: 1h\n"


@pytest.fixture
def long_hold() -> str:
    return (CASES / "SR034" / "bad.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "allowed",
    [
        "    hold: 1h # svmrun: allow SR034 because somebody watches\n",
        "    # svmrun: allow SR034 because somebody watches\n    hold: 1h\n",
        "    # svmrun: allow SR034, SR033 because somebody watches\n    # and this too\n\n    hold: 1h\n",
    ],
)
def test_a_finding_is_silenced_on_its_line_with_a_reason(long_hold: str, allowed: str) -> None:
    assert found(long_hold.replace(LONG, allowed)) == []


def test_a_comment_above_a_step_speaks_of_the_whole_step(long_hold: str) -> None:
    comment = "  # svmrun: allow SR034 because somebody watches\n"
    assert found(long_hold.replace("  - id: lock\n", f"{comment}  - id: lock\n")) == []
    assert found(long_hold.replace("  - id: detach\n", f"{comment}  - id: detach\n")) == ["SR034", "SR002"]


def test_without_a_reason_nothing_is_silenced(long_hold: str) -> None:
    assert found(long_hold.replace(LONG, "    hold: 1h # svmrun: allow SR034 because\n")) == ["SR001", "SR034"]
    assert found(long_hold.replace(LONG, "    hold: 1h # svmrun: allow because of that\n")) == ["SR001", "SR034"]


def test_every_word_that_other_readers_take_for_something_else_is_found() -> None:
    words = "yes No on OFF y 10:00 2024-01-01 1_000 0o17 1e3".split()  # noqa: SIM905
    text = (CASES / "SR003" / "good.yaml").read_text(encoding="utf-8")
    argv = text.replace("[cp,", f"[cp, {', '.join(words)},")
    assert found(argv) == ["SR003"] * len(words)
    assert found(text.replace("[cp,", "[cp, yesterday, one, 10, 1.5, 'no', \"on\",")) == []


def test_rules_are_chosen_by_number_by_name_and_by_the_beginning_of_a_number() -> None:
    assert [rule.id for rule in chosen(["SR015"], [])] == ["SR015"]
    assert [rule.id for rule in chosen(["forced", "SR004"], [])] == ["SR004", "SR015"]
    assert {rule.id for rule in chosen(["SR01"], ["SR015"])} == {f"SR01{number}" for number in (0, 1, 2, 3, 4, 6)}
    assert len(chosen([], ["SR0"])) == 0
    with pytest.raises(ValueError, match="there is no rule 'SR9'"):
        chosen(["SR9"], [])


def test_a_comment_that_allows_a_rule_that_is_none_is_found(long_hold: str) -> None:
    allowed = long_hold.replace(LONG, "    hold: 1h # svmrun: allow SR034, SR999 because somebody watches\n")
    assert found(allowed) == ["SR002"]
