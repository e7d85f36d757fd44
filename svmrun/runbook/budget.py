"""What one evaluation may cost. Without a bound an expression can compute for ever or fill the memory.

Each filter, test, method and operator spends the size of what it takes and makes: ten for each value, one for each
character, about a third of a second in all. Expressions have no loops but those of filters, so this bounds the time.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from svmrun.runbook.pieces import TemplateError

MAXIMUM_COST = 3_000_000
_VALUE_COST = 10
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
    """Spends the size of a value, all its members included; a value shared by many members counts for each."""
    left, cost = _left.get(), 0
    open_values = [value]
    while open_values and cost <= left:
        current = open_values.pop()
        cost += _VALUE_COST
        if isinstance(current, str | bytes):
            cost += len(current)
        elif isinstance(current, dict):
            cost += _VALUE_COST * len(current)
            open_values += [*current, *current.values()]
        elif isinstance(current, list | tuple):
            if cost + _VALUE_COST * len(current) <= left:
                open_values += current
            else:
                cost = left + 1
        elif isinstance(current, int) and current.bit_length() > MAXIMUM_INTEGER_BITS:
            raise TemplateError("the expression makes a number that is too large")
    spend(cost)
