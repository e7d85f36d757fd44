"""Runbooks that are wrong: a folder of known mistakes, and two hundred small ones made out of good runbooks."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from svmrun.adapters.registry import REGISTRY
from svmrun.errors import InvalidInput, Problem
from svmrun.runbook.load import load_runbook
from svmrun.runbook.source import load
from tests.runbook_mutations import Mutation, mutations

CASES = Path(__file__).parent / "cases" / "runbooks"
GOOD = sorted((CASES / "good").glob("*.yaml"))
BAD = sorted((CASES / "bad").glob("*.yaml"))
SHIPPED = sorted((Path(__file__).parent.parent / "runbooks").glob("*.yaml"))
MUTATIONS = 200


def problems_of(path: Path, data: bytes) -> tuple[Problem, ...]:
    with pytest.raises(InvalidInput) as caught:
        load_runbook(path.name, data, REGISTRY)
    return caught.value.problems


@pytest.mark.parametrize("path", GOOD + SHIPPED, ids=lambda path: path.stem)
def test_a_good_runbook_loads(path: Path) -> None:
    assert load_runbook(path.name, path.read_bytes(), REGISTRY).steps


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_a_bad_runbook_is_refused_with_the_errors_beside_it(path: Path) -> None:
    shown = "\n".join(str(problem) for problem in problems_of(path, path.read_bytes()))
    assert shown + "\n" == path.with_suffix(".errors").read_text(encoding="utf-8")


def two_hundred() -> list[tuple[Path, Mutation]]:
    all_of_them = []
    for path in GOOD:
        _, source = load(path.name, path.read_bytes())
        all_of_them += [(path, mutation) for mutation in mutations(source)]
    return random.Random(7).sample(all_of_them, MUTATIONS)


@pytest.mark.parametrize(("path", "mutation"), two_hundred(), ids=lambda value: getattr(value, "what", None))
def test_one_wrong_token_is_reported_where_it_is(path: Path, mutation: Mutation) -> None:
    first = problems_of(path, mutation.text.encode())[0]
    assert first.position is not None
    begin, end = mutation.lines
    assert begin <= first.position.line <= end, first
    assert first.text is not None


KEYS = ["id", "command", "wait_for", "rollback", "argv", "x", "hold"]
NODES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 5)
    | st.sampled_from(
        [
            1e300,
            "",
            "x",
            "30s",
            "0s",
            "9999999999d",
            1e300,
            1e-300,
            "{{ x }}",
            "{{",
            "{{ steps.a }}",
            "(",
            "[",
            "lock",
            "^(",
            "\x07",
        ]
    ),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "command", "wait_for", "rollback", "argv", "x", "hold"]), inner, max_size=3
        )
    ),
    max_leaves=6,
)


@given(st.data())
@settings(deadline=None, max_examples=150)
def test_whatever_stands_in_a_runbook_it_loads_or_is_refused(data: st.DataObject) -> None:
    """Any part of a good runbook replaced by anything: no other exception, and every error has a place."""
    path = data.draw(st.sampled_from(GOOD))
    document, source = load(path.name, path.read_bytes())
    way = data.draw(st.sampled_from([way for way in source.values if way]))
    inside = document
    for part in way[:-1]:
        inside = inside[part]
    inside[way[-1]] = data.draw(NODES)
    try:
        load_runbook("x.yaml", json.dumps(document).encode(), REGISTRY)
    except InvalidInput as error:
        refused = error.problems
    else:
        refused = ()
    assert all(problem.position is not None for problem in refused)
