"""The kinds of mirror that a backup can die on, as stories of deaths need them (see deaths.py)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from tests.lab import lvm_scene, md_scene
from tests.lab.guest import Guest, booted

MOUNT_POINT = md_scene.MOUNT_POINT
BACKUP = "/backup"  # on the fourth disk: the dump, and the state of svmrun, which must outlive a power cut


@dataclass(frozen=True)
class Mirror:
    """Three legs on the first three disks, under an ext4."""

    runbook: str
    parameters: Mapping[str, str]
    modules: tuple[str, ...]
    disk_mb: int
    settings: str  # a script for each boot
    find: str  # a script that finds the mirror after a boot
    make: Callable[[Guest], None]
    legs: Callable[[Guest], list[str]]  # a word for each, when nothing is copied any more
    mismatches: Callable[[Guest], int]

    @property
    def words(self) -> tuple[str, ...]:
        """The runbook and its parameters, as on a command line."""
        return (self.runbook, *(word for name, value in self.parameters.items() for word in ("-p", f"{name}={value}")))

    @contextmanager
    def guest(self) -> Iterator[Guest]:
        with booted(disks=4, disk_mb=self.disk_mb, modules=self.modules) as guest:
            guest.ok(f"mkfs.ext4 -q {guest.disks[3]}")
            self.set_up(guest)
            self.make(guest)
            yield guest

    def set_up(self, guest: Guest) -> None:
        """What a boot does not do by itself."""
        guest.ok(f"{self.settings}\nmkdir -p {BACKUP} {MOUNT_POINT}; mount {guest.disks[3]} {BACKUP}")

    def boot(self, guest: Guest) -> None:
        """After a power cut, up to where local file systems are mounted."""
        guest.boot()
        self.set_up(guest)
        guest.ok(self.find)

    def amiss(self, guest: Guest) -> str:
        """What does not stand as it should; empty when the mirror is in sync, free and can be written to."""
        guest.run("udevadm settle")
        found = [f"legs: {legs}"] if (legs := self.legs(guest)) != ["in sync"] * 3 else []
        if guest.run(f"timeout -s KILL 10 touch {MOUNT_POINT}/touched").status:
            found.append("it cannot be written to")
        if laid := guest.run("dmsetup ls | grep _backup || true; losetup --noheadings --list").stdout.strip():
            found.append(f"devices are laid over it: {laid}")
        return "; ".join(found)


def _md_legs(guest: Guest) -> list[str]:
    guest.ok(md_scene.WAIT)
    return ["in sync" if leg == "active sync" else leg for leg in md_scene.states(guest)]


MIRRORS = {
    mirror.runbook: mirror
    for mirror in (
        Mirror(
            "md-mirror-backup",
            {"array": "/dev/md0", "mount_point": MOUNT_POINT, "dump_to": f"{BACKUP}/data.dump", "legs": "3"}
            | {"store_size": "8M"},
            tuple(md_scene.MODULES),
            64,
            ":",
            f"mdadm --assemble --scan || true; mount /dev/md0 {MOUNT_POINT}",
            md_scene.make,
            _md_legs,
            md_scene.mismatches,
        ),
        Mirror(
            "lvm-mirror-backup",
            {"volume": lvm_scene.VOLUME, "mount_point": MOUNT_POINT, "dump_to": f"{BACKUP}/data.dump"}
            | {"store_size": "8M"},
            tuple(lvm_scene.MODULES),
            lvm_scene.DISK_MB,
            lvm_scene.SETTINGS,
            f"vgchange -q --activate y vg; mount /dev/vg/data {MOUNT_POINT}",
            lvm_scene.make,
            lvm_scene.images,
            lvm_scene.mismatches,
        ),
    )
}
