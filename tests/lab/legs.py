"""A layer between a disk and the mirror over it: the leg breaks, is slow or flaky, and heals, while it is in use.

    with leg(guest, guest.disks[2]) as third:
        guest.ok(f"mdadm --create /dev/md0 ... {third.device}")
        third.breaks()                          # every read and write fails; md marks it (F)
        third.heals()

The layers are device-mapper's targets linear, error, delay and flakey (Documentation/admin-guide/device-mapper); the
guest needs the modules of MODULES.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import PurePosixPath

from tests.lab.guest import Guest

MODULES = ("dm-mod", "dm-delay", "dm-flakey")


@dataclass(frozen=True)
class Leg:
    guest: Guest
    disk: str
    sectors: int  # of 512 bytes

    @property
    def name(self) -> str:
        return f"leg-{PurePosixPath(self.disk).name}"

    @property
    def device(self) -> str:
        return f"/dev/mapper/{self.name}"

    def breaks(self) -> None:
        self.becomes("error")

    def is_slow(self, milliseconds: int) -> None:
        """Each read and write takes that much longer."""
        self.becomes(f"delay {self.disk} 0 {milliseconds}")

    def is_flaky(self, up_seconds: int, down_seconds: int) -> None:
        """By turns it works and fails, beginning with up."""
        self.becomes(f"flakey {self.disk} 0 {up_seconds} {down_seconds}")

    def heals(self) -> None:
        self.guest.ok(self.healing())

    def healing(self) -> str:
        """A script; it does nothing to a sound leg."""
        return f"dmsetup table {self.name} | grep -q ' linear ' || {{ {self._becoming(f'linear {self.disk} 0')}; }}"

    def becomes(self, target: str) -> None:
        """Any target of device-mapper, by the words of its table after `0 SECTORS`."""
        self.guest.ok(self._becoming(target))

    def _becoming(self, target: str) -> str:
        name, table = self.name, f"0 {self.sectors} {target}"
        # What waits on its way to the disk is not flushed first: on a broken one that would never end.
        steps = f"dmsetup suspend --noflush {name} && dmsetup load {name} --table '{table}'"
        return f"{steps}; dmsetup resume --noudevsync {name}"  # udev looks at what changed, were it a slow disk


@contextmanager
def leg(guest: Guest, disk: str) -> Iterator[Leg]:
    """A sound leg on this disk; whoever has it open must have closed it at the end."""
    made = Leg(guest, disk, int(guest.ok(["blockdev", "--getsz", disk])))
    guest.ok(["dmsetup", "create", made.name, "--table", f"0 {made.sectors} linear {disk} 0"])
    try:
        yield made
    finally:
        made.heals()  # udev looks at what changed: not at a slow disk
        guest.ok(["udevadm", "settle"])
        guest.ok(["dmsetup", "remove", "--retry", made.name])
