"""Which arguments say what a command works on: the ones where a slip of the pen hits somebody else's data."""

from __future__ import annotations

from typing import Any

Json = Any
_ON_DISKS = ("diskset", "mirror", "submirror", "volume", "volumes", "device", "dump_device", "mount_point", "path")
FIELDS = frozenset((*_ON_DISKS, "paths", "services", "group", "node", "target", "source", "resource", "directory"))
_PLACES = ("/dev/", "if=", "of=")


def names_device(way: tuple[str, ...], before: Json, after: Json) -> bool:
    """True when an argument names a device, a volume, a service or a file system on either side.

    Of a command's words only those count that are not on both sides.
    """
    field = next((part for part in reversed(way) if not part.isdigit()), "")
    if field in FIELDS:
        return True
    return any(place in word for word in _words(before) ^ _words(after) for place in _PLACES)


def _words(value: Json) -> set[str]:
    return {str(word) for word in value} if isinstance(value, list | tuple) else {str(value)}
