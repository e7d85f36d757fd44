"""The table of `metastat -c` (meta_statconcise.c): one line per volume, what it is made of indented below it."""

from __future__ import annotations

from svmrun.simulator.metastat_order import Volume, children, kind, members
from svmrun.simulator.metastat_words import percent, size_number
from svmrun.simulator.volumes import BEING_SYNCED, components, resync_active, stripe, unavailable
from svmrun.simulator.world import Mirror, Stripe, Submirror, World

LETTERS = {"Mirror": "m", "Stripe": "s", "soft-partition": "p", "raid5": "r", "trans": "t", "hot-spare-pool": "h"}
COMPONENT_WORDS = {
    "Okay": "",
    "Maintenance": " (maint)",
    "Last Erred": " (last-erred)",
    "Resyncing": " (resyncing)",
    "Unavailable": " (unavail)",
}
NAME_WIDTH = 16


def lines(world: World, found: Volume, level: int = 0) -> str:
    indent = " " * 4 * level
    letter = LETTERS[kind(found)]
    size = "-" if letter == "h" else "".join(size_number(found.size))
    own = f"{indent}{found.name:<{NAME_WIDTH - len(indent)}} {letter} {size:>6} {' '.join(_parts(world, found))}\n"
    return own + "".join(lines(world, child, level + 1) for child in children(world, found))


def _parts(world: World, found: Volume) -> list[str]:
    if isinstance(found, Mirror):
        sides = sorted(found.submirrors, key=lambda s: s.slot)
        return [f"{s.name}{_side_word(world, found, s)}" for s in sides]
    if isinstance(found, Stripe):
        return [f"{c.device}{COMPONENT_WORDS[c.state]}" for c in components(found)]
    return members(found)


def _side_word(world: World, found: Mirror, side: Submirror) -> str:
    volume = stripe(world, side.name)
    if volume and unavailable(volume):
        return " (unavail)"
    if side.state == "running":
        return ""
    if side.state == "offline":
        return " (offline)"
    if side.state in BEING_SYNCED and resync_active(found):
        return f" (resync-{percent(world, found).strip()}%)"
    return " (maint)"
