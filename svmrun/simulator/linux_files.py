"""What lies on a file system of Linux: subvolumes of btrfs, a database that is backed up. Immutable values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

EXT_KINDS = ("ext2", "ext3", "ext4")  # what e2fsck and dump know


@dataclass(frozen=True)
class Subvolume:
    """A subvolume of btrfs by its absolute path. `generation` is that of the data of a read-only one."""

    path: str
    of: str = ""  # the subvolume that it is a snapshot of
    read_only: bool = False
    generation: int = 0
    transaction: int = 8


@dataclass(frozen=True)
class BackupSession:
    """A client's session of the PostgreSQL server of this host, by its application name.

    It keeps the log that is written meanwhile; from pg_backup_start to pg_backup_stop it is in `backup`.
    """

    name: str
    mode: Literal["open", "backup"] = "open"
    pid: int = 0  # a simulated client, with which it ends
