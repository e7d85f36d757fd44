"""Whether the sides of a mirror can supply all of its blocks."""

from __future__ import annotations

from svmrun.simulator.volumes import stripe
from svmrun.simulator.world import Mirror, Stripe, Submirror, World

Span = tuple[int, int]  # blocks from, to (exclusive)


def others_readable(world: World, found: Mirror, submirror: str) -> bool:
    """Whether every block can still be read when that side is gone."""
    spans = [
        span
        for s in found.submirrors
        if s.name != submirror and (volume := stripe(world, s.name))
        for span in readable_spans(s, volume)
    ]
    return _cover(spans, found.size)


def readable_spans(member: Submirror, volume: Stripe) -> list[Span]:
    """The parts of a side that hold current data. Rows are taken to be equally large."""
    if member.state not in ("running", "component-erred", "component-resync"):
        return []
    rows = len(volume.rows)
    return [
        (number * volume.size // rows, (number + 1) * volume.size // rows)
        for number, row in enumerate(volume.rows)
        if all(c.state in ("Okay", "Last Erred") for c in row)
    ]


def _cover(spans: list[Span], size: int) -> bool:
    reached = 0
    for start, end in sorted(spans):
        if start > reached:
            return False
        reached = max(reached, end)
    return reached >= size
