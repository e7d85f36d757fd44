"""The canonical layout: nothing that a runbook says is changed, and a second time changes nothing."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from svmrun.adapters.registry import adapters
from svmrun.errors import InvalidInput
from svmrun.review.fmt import formatted
from svmrun.review.fmt_order import ACTION, ORDERS
from svmrun.runbook.load import load_runbook
from svmrun.runbook.model import Runbook, Source
from svmrun.runbook.schema import runbook_schema
from svmrun.runbook.source import read
from tests.untidy_yaml import Untidy

PROJECT = Path(__file__).resolve().parents[1]
RUNBOOKS = sorted([*(PROJECT / "runbooks").glob("*.yaml"), *(PROJECT / "tests/cases/runbooks/good").glob("*.yaml")])
CASES = sorted((PROJECT / "tests/cases/fmt").glob("*.yaml"))


def tidy(text: str) -> str:
    return formatted("it.yaml", text.encode(), adapters()).decode()


def meaning(text: str) -> Runbook:
    """The runbook without the places where things stand."""
    return replace(load_runbook("it.yaml", text.encode(), adapters()), source=Source("", "", {}, {}))


def assert_same(before: str, after: str) -> None:
    assert meaning(before) == meaning(after)
    assert repr(sorted_members(before)) == repr(sorted_members(after)), "repr tells 1 from 1.0 and true"
    assert Counter(re.findall(r"# ?c\d+", before)) == Counter(re.findall(r"# ?c\d+", after))
    assert tidy(after) == after


def sorted_members(text: str) -> Any:
    def ordered(value: Any) -> Any:
        if isinstance(value, dict):
            return sorted((key, ordered(member)) for key, member in value.items())
        return [ordered(member) for member in value] if isinstance(value, list) else value

    return ordered(read("it.yaml", text.encode())[0])


@pytest.mark.parametrize("path", RUNBOOKS, ids=lambda path: path.stem)
def test_a_runbook_says_the_same_in_its_canonical_layout(path: Path) -> None:
    before = path.read_text(encoding="utf-8")
    assert_same(before, tidy(before))
    assert comments(before) == comments(tidy(before))


@pytest.mark.parametrize("path", sorted((PROJECT / "runbooks").glob("*.yaml")), ids=lambda path: path.stem)
def test_a_shipped_runbook_is_in_canonical_layout(path: Path) -> None:
    assert tidy(path.read_text(encoding="utf-8")) == path.read_text(encoding="utf-8")


def comments(text: str) -> Counter[str]:
    """Lines that are comments: none of these runbooks has a `#` at the start of a line of a text."""
    return Counter(line.strip() for line in text.splitlines() if line.lstrip().startswith("#"))


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_a_layout_is_made_as_its_case_shows(path: Path) -> None:
    assert tidy(path.read_bytes().decode()) == path.with_suffix(".expected").read_text(encoding="utf-8")


# Texts with what YAML may misread: marks of comments and keys, quotes, blanks at an end, several lines.
TEXTS = st.one_of(
    st.from_regex(r"[a-z]{1,8}( [a-z#:'-]{1,6}){0,4}", fullmatch=True),
    st.text(alphabet="ab#:'\"\\ -\n\té", min_size=1, max_size=24),
)
VALUES = st.one_of(TEXTS, st.integers(-9, 99999), st.sampled_from([0.5, 1e9, True, False, "yes", "10:00", "null"]))
NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,5}", fullmatch=True)
STEPS = st.fixed_dictionaries(
    {
        "command": st.fixed_dictionaries(
            {"argv": st.lists(TEXTS, min_size=1, max_size=4)},
            optional={
                "environment": st.dictionaries(NAMES, TEXTS, max_size=3),
                "needs_root": st.booleans(),
                "stdin": TEXTS,
            },
        )
    },
    optional={
        "name": TEXTS,
        "timeout": st.sampled_from(["5s", 10, 0.5]),
        "retry": st.just({"delay": "1s", "attempts": 2}),
        "rollback": st.sampled_from(
            [[{"timeout": 5, "command": {"argv": ["undo", "it # now"]}}], {"mt": {"device": "/x"}}]
        ),
        "when": st.just("1 == 1"),
    },
)
PARAMETERS = st.fixed_dictionaries(
    {"type": st.just("object")},
    optional={"description": TEXTS, "examples": st.lists(VALUES | st.none(), max_size=3), "default": st.just({})},
)


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    steps = [{**step, "id": f"s{number}"} for number, step in enumerate(draw(st.lists(STEPS, min_size=1, max_size=3)))]
    names = draw(st.lists(NAMES.map(lambda name: f"p_{name}"), unique=True, max_size=3))
    sections: dict[str, Any] = {
        "steps": [dict(draw(st.permutations(list(step.items())))) for step in steps],
        "name": draw(TEXTS),
        "schema": "svmrun/v1",
    }
    if names:
        sections["parameters"] = {name: draw(PARAMETERS) for name in names}
    return dict(draw(st.permutations(list(sections.items()))))


@settings(deadline=None, max_examples=40, phases=[Phase.explicit, Phase.reuse, Phase.generate])  # shrinking takes long
@given(documents(), st.integers(0, 2**32))
def test_what_anybody_wrote_says_the_same_in_its_canonical_layout(document: dict[str, Any], seed: int) -> None:
    before = Untidy(seed).document(document)
    assert repr(sorted_members(before)) == repr(sorted_members(yaml_of(document))), "the writer is right"
    assert_same(before, tidy(before))
    if "\r" not in before:
        assert tidy(before.replace("\n", "\r\n")) == tidy(before)


def yaml_of(document: dict[str, Any]) -> str:
    import json

    return json.dumps(document, ensure_ascii=False)


@pytest.mark.parametrize(
    "path", sorted((PROJECT / "tests/cases/runbooks/bad").glob("*.yaml")), ids=lambda path: path.stem
)
def test_a_broken_runbook_is_refused_with_its_errors(path: Path) -> None:
    with pytest.raises(InvalidInput):
        formatted(str(path), path.read_bytes(), adapters())


def test_a_last_line_without_its_end_keeps_a_text_as_it_is() -> None:
    before = "schema: svmrun/v1\nsteps: [{id: a, command: {argv: ['true']}}]\nname: x\ndescription: |\n  a\n  b"
    assert_same(before, tidy(before))
    assert tidy(before).endswith("steps: [{id: a, command: {argv: ['true']}}]\n")


@pytest.mark.parametrize(
    ("spelling", "words"),
    [("? |\n  a\n: 1", "a key of more than one line"), ("a: 1 # x\u2028", "the line ends with U+2028")],
)
def test_a_spelling_that_cannot_be_kept_is_refused_with_a_sentence(spelling: str, words: str) -> None:
    environment = spelling.replace("\n", "\n        ")
    head = "schema: svmrun/v1\nname: x\nsteps:\n  - id: a\n    command:\n      argv: x\n      environment:\n"
    text = f"{head}        {environment}\n"
    with pytest.raises(InvalidInput, match=re.escape(words)):
        tidy(text)


def test_every_key_of_the_language_has_its_place() -> None:
    schema = runbook_schema(adapters())
    top, parts = schema["properties"], schema["$defs"]
    objects = {
        "runbook": schema,
        "parameter": top["parameters"]["additionalProperties"],
        "fact": top["facts"]["additionalProperties"],
        "check": top["checks"]["items"],
        "step": parts["step"],
        "handler": parts["handler"],
        "retry": parts["handler"]["properties"]["retry"],
        "model": parts["model"],
    }
    assert set(objects) == set(ORDERS)
    for name, described in objects.items():
        assert set(described["properties"]) - set(adapters()) == set(ORDERS[name]) - {ACTION}, name
