"""The world behind the simulated commands: immutable values, changed by making new ones.

Everything is plain data (a state file holds it as JSON). Volumes are named `SET/dN`, or `dN` in the local set (set
name ``""``). Times are seconds of the world's own clock; sizes are blocks of 512 bytes. The state machine of mirrors
follows the sources of the metadevice driver (mirror_ioctl.c); the meaning of locks that of ufs_lockfs.c.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from svmrun.simulator.linux_disks import LinuxMirror, View
from svmrun.simulator.linux_files import BackupSession, Subvolume

SubmirrorState = Literal[
    "running", "attached-resync", "offline", "offline-resync", "component-erred", "component-resync", "attached"
]
ComponentState = Literal["Okay", "Maintenance", "Last Erred", "Resyncing", "Unavailable"]


@dataclass(frozen=True)
class Component:
    device: str  # c0t0d0s0, d4s0 (a DID device) or a whole path
    state: ComponentState = "Okay"


@dataclass(frozen=True)
class Stripe:
    """A concat/stripe: rows of components. `generation` is that of the data on it (see FileSystem.generation).

    `image` says how a detached or offline side was taken: `moment` (file system locked and flushed), `crash` (detached
    while writers went on), or `mixed` (parts of two moments: never consistent).
    """

    name: str
    size: int
    rows: tuple[tuple[Component, ...], ...]
    interlace: int = 32
    generation: int = 0
    image: Literal["live", "moment", "crash", "mixed"] = "live"
    last_mounted: str = ""
    hot_spare_pool: str = ""
    repaired: int = -1  # the generation that fsck has put in order


@dataclass(frozen=True)
class Submirror:
    name: str
    slot: int
    state: SubmirrorState = "running"
    changed: float = 0.0  # when the state changed last; 0 when nobody noted it


@dataclass(frozen=True)
class Resync:
    """A running (or cancelled) resync: `done` of `total` seconds of work at the time `since`."""

    total: float
    since: float
    done: float = 0.0
    cancelled: bool = False


@dataclass(frozen=True)
class Mirror:
    name: str
    size: int
    submirrors: tuple[Submirror, ...]
    pass_number: int = 1
    read_option: str = "roundrobin (default)"
    write_option: str = "parallel (default)"
    resync: Resync | None = None


@dataclass(frozen=True)
class OtherVolume:
    """A volume that is only printed: RAID, soft partition, hot spare pool. `words` is its `metastat -p` line's rest."""

    name: str
    kind: Literal["raid5", "soft-partition", "hot-spare-pool", "trans"]
    words: str
    size: int = 0


@dataclass(frozen=True)
class DiskSet:
    name: str
    number: int
    hosts: tuple[str, ...]
    owner: str | None
    drives: tuple[str, ...] = ()
    multi_owner: bool = False
    mediators: tuple[str, ...] = ()  # HOST or HOST,ALIAS[,ALIAS]
    auto_take: bool = False
    members: tuple[str, ...] = ()  # the joined hosts of a multi-owner set, whose `owner` is the master


@dataclass(frozen=True)
class FileSystem:
    """A mounted file system. `generation` grows with every write; a lock and a flush keep it still.

    `busy_seconds` is how long `lockfs -w` waits for running operations. While `writers` is True somebody writes all
    the time.
    """

    mount_point: str
    special: str  # /dev/md/SET/dsk/dN
    kind: str = "ufs"
    lock: Literal["unlock", "write", "name", "delete", "hard", "error"] = "unlock"
    comment: str = ""
    generation: int = 1
    writers: bool = True  # somebody writes all the time
    used: int = 296644
    busy_seconds: float = 0.0
    logging: bool = True
    holds_swap: bool = False
    pending_lock: str = ""  # a lock request that waits for running operations, and who made it
    pending_pid: int = 0
    locked_generation: int = 0  # the generation when the lock was taken
    options: str = "rw,relatime"
    at_boot: bool = True  # a boot mounts it again
    journal: str = ""  # the device that its journal lies on; empty when that is a part of the file system


@dataclass(frozen=True)
class Tape:
    """A tape drive. `capacity` in blocks of each volume, None without a limit; `volumes` are left to be mounted."""

    device: str
    loaded: bool = True
    capacity: int | None = None
    volumes: int = 9
    write_error_at: int | None = None
    file_number: int = 0
    contents: tuple[DumpImage, ...] = ()


@dataclass(frozen=True)
class DumpImage:
    """One dump: what was written, and whether it is one consistent moment of the file system."""

    device: str
    level: int
    date: float
    blocks: int
    generation: int
    consistent: bool
    complete: bool = True
    target: str = ""


@dataclass(frozen=True)
class OpenDevice:
    """A process that has a device open."""

    pid: int
    device: str  # canonical volume name or path
    writing: bool = False
    user: str = "root"
    command: bool = False  # a simulated command's own: closed when that process is gone


@dataclass(frozen=True)
class Service:
    fmri: str
    state: Literal["online", "disabled", "maintenance", "offline"] = "online"
    since: float = 0.0
    temporary: bool = False  # disabled until the next boot only


@dataclass(frozen=True)
class Node:
    name: str
    online: bool = True


@dataclass(frozen=True)
class Fault:
    """What shall go wrong with the calls numbered `first`..`last` of `program` whose arguments contain `has`.

    effect: `fail` (nothing happens, exit 1), `fail-after` (it happens, exit 1), `lie` (nothing happens, exit 0),
    `hang` (nothing happens, never ends), `hang-after` (it happens, never ends), `stubborn` (as hang, but ignores
    TERM and INT), `garbage` (it happens, prints rubbish), `late` (killed at its time-out, it happens `seconds` later),
    `signal` (kills itself), `prompt` (asks something unknown).
    """

    program: str
    effect: str
    first: int = 1
    last: int = 1_000_000
    has: tuple[str, ...] = ()
    seconds: float = 0.0


@dataclass(frozen=True)
class Later:
    """A command that takes effect at a time of the world's clock, although its process is long dead."""

    at: float
    argv: tuple[str, ...]
    user: str = "root"


@dataclass(frozen=True)
class World:
    """A host (and its cluster) as its commands see it."""

    name: str
    host: str
    os: str = "SunOS"
    release: str = "5.10"
    user: str = "root"
    clustered: bool = True
    era: Literal["A", "B"] = "B"  # how `metastat -p` names devices: short, or full raw paths
    slots: Literal["hole", "renumbered"] = "renumbered"  # what a detach leaves: an empty slot, or later ones moved down
    databases: Literal["fine", "stale", "none"] = "fine"  # the replicas of the state database
    locked_sets: tuple[str, ...] = ()  # sets whose lock file another process holds ("" is the local set)
    clock: float = 956_672_151.0
    time_scale: float = 1.0  # seconds of real time that one second of the world takes
    command_seconds: float = 0.0  # what each command takes at least, in real seconds
    resync_seconds: float = 600.0
    dump_seconds: float = 720.0
    nodes: tuple[Node, ...] = ()
    sets: tuple[DiskSet, ...] = ()
    mirrors: tuple[Mirror, ...] = ()
    stripes: tuple[Stripe, ...] = ()
    others: tuple[OtherVolume, ...] = ()
    linux_mirrors: tuple[LinuxMirror, ...] = ()
    views: tuple[View, ...] = ()  # devices laid over others, in the order in which they were made
    subvolumes: tuple[Subvolume, ...] = ()
    database_folder: str = ""  # where the PostgreSQL server of this host keeps its data; empty for no server
    backup_sessions: tuple[BackupSession, ...] = ()
    file_systems: tuple[FileSystem, ...] = ()
    tapes: tuple[Tape, ...] = ()
    files: tuple[DumpImage, ...] = ()  # dumps written to plain files
    plain_files: tuple[str, ...] = ()  # files that hold no dump
    links: dict[str, str] = field(default_factory=dict)  # symbolic links, and where each leads
    services: tuple[Service, ...] = ()
    opens: tuple[OpenDevice, ...] = ()
    dumpdates: tuple[str, ...] = ()
    faults: tuple[Fault, ...] = ()
    later: tuple[Later, ...] = ()
    password: str = "secret"  # what su and sudo want to hear; empty: they do not ask
    calls: tuple[str, ...] = ()  # every command line given, in order
    device_ids: dict[str, str] = field(default_factory=dict)  # by drive (no slice); others cannot be relocated
    parameters: dict[str, Any] = field(default_factory=dict)  # the example parameters for a runbook
    switches: dict[str, str] = field(default_factory=dict)  # what programs have set that no world knows
