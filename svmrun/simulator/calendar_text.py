"""Times of the world's clock as the commands print them (ctime, in the C locale and universal time)."""

from __future__ import annotations

from datetime import UTC, datetime


def date_text(clock: float) -> str:
    """`Tue Apr 25 14:15:51 2000`."""
    moment = datetime.fromtimestamp(clock, UTC)
    return f"{moment:%a %b} {moment.day:2d} {moment:%H:%M:%S %Y}"
