"""Cases that also say how a command is started: with `needs_root`, with `words` (an argv with blanks), or `refused`.

The files are those of `tests.adapter_cases`; here a result must be the whole result.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from svmrun.adapters.base import Completed
from svmrun.adapters.output import ParseError
from svmrun.adapters.registry import REGISTRY
from tests.adapter_cases import Case, load


def check(name: str) -> None:
    """Compare the adapter's command line, and its reading of the output, with the case."""
    case = load(name)
    if "refused" in case.head:
        with pytest.raises(ValueError) as caught:
            REGISTRY[case.adapter].check(case.arguments)
        assert case.head["refused"] in str(caught.value)
        return
    _check_start(case)
    if "status" in case.head:
        _check_end(case)


def _check_start(case: Case) -> None:
    if not case.head.keys() & {"argv", "words"}:
        return
    command = REGISTRY[case.adapter].command_line(case.arguments)
    assert list(command.argv) == case.head.get("words", case.head.get("argv", "").split())
    assert command.needs_root == case.head.get("needs_root", False)


def _check_end(case: Case) -> None:
    argv = tuple(case.head.get("words") or case.head.get("argv", case.adapter).split())
    more: dict[str, Any] = {"timed_out": case.head.get("timed_out", False), **case.outputs}
    outcome = REGISTRY[case.adapter].interpret(case.arguments, Completed(argv, case.head["status"], **more))
    assert outcome.kind == case.head["outcome"], outcome.message
    assert case.head.get("message", "") in outcome.message
    assert outcome.result == case.head.get("result", outcome.result)
    assert outcome.changed == case.head.get("changed", outcome.changed)
    assert outcome.untouched == case.head.get("untouched", outcome.untouched)


def read_or_refused(read: Callable[[str], object], text: str) -> None:
    """Any text is read, or refused as what the command does not print."""
    with suppress(ParseError):
        read(text)
