"""The order of parameters and facts by what they need."""

from __future__ import annotations

from svmrun.runbook.order import in_order


def test_each_name_stands_once_after_what_it_needs() -> None:
    graph = {"a": frozenset({"b", "c"}), "b": frozenset({"d"}), "c": frozenset({"d"}), "d": frozenset[str]()}

    assert in_order(graph, ["a", "d"]) == ["d", "b", "c", "a"]


def test_names_that_need_each_other_come_to_an_end() -> None:
    """So it is in a runbook that somebody is still typing, which an editor asks about."""
    graph = {"a": frozenset({"b"}), "b": frozenset({"a"})}

    assert in_order(graph, ["a", "b"]) == ["b", "a"]
