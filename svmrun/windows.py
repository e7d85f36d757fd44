"""The arithmetic of a hold: how long it can last when everything takes as long as it may."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

_UNITS = (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1))


@dataclass(frozen=True)
class Part:
    """One action inside a hold. `timeout_seconds` bounds one attempt; the pause doubles after each further one."""

    what: str
    timeout_seconds: float
    attempts: int = 1
    delay_seconds: float = 1.0

    @property
    def pauses_seconds(self) -> float:
        return self.delay_seconds * (2.0 ** (self.attempts - 1) - 1)

    @property
    def worst_seconds(self) -> float:
        return self.attempts * self.timeout_seconds + self.pauses_seconds

    def __str__(self) -> str:
        if self.attempts == 1:
            return f"{self.what} {in_words(self.timeout_seconds)}"
        pauses = f" and pauses of {in_words(self.pauses_seconds)}" if self.pauses_seconds else ""
        return f"{self.what} {self.attempts} x {in_words(self.timeout_seconds)}{pauses}"


def worst_case_seconds(parts: Sequence[Part]) -> float:
    return sum(part.worst_seconds for part in parts)


def excess(step: str, limit_seconds: float, parts: Sequence[Part]) -> str | None:
    """A sentence with the arithmetic when the parts may take longer than the hold's limit, else None.

    The parts are the hold's own action, every action up to the release, and one attempt of the release.
    """
    total = worst_case_seconds(parts)
    if total <= limit_seconds:
        return None
    limit = in_words(limit_seconds)
    arithmetic = " + ".join(str(part) for part in parts)
    return f"the hold of {step!r} may last {in_words(total)}, longer than its limit of {limit}: {arithmetic}"


def in_words(seconds: float) -> str:
    """The duration as a runbook writes it: `1h30m`, `250ms`."""
    left, pieces = round(seconds * 1000), []
    for unit, size in _UNITS:
        count, left = divmod(left, size)
        if count:
            pieces.append(f"{count}{unit}")
    return "".join(pieces) or "0s"
