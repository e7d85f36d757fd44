from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from svmrun.report.columns import columns
from svmrun.report.words import count, duration, listing, printable, signal_name, size


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (0.0201, "20 ms"),
        (0.1, "0.1 s"),
        (0.44, "0.4 s"),
        (2.0, "2 s"),
        (9.96, "10 s"),
        (59.4, "59 s"),
        (59.6, "1 min"),
        (125, "2 min 5 s"),
        (3600, "1 h"),
        (11400, "3 h 10 min"),
        (187200, "2 d 4 h"),
        (-1, "0 s"),
    ],
)
def test_a_duration_has_two_units_at_most(seconds: float, words: str) -> None:
    assert duration(seconds) == words


@settings(deadline=None, max_examples=200)
@given(st.floats(min_value=0, max_value=1e9))
def test_every_duration_has_words(seconds: float) -> None:
    assert duration(seconds).split()[1] in ("ms", "s", "min", "h", "d")


def test_sizes_counts_and_lists_read_as_prose() -> None:
    assert [size(n) for n in (0, 512, 1536, 3 << 40)] == ["0 bytes", "512 bytes", "1.5 KiB", "3.0 TiB"]
    assert [count(n, "step") for n in (0, 1, 2)] == ["0 steps", "1 step", "2 steps"]
    assert [listing(w) for w in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == ["", "a", "a and b", "a, b and c"]
    assert [signal_name(n) for n in (1, 2, 15, 999)] == ["HUP", "INT", "TERM", "999"]


@settings(deadline=None, max_examples=200)
@given(st.text())
def test_printable_text_cannot_steer_a_terminal(text: str) -> None:
    shown = printable(text)
    assert shown.replace("\t", "").isprintable()
    assert not text.isprintable() or shown == text


def test_columns_are_as_wide_as_their_contents() -> None:
    assert columns(("A", "B"), [("long", "x"), ("", "y")], "  ") == ["  A     B", "  long  x", "        y"]
