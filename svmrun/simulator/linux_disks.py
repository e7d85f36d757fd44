"""Linux mirrors as their commands see them: md arrays, LVM's raid1 volumes, and the devices that are laid over others.

Immutable values; times and sizes as in the world. The states follow md(4), mdadm(8), lvmraid(7) and dmsetup(8).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

LegState = Literal["in-sync", "recovering", "faulty", "out", "missing"]


@dataclass(frozen=True)
class Leg:
    """One copy of a mirror's data: md's component device, LVM's image.

    `in-sync` is read and written, `recovering` written while it is copied to, `faulty` thrown out because of an error,
    `out` taken off on purpose (removed from an md array; split off by LVM, its changes tracked), `missing` is gone with
    its disk. `generation` and `image` are those of its data, as a stripe's. `altered`: somebody wrote to it while it
    was out, which no bitmap knows. `differs` is the truth that no state word tells: it counts as in sync, and holds
    other data than the mirror; only a consistency check finds it.
    """

    device: str
    disk: str = ""  # the physical volume that carries LVM's image
    state: LegState = "in-sync"
    generation: int = 0
    image: Literal["live", "moment", "crash", "mixed"] = "live"
    altered: bool = False
    differs: bool = False
    repaired: int = -1  # the generation that a check of the file system has put in order
    known: bool = True  # its own metadata say whose it is; without them it is only taken back in full
    read_only: bool = False  # as `blockdev --setro` sets it
    split: bool = False  # LVM tracks what is written while it is split off, were its disk gone meanwhile


@dataclass(frozen=True)
class Work:
    """A running recovery or consistency check: `done` of `total` seconds of work at the time `since`."""

    kind: Literal["recovery", "check"]
    total: float
    since: float
    done: float = 0.0


@dataclass(frozen=True)
class LinuxMirror:
    """An md array (`/dev/md0`) or a raid1 volume of LVM (`vg/lv`).

    `noted` says that the legs which stayed know, in their own metadata, that one is out: without it LVM's merge copies
    nothing. `mismatches` is what the last consistency check counted, in sectors.
    """

    name: str
    kind: Literal["md", "lvm"]
    size: int
    legs: tuple[Leg, ...]
    metadata: str = "1.2"
    data_offset: int = 2048  # sectors before the data on each leg; 0 with metadata at the end
    bitmap: bool = True
    noted: bool = True
    work: Work | None = None
    mismatches: int = 0
    broken: bool = False  # md's last leg was to be thrown out: until it is assembled anew it takes no writes
    last: Literal["none", "recovery", "check"] = "none"  # the work that was begun last


@dataclass(frozen=True)
class View:
    """A device laid over another: a loop device over a file, a linear or snapshot target of device-mapper.

    What is written to a `snapshot` goes to `store`, and leaves `over` as it is.
    """

    name: str  # /dev/loop0, /dev/mapper/NAME
    kind: Literal["loop", "linear", "snapshot"]
    over: str
    offset: int = 0  # sectors
    read_only: bool = False
    store: str = ""
    size: int = 0  # sectors; 0: all that lies below
    closing: bool = False  # a loop device that was detached while in use: it goes with its last user
    repaired: int = -1  # the generation that a check of the file system has put in order in this view
