"""Durations: `30s`, `12h`, `1h30m`, `250ms`; a bare number counts seconds."""

from __future__ import annotations

import re

PATTERN = r"^([0-9]+(\.[0-9]+)?(ms|s|m|h|d))+$"
_PART = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h|d)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def seconds(value: str | int | float) -> float:
    """The duration in seconds. Raises ValueError with a sentence when it is none, or not above zero."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError(f"{value!r} is not a duration; write for example 30s, 5m or 1h30m")
    if isinstance(value, str) and not re.fullmatch(PATTERN, value):
        raise ValueError(f"{value!r} is not a duration; write for example 30s, 5m or 1h30m")
    parts = _PART.findall(value) if isinstance(value, str) else [(value, "s")]
    total = round(sum(float(number) * _SECONDS[unit] for number, unit in parts), 6)
    if total <= 0:
        raise ValueError(f"the duration {value!r} must be longer than nothing")
    return total
