"""What is mounted where: the tables of Linux (proc(5), mountinfo) and Solaris (mnttab(4))."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

_MOUNTINFO = Path("/proc/self/mountinfo")
_MNTTAB = Path("/etc/mnttab")
_LOOPS = Path("/sys/block")
# Options that name where the files of an overlay, or the blocks of a loop device, really lie.
_BELOW = ("upperdir", "workdir", "lowerdir", "backing-file")


@dataclass(frozen=True)
class Mount:
    """One line of the table. `device` tells file systems apart (major:minor, or the `dev=` option); may be empty."""

    point: str
    source: str
    kind: str
    device: str = ""
    options: tuple[str, ...] = field(default=(), compare=False)

    def same_file_system(self, other: Mount) -> bool:
        """True also for a file system that is mounted a second time elsewhere."""
        if self.device and self.device == other.device:
            return True
        return self.source.startswith("/") and self.source == other.source and self.kind == other.kind


_NOWHERE = Mount("/", "", "")


@dataclass(frozen=True)
class MountTable:
    """Mounts in the order of the table: a later one covers an earlier one at the same place."""

    mounts: tuple[Mount, ...]

    def at(self, point: str) -> Mount | None:
        """What is mounted at this very path."""
        return next((m for m in reversed(self.mounts) if m.point == point), None)

    def holding(self, path: str) -> Mount:
        """The mount that an absolute path without symbolic links lies on."""
        return max(
            (m for m in self.mounts if _inside(path, m.point)), key=lambda m: len(m.point.rstrip("/")), default=_NOWHERE
        )

    def file_systems(self, path: str) -> tuple[Mount, ...]:
        """The mount that a path lies on, and those below it (loopback mount, overlay, loop device)."""
        found: list[Mount] = []
        waiting = [path]
        while waiting:
            mount = self.holding(waiting.pop())
            if mount not in found:
                found.append(mount)
                waiting += _below(mount)
        return tuple(found)


def _inside(path: str, point: str) -> bool:
    return path == point or path.startswith(point.rstrip("/") + "/")


def _below(mount: Mount) -> list[str]:
    if mount.kind == "lofs":
        return [mount.source]
    named = (option.partition("=") for option in mount.options)
    paths = [path for name, _, value in named if name in _BELOW for path in value.split(":")]
    return [path for path in paths if path.startswith("/")]


def read_mount_table() -> MountTable:
    """The table of this host; empty when the system has none of the known kinds."""
    if _MOUNTINFO.exists():
        table = from_mountinfo(_MOUNTINFO.read_text(errors="surrogateescape"))
        return MountTable(tuple(map(_with_backing_file, table.mounts)))
    if _MNTTAB.exists():
        return from_mnttab(_MNTTAB.read_text(errors="surrogateescape"))
    return MountTable(())


def _with_backing_file(mount: Mount) -> Mount:
    """A loop device freezes with the file system that its file lies on (losetup(8))."""
    try:
        path = (_LOOPS / Path(mount.source).name / "loop" / "backing_file").read_text().strip()
    except (OSError, ValueError):
        return mount
    return replace(mount, options=(*mount.options, f"backing-file={path}"))


def from_mountinfo(text: str) -> MountTable:
    """Lines `36 35 98:0 /root /point rw,noatime shared:1 - ext3 /dev/root rw`; blanks are written as octal."""
    return _newest_last(_mountinfo_line(line.split(" ")) for line in text.splitlines() if " - " in line)


def _mountinfo_line(fields: list[str]) -> Mount:
    kind, source, *options = fields[fields.index("-") + 1 :]
    return Mount(_plain(fields[4]), _plain(source), kind, fields[2], tuple(",".join(map(_plain, options)).split(",")))


def from_mnttab(text: str) -> MountTable:
    """Lines of special, mount point, type, options and time, separated by tabs."""
    return _newest_last(_mnttab_line(*line.split("\t")[:4]) for line in text.splitlines() if line.count("\t") >= 3)


def _mnttab_line(special: str, point: str, kind: str, option_text: str) -> Mount:
    options = tuple(option_text.split(","))
    device = next((o.removeprefix("dev=") for o in options if o.startswith("dev=")), "")
    return Mount(point, special, kind, device, options)


def _newest_last(mounts: Iterable[Mount]) -> MountTable:
    """`holding` takes the first of two mounts at one place, so covered ones are left out."""
    return MountTable(tuple({mount.point: mount for mount in mounts}.values()))


def _plain(text: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda m: chr(int(m[1], 8)), text)
