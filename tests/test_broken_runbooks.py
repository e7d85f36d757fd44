"""Runbooks that are wrong: a folder of known mistakes, and two hundred small ones made out of good runbooks."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

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
