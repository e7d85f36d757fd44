"""What was seen: on the host, in the journals, in the process table, among the guards' folders."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Json = Any
Volumes = Mapping[str, Json]


@dataclass(frozen=True)
class KnownHold:
    """A hold that a run took. `held`: by the journal it is, or may be, still there.

    `locked_path` is where writers hang; `mirror` loses `side` (canonical names). `resource` is what it occupies, as its
    adapter calls that (`device /dev/mapper/NAME`). `visible`: a command can tell whether the effect is there.
    """

    step: str
    adapter: str
    held: bool
    locked_path: str | None = None
    mirror: str | None = None
    side: str | None = None
    visible: bool = True
    resource: str | None = None

    @property
    def words(self) -> str:
        target = self.locked_path or (f"{self.side} of {self.mirror}" if self.side else "")
        return f"{self.step} ({self.adapter} {target})" if target else f"{self.step} ({self.adapter})"


@dataclass(frozen=True)
class KnownRun:
    """A run by its journal. `at work`: its runner lives; `damaged`: the journal cannot be read, `damage` says why."""

    run: str
    condition: Literal["at work", "unfinished", "stuck", "ended", "damaged"]
    runner_pid: int = 0
    holds: tuple[KnownHold, ...] = ()
    left: tuple[str, ...] = ()
    damage: str = ""


@dataclass(frozen=True)
class LeftCommand:
    """A command of a dead run that still runs."""

    run: str
    pid: int
    words: str


@dataclass(frozen=True)
class GuardFolder:
    """The folder of a guard. `outstanding` are the steps whose holds nobody has released, by its marks."""

    run: str
    path: str
    alive: bool
    outstanding: tuple[str, ...]


@dataclass(frozen=True)
class Seen:
    """`locks` as `parse_lockfs` reads them; the volumes of all disk sets as `parse_metastat_p`, `parse_metastat` and
    `parse_metastat_c` do. What could not be asked is empty. `mounted` are the volumes that are mounted themselves.
    `runs` are those of this host, the oldest first.

    Of Linux: the arrays as `parse_mdadm_detail` reads them, each with `mismatches`; the names of arrays that do not
    run; the volumes of LVM as `parse_lvs` reads them; the names of device-mapper's devices that are no part of LVM;
    loop devices as `parse_losetup` reads them; `mounts` are `{"source", "target"}`.
    """

    locks: tuple[Json, ...] = ()
    layout: Volumes = field(default_factory=dict)
    report: Volumes = field(default_factory=dict)
    concise: Volumes = field(default_factory=dict)
    mounted: frozenset[str] = frozenset()
    runs: tuple[KnownRun, ...] = ()
    commands: tuple[LeftCommand, ...] = ()
    guard_folders: tuple[GuardFolder, ...] = ()
    arrays: tuple[Json, ...] = ()
    stopped_arrays: tuple[str, ...] = ()
    logical_volumes: Volumes = field(default_factory=dict)
    views: tuple[str, ...] = ()
    loop_devices: tuple[Json, ...] = ()
    mounts: tuple[Json, ...] = ()
