"""`metastat -p`: one definition per line, in the form of md.tab (meta_mirror.c, meta_stripe.c, meta_raid.c, meta_sp.c).

Devices are short names in older releases and whole raw paths in newer ones; both become canonical names.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from svmrun.adapters.output import lines, number, unreadable
from svmrun.names import canonical

Json = Any
Words = Sequence[str]

_NAME = re.compile(r"(?:/dev/md/)?[\w.+-]+(?:/[\w.+-]+)*")
_DEVICE = re.compile(r"/\S+|(?:[\w.-]+/)?(?:c[0-9]+(?:t[0-9A-Za-z]+)?)?d[0-9]+(?:[sp][0-9]+)?", re.ASCII)
_POOL = re.compile(r"(?:[\w.-]+/)?hsp\w*")
_ROW_CONTINUED = re.compile(r"\s+[0-9]+\s")


def parse_metastat_p(text: str) -> dict[str, Json]:
    """`{"volumes": {NAME: {"type", ...}}}`, in the order printed.

    A mirror has `submirrors` and `pass` (None when the line is cut before it), a stripe, RAID or hot spare pool
    `components`, a soft partition `device`, a trans device both. No text at all is a set without volumes; ParseError
    when there is text but no definition.
    """
    volumes: dict[str, Json] = {}
    rest: list[str] = []
    for line in _joined(lines(text)):
        words = line.split()
        found = _definition(words)
        if found is None:
            rest.append(line)
        else:
            volumes[canonical(words[0])] = found
    if rest and not volumes:
        raise unreadable("metastat -p", "definition of a volume", rest)
    return {"volumes": volumes}


def _joined(physical: list[str]) -> Iterator[str]:
    """Logical lines: a final backslash joins the next line, and so does a row that lost it (a number after blanks)."""
    joined = ""
    for line in physical:
        if line.lstrip().startswith("#"):
            continue
        if joined and not joined.endswith("\\") and not _ROW_CONTINUED.match(line):
            yield joined
            joined = ""
        joined = f"{joined.removesuffix(chr(92))} {line}" if joined else line
    if joined:
        yield joined.removesuffix("\\")


def _definition(words: Words) -> dict[str, Json] | None:
    """What one line defines; None when it is no definition."""
    if not _NAME.fullmatch(words[0]):
        return None
    if len(words) > 1 and words[1] in _BY_OPTION:
        return _BY_OPTION[words[1]](words[2:])
    if len(words) > 2 and number(words[1]) is not None and number(words[2]) is not None:
        return _stripe(words[2:])
    if all(_DEVICE.fullmatch(word) for word in words[1:]) and (len(words) > 1 or _POOL.fullmatch(words[0])):
        return {"type": "hot-spare-pool", "components": [canonical(word) for word in words[1:]]}
    return None


def _mirror(words: Words) -> dict[str, Json]:
    """`SUB... [-g|-r] [-S] PASS`; a one-sided mirror is `d10 1`."""
    sides = list(_until_option(words))
    last = words[-1] if words else ""
    pass_number = number(last) if len(words) > 1 else None
    if pass_number is not None and len(sides) == len(words):
        sides.pop()
    return {"type": "mirror", "submirrors": [canonical(side) for side in sides], "pass": pass_number}


def _stripe(words: Words) -> dict[str, Json]:
    """Rows of `N COMP... [-i Kb]`, at the end `[-h POOL]`: what is neither a number nor an option is a component."""
    components: list[str] = []
    skip = False
    for word in words:
        if not (skip or word.startswith("-") or number(word) is not None):
            components.append(canonical(word))
        skip = word in ("-i", "-h")
    return {"type": "stripe", "components": components}


def _raid(words: Words) -> dict[str, Json]:
    return {"type": "raid5", "components": [canonical(word) for word in _until_option(words)]}


def _soft_partition(words: Words) -> dict[str, Json]:
    return {"type": "soft-partition", "device": canonical(words[0]) if words else None}


def _trans(words: Words) -> dict[str, Json]:
    devices = [canonical(word) for word in words]
    return {"type": "trans", "device": devices[0] if devices else None, "components": devices}


def _until_option(words: Words) -> Iterator[str]:
    for word in words:
        if word.startswith("-"):
            return
        yield word


_BY_OPTION: dict[str, Callable[[Words], dict[str, Json]]] = {
    "-m": _mirror,
    "-r": _raid,
    "-p": _soft_partition,
    "-t": _trans,
}
