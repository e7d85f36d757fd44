"""Reading the lines of `metastat -p`: every way to name devices, continued lines, all kinds of volumes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from svmrun.simulator.volumes import canonical, set_name
from svmrun.simulator.world import Component, Mirror, OtherVolume, Stripe, Submirror

DEFAULT_BLOCKS = 20_971_520  # the lines tell no sizes
READ_OPTIONS = {"-g": "geometric (-g)", "-r": "first (-r)"}
OTHER_KINDS: dict[str, Literal["raid5", "soft-partition", "trans"]] = {
    "-r": "raid5",
    "-p": "soft-partition",
    "-t": "trans",
}
Volume = Mirror | Stripe | OtherVolume


@dataclass(frozen=True)
class Line:
    """One definition, continued lines joined; `number` is where it starts, counted from 1."""

    number: int
    text: str


def definitions(text: str) -> list[Line]:
    """Definitions without comments and without the cluster's word of a proxied command; a backslash continues one."""
    joined: list[Line] = []
    continued = False
    for number, raw in enumerate(text.splitlines(), 1):
        part = raw.rstrip().removesuffix("\\")
        if continued and joined:
            joined[-1] = Line(joined[-1].number, f"{joined[-1].text} {part.strip()}")
        elif part.strip() and not part.lstrip().startswith(("#", "Proxy command")):
            joined.append(Line(number, part.strip()))
        continued = raw.rstrip().endswith("\\")
    return joined


def read_volume(line: str) -> Volume:
    """The volume of one definition. Raises ValueError with a sentence."""
    first, *words = line.split()
    name = canonical(first)
    if not re.fullmatch(r"(?:[\w.-]+/)?[\w.-]+", name):
        raise ValueError(f"{first} is not the name of a volume")
    if words[:1] == ["-m"]:
        return _mirror(name, words[1:])
    if words and words[0] in OTHER_KINDS:
        if len(words) == 1:
            raise ValueError(f"{name} has no components")
        return OtherVolume(name, OTHER_KINDS[words[0]], " ".join(words), _extents(words) or DEFAULT_BLOCKS)
    if words and words[0].isdigit():
        return _stripe(name, words)
    if not all(re.match(r"c\d|d\d|/dev/", word) for word in words):
        raise ValueError("this is no line of metastat -p")
    return OtherVolume(name, "hot-spare-pool", " ".join(words), DEFAULT_BLOCKS)


def _extents(words: list[str]) -> int:
    return sum(int(length) for flag, length in pairwise(words) if flag == "-b" and length.isdigit())


def _mirror(name: str, words: list[str]) -> Mirror:
    names = [word for word in words if not word.startswith("-") and not re.fullmatch(r"\d", word)]
    number = next((int(word) for word in words if re.fullmatch(r"\d", word)), 1)
    if not 1 <= len(names) <= 4:
        raise ValueError(f"{name} needs one to four submirrors")
    sides = tuple(Submirror(_in_set_of(name, canonical(word)), slot) for slot, word in enumerate(names))
    read = next((READ_OPTIONS[word] for word in words if word in READ_OPTIONS), "roundrobin (default)")
    write = "serial (-S)" if "-S" in words else "parallel (default)"
    return Mirror(name, DEFAULT_BLOCKS, sides, number, read, write)


def _in_set_of(name: str, member: str) -> str:
    """Some releases print the members of a set's volume without the set."""
    return f"{set_name(name)}/{member}" if set_name(name) and not set_name(member) else member


def _stripe(name: str, words: list[str]) -> Stripe:
    count, rest = int(words[0]), words[1:]
    rows: list[tuple[Component, ...]] = []
    interlace = 32
    while rest and rest[0].isdigit():
        width = int(rest[0])
        devices, rest = rest[1 : width + 1], rest[width + 1 :]
        if len(devices) < width or any(device.startswith("-") for device in devices):
            raise ValueError(f"{name}: a row of {width} has fewer components")
        rows.append(tuple(Component(canonical(device)) for device in devices))
        if rest[:1] == ["-i"]:
            interlace, rest = _blocks(rest[1:2]), rest[2:]
    if len(rows) != count or not rows or not all(rows):
        raise ValueError(f"{name} says {count} rows and has {len(rows)}")
    return Stripe(name, DEFAULT_BLOCKS, tuple(rows), interlace, hot_spare_pool=_pool(name, rest))


def _pool(name: str, words: list[str]) -> str:
    if words[:1] == ["-h"] and len(words) == 2:
        return _in_set_of(name, canonical(words[1]))
    if words:
        raise ValueError(f"{name}: {' '.join(words)} is not understood")
    return ""


def _blocks(words: list[str]) -> int:
    """`32b` is blocks, `16k` and `1m` are kilobytes and megabytes."""
    match = re.fullmatch(r"(\d+)([bkm]?)", words[0] if words else "")
    if not match:
        raise ValueError("the interlace -i needs a number of blocks, such as 32b")
    return int(match[1]) * {"b": 1, "k": 2, "m": 2048}.get(match[2], 1)
