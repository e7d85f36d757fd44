"""Many cases that show one thing with real processes: some for each change, all of them on demand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest


def sampled(cases: Sequence[Any], every: int) -> list[Any]:
    """The cases, for `parametrize`: one of `every` is tried with each change, the others are `thorough`."""
    return [_later(case) if number % every else case for number, case in enumerate(cases)]


def _later(case: Any) -> Any:
    values = case if isinstance(case, tuple) else (case,)
    return pytest.param(*values, marks=pytest.mark.thorough)
