"""Names of volumes and of devices, and the paths behind them.

A volume is called `dN` (or any free name) in the local set and `SET/dN` in a disk set: that is what the commands print.
They accept and print other forms too: `/dev/md/[SET/][r]dsk/dN`, and for plain devices `/dev/[r]dsk/c0t0d0s0` or
`/dev/did/[r]dsk/d4s0` (meta_name.c). Everything here is text in, text out; an empty disk set is the local one.
"""

from __future__ import annotations

import re

_SLASHES = re.compile(r"/{2,}")
_VOLUME_PATH = re.compile(r"/dev/md/(?:(?P<diskset>[^/]+)/)?r?dsk/(?P<name>[^/]+)")
_DEVICE_PATH = re.compile(r"/dev/(?:did/|ap/)?r?dsk/(?P<name>[^/]+)")
_WORD = re.compile(r"[^\s/-][^\s/]*")


def canonical(name: str) -> str:
    """The short name of a volume or device in any form: `SET/dN`, `dN`, `c0t0d0s0`, `d4s0`.

    A path of another kind (`/dev/vx/dsk/x`, a file) comes back whole, without doubled slashes.
    """
    name = tidy_path(name)
    if match := _VOLUME_PATH.fullmatch(name):
        diskset = match["diskset"]
        return f"{diskset}/{match['name']}" if diskset else match["name"]
    if match := _DEVICE_PATH.fullmatch(name):
        return match["name"]
    return name


def volume(name: str, diskset: str = "") -> str:
    """The canonical name of a volume that was named alone, with its set, or by its path.

    ValueError when the name is empty, is not a volume's, or says another set than `diskset` ("set name is
    inconsistent", as the commands put it).
    """
    short = canonical(name)
    if short.startswith("/"):
        raise ValueError(f"{name} is not the path of a volume (/dev/md/[SET/][r]dsk/dN)")
    own_set, base = split(short)
    _word(base, "a volume")
    if diskset and own_set and own_set != diskset:
        raise ValueError(f"{name} does not lie in the disk set {diskset}: its name says the set {own_set}")
    chosen = set_name(own_set or diskset) if own_set or diskset else ""
    return f"{chosen}/{base}" if chosen else base


def split(name: str) -> tuple[str, str]:
    """A canonical name in two: disk set (empty for the local one) and the name inside it."""
    diskset, _, base = name.rpartition("/")
    return diskset, base


def base_name(name: str) -> str:
    """The name without disk set or folder: `dN`."""
    return split(canonical(name))[1]


def disk_set(name: str) -> str:
    """The disk set that a volume's name says; empty for the local set."""
    diskset = split(canonical(name))[0]
    return "" if diskset.startswith("/") else diskset


def raw_device(name: str, diskset: str = "") -> str:
    """The path of a volume's character device, the one that fsck and ufsdump want: `/dev/md/SET/rdsk/dN`."""
    return _device(name, diskset, "rdsk")


def block_device(name: str, diskset: str = "") -> str:
    """The path of a volume's block device, the one that mount wants: `/dev/md/SET/dsk/dN`."""
    return _device(name, diskset, "dsk")


def set_name(diskset: str) -> str:
    """The name of a disk set as given. ValueError when it cannot be one (a program might take it for an option)."""
    return _word(diskset, "a disk set")


def tidy_path(path: str) -> str:
    """The path without doubled slashes: a template with an empty disk set writes `/dev/md//rdsk/d30`."""
    return _SLASHES.sub("/", path.strip())


def _device(name: str, diskset: str, kind: str) -> str:
    own_set, base = split(volume(name, diskset))
    return f"/dev/md/{own_set}/{kind}/{base}" if own_set else f"/dev/md/{kind}/{base}"


def _word(text: str, what: str) -> str:
    if not _WORD.fullmatch(text):
        raise ValueError(
            f"{text!r} cannot be the name of {what}: it must not be empty, hold blanks or slashes, or start with '-'"
        )
    return text


def mapper_name(volume: str) -> str:
    """The name that device-mapper knows `GROUP/VOLUME` of LVM by: dashes of the names are doubled (lvm(8))."""
    return "-".join(part.replace("-", "--") for part in volume.split("/", 1))
