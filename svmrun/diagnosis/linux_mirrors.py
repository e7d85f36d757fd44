"""What arrays of md and mirrors of LVM have in common: who took a side off, what a resync is, copies that differ.

No state word says that copies are alike (md(4), lvmraid(7)): only a comparison counts what differs, and only its last
count can be looked at.
"""

from __future__ import annotations

from collections.abc import Iterator

from svmrun.diagnosis.model import Finding
from svmrun.diagnosis.ownership import Owner, owner, who_brought_back
from svmrun.diagnosis.seen import Seen

COPYING = ("recover", "resync")
WRITTEN_TO = "If anybody wrote to it meanwhile, as a check of its file system does, no bitmap knows of that"


def owner_of(seen: Seen, mirror: str, side: str | None = None) -> Owner:
    """Whose hold took that side off the mirror; without `side`, any."""
    return owner(seen.runs, lambda hold: hold.mirror == mirror and side in (None, hold.side))


def known_sides(seen: Seen, mirror: str) -> Iterator[str]:
    """Those that runs took off it, the youngest first."""
    for run in reversed(seen.runs):
        yield from (hold.side for hold in run.holds if hold.mirror == mirror and hold.side)


def resync(seen: Seen, mirror: str, sides: list[str], percent: float | None, command: str) -> Finding:
    done = "" if percent is None else f", {percent:g} % done"
    text = f"copies to {', '.join(sides) or 'one of its sides'}{done}: it ends by itself; take nothing off before"
    return who_brought_back(seen.runs, mirror, sides).finding("resync", mirror, text, command)


def differing(mirror: str, sectors: int, remedy: str, command: str) -> Finding:
    """`remedy` ends a sentence, and says what the command does."""
    text = (
        f"at the last comparison {sectors} sectors were not alike: maybe swap, or a write of that very moment (md(4)), "
        f"maybe somebody wrote to one side alone. Which copy is right nobody can tell; {remedy}"
    )
    whose = Owner(None, "not known: no journal tells who wrote what to which side")
    return whose.finding("copies that differ", mirror, text, command)
