"""What one evaluation may cost. Without a bound an expression can compute for ever or fill the memory.

Each filter, test, method and operator spends the size of what it takes and makes (one for each value, one for each
character). Expressions have no loops but those of filters, so the number of spendings bounds the time.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from svmrun.runbook.pieces import TemplateError

MAXIMUM_COST = 2_000_000
MAXIMUM_INTEGER_BITS = 256
_left: ContextVar[int] = ContextVar("left", default=MAXIMUM_COST)


@contextmanager
def budget() -> Iterator[None]:
    """A fresh budget for one evaluation."""
    token = _left.set(MAXIMUM_COST)
    try:
        yield
    finally:
        _left.reset(token)


def spend(cost: int) -> None:
    """Raises TemplateError when the budget is used up."""
    left = _left.get() - cost
    _left.set(left)
    if left < 0:
        raise TemplateError("the expression computes too much, or its value is too large")


def spend_on(value: Any) -> None:
    """Spends the size of a value, all its members included."""
    if isinstance(value, str | bytes):
        spend(1 + len(value))
        return
    if isinstance(value, int) and value.bit_length() > MAXIMUM_INTEGER_BITS:
        raise TemplateError("the expression makes a number that is too large")
    spend(1)
    if isinstance(value, dict):
        for key, member in value.items():
            spend_on(key)
            spend_on(member)
    elif isinstance(value, list | tuple | set | frozenset):
        for member in value:
            spend_on(member)
