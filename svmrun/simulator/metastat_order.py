"""Which volumes metastat prints, and in which order (metastat.c)."""

from __future__ import annotations

from collections.abc import Iterator

from svmrun.simulator.volumes import canonical, components, set_name, volume
from svmrun.simulator.world import Mirror, OtherVolume, Stripe, World

Volume = Mirror | Stripe | OtherVolume

FULL_ORDER = ("trans", "Mirror", "raid5", "Stripe", "soft-partition", "hot-spare-pool")
CONCISE_ORDER = ("soft-partition", "trans", "Mirror", "raid5", "Stripe", "hot-spare-pool")


def kind(found: Volume) -> str:
    return found.kind if isinstance(found, OtherVolume) else type(found).__name__


def members(found: Volume) -> list[str]:
    """Everything that the volume is made of, as canonical names, volumes and disks alike."""
    if isinstance(found, Mirror):
        return [s.name for s in found.submirrors]
    if isinstance(found, Stripe):
        return [c.device for c in components(found)]
    if found.kind == "hot-spare-pool":
        return [canonical(word) for word in found.words.split()]
    return [canonical(word) for word in _device_words(found.words)]


def _device_words(words: str) -> Iterator[str]:
    """The devices of a `metastat -p` line: what follows its kind's option, up to the next option."""
    for word in words.split()[1:]:
        if word.startswith("-"):
            return
        yield word


def children(world: World, found: Volume) -> list[Volume]:
    if isinstance(found, OtherVolume) and found.kind == "hot-spare-pool":
        return []
    return [child for name in members(found) if (child := volume(world, name))]


def top_level(world: World, set_wanted: str, order: tuple[str, ...]) -> list[Volume]:
    """The volumes of a set that are part of no other, kind by kind."""
    every: list[Volume] = [*world.mirrors, *world.stripes, *world.others]
    here = [v for v in every if set_name(v.name) == set_wanted]
    inner = {child.name for v in here for child in children(world, v)}
    return [v for wanted in order for v in here if kind(v) == wanted and v.name not in inner]


def with_children(world: World, roots: list[Volume]) -> list[Volume]:
    """Each root and, behind it, what it is made of; the base of soft partitions only behind the first of them."""
    printed: dict[str, Volume] = {}
    waiting = list(reversed(roots))
    while waiting:
        found = waiting.pop()
        if found.name not in printed:
            printed[found.name] = found
            waiting.extend(reversed(children(world, found)))
    return list(printed.values())
