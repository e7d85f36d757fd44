"""What a person types for a volume, a set or a component, and what is printed for it (meta_name.c)."""

from __future__ import annotations

import re

from svmrun.simulator.refusal import Refusal
from svmrun.simulator.volumes import VOLUME_PATH, canonical, disk_set, volume
from svmrun.simulator.world import World

CLASSIC_NAME = re.compile(r"d\d{1,4}")
FREE_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*")
DISK_NAME = re.compile(r"c\d+(t[0-9A-Fa-f]+)?d\d+(s\d+|p\d+)?|d\d+s\d+")
LAST_CLASSIC_NODE = 127  # the device nodes d0 to d127 were always there
DEVICE_TYPES = {
    "Mirror": "md_mirror",
    "Stripe": "md_stripe",
    "raid5": "md_raid",
    "soft-partition": "md_sp",
    "trans": "md_trans",
    "hot-spare-pool": "md_hotspares",
}


def require_set(world: World, name: str) -> None:
    if name and disk_set(world, name) is None:
        raise Refusal(f'setname "{name}"', "no such set")


def set_in(word: str) -> str | None:
    """The set that the word itself names: `SET/dN` or a path below /dev/md/SET."""
    if match := VOLUME_PATH.fullmatch(word):
        return match["set"]
    if not word.startswith("/") and "/" in word:
        return word.partition("/")[0]
    return None


def resolve(world: World, option_set: str | None, word: str) -> str:
    """The canonical name of a volume that need not be configured. Raises Refusal as the library does."""
    named = set_in(word)
    require_set(world, option_set or "")
    require_set(world, named or "")
    if named and option_set and named != option_set:
        raise Refusal(word, "set name is inconsistent")
    unit = canonical(word).rpartition("/")[2] if named else canonical(word)
    _check_form(world, word, unit)
    chosen = named or option_set
    return f"{chosen}/{unit}" if chosen else unit


def _check_form(world: World, word: str, unit: str) -> None:
    if unit.startswith("/"):
        raise Refusal(word, "No such file or directory")
    if DISK_NAME.fullmatch(unit):
        raise Refusal(unit, "not a metadevice")
    if not (CLASSIC_NAME if world.era == "A" else FREE_NAME).fullmatch(unit):
        raise Refusal(word, "Invalid name for metadevice or hot spare pool.")


def configured(world: World, option_set: str | None, word: str) -> str:
    """The canonical name of a volume that is there."""
    name = resolve(world, option_set, word)
    if volume(world, name) is None:
        unit = name.rpartition("/")[2]
        classic = CLASSIC_NAME.fullmatch(unit) and int(unit[1:]) <= LAST_CLASSIC_NODE
        raise Refusal(name, "unit not set up" if classic else "No such file or directory")
    return name


def device_type(world: World, name: str) -> str:
    """The driver's name of a configured volume's kind, as in `invalid metadevice type md_stripe`."""
    found = volume(world, name)
    return DEVICE_TYPES[getattr(found, "kind", type(found).__name__)]
