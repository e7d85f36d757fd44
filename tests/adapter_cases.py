"""Cases of adapters as files: `tests/cases/adapters/ADAPTER/CASE.json`.

A case holds `arguments`; what the command line must be (`argv`, `needs_root`, or `refused`: part of the sentence); and,
where the command is also read, what it printed (`stdout` and `stderr` as lists of lines, `status`) with the `outcome`
expected of it: `kind`, a part of the `message`, the whole `result`, `changed`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from svmrun.adapters.base import Completed
from svmrun.adapters.output import ParseError
from svmrun.adapters.registry import REGISTRY

FOLDER = Path(__file__).parent / "cases" / "adapters"


def cases_of(*adapters: str) -> list[Any]:
    """The parameters of a test: adapter and case, each named `ADAPTER/CASE`."""
    found = [(name, path) for name in adapters for path in sorted((FOLDER / name).glob("*.json"))]
    assert {name for name, _ in found} == set(adapters), "each adapter has cases"
    return [pytest.param(name, json.loads(path.read_text()), id=f"{name}/{path.stem}") for name, path in found]


def read_or_refused(read: Callable[[str], object], text: str) -> None:
    """Any text is read, or refused as what the command does not print."""
    with suppress(ParseError):
        read(text)


def check(name: str, case: dict[str, Any]) -> None:
    """Compare the adapter's command line, and its reading of the output, with the case."""
    adapter = REGISTRY[name]
    arguments = adapter.complete(case["arguments"])
    if "refused" in case:
        with pytest.raises(ValueError) as caught:
            adapter.command_line(arguments)
        assert case["refused"] in str(caught.value)
        return
    if "argv" in case:
        command = adapter.command_line(arguments)
        assert list(command.argv) == case["argv"]
        assert command.needs_root == case.get("needs_root", False)
    if "outcome" in case:
        _check_outcome(case["outcome"], adapter.interpret(arguments, completed(case)))


def completed(case: dict[str, Any]) -> Completed:
    stdout, stderr = ("".join(f"{line}\n" for line in case.get(stream, [])) for stream in ("stdout", "stderr"))
    argv = tuple(case.get("argv", ["program"]))
    return Completed(argv, case.get("status", 0), stdout, stderr, timed_out=case.get("timed_out", False))


def _check_outcome(wanted: dict[str, Any], outcome: Any) -> None:
    assert outcome.kind == wanted["kind"], outcome.message
    assert wanted.get("message", "") in outcome.message
    if "result" in wanted:
        assert outcome.result == wanted["result"]
    if "changed" in wanted:
        assert outcome.changed == wanted["changed"]
