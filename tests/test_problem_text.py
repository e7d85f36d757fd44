"""How an error shows the line that it speaks of."""

from __future__ import annotations

import pytest

from svmrun.errors import Position, Problem
from svmrun.runbook.violations import violations


@pytest.mark.parametrize("column", [1, 2, 80, 81, 500, 999, 1000])
def test_a_long_line_is_shown_around_the_place_and_the_caret_stands_under_it(column: int) -> None:
    line = "".join(chr(0x4E00 + index) for index in range(1000))
    place, caret = str(Problem("no", Position("a.yaml", 7, column), line)).splitlines()[1:]

    assert len(place) < 180
    assert place[caret.index("^")] == line[column - 1]


def test_a_line_of_common_length_is_shown_whole_and_its_tabs_keep_the_caret_in_place() -> None:
    shown = str(Problem("no", Position("a.yaml", 7, 3), "\t\tlokc: {}"))

    assert shown == "a.yaml:7:3: error: no\n  7 | \t\tlokc: {}\n    | \t\t^"


def test_a_word_that_yaml_takes_for_a_truth_value_is_to_be_quoted() -> None:
    (found,) = violations({"type": ["string", "number"]}, True)

    assert found.hint == "put it in quotes: 'true'"


def test_a_lone_value_is_shown_the_key_that_it_was_meant_for() -> None:
    schema = {"type": "object", "required": ["argv"], "properties": {"argv": {}}}

    (found,) = violations(schema, "date -u")

    assert (found.message, found.hint) == ("this must be a mapping, not 'date -u'", "write {argv: ...}")
