"""In a guest: an ext4 on an md mirror of three legs, somebody who writes to it, and the backup of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from tests.lab.guest import Completed, Guest, Job, booted
from tests.lab.numbers import Writer, numbers_written
from tests.nursery import Kill

MOUNT_POINT = "/srv/data"
DUMP = "/backup/data.dump"
WAIT = "mdadm --wait /dev/md0 || true"  # it ends with 1 when there is nothing to wait for
RUN_SECONDS = 180.0  # thirty commands, and others on the same machine
MODULES = ["raid1", "dm-mod", "dm-snapshot", "loop"]
event = Guest.event


@contextmanager
def machine() -> Iterator[Guest]:
    """Three disks for the mirror; the fourth takes the dump."""
    with booted(disks=4, disk_mb=64, modules=MODULES) as guest:
        guest.ok(f"mkfs.ext4 -q {guest.disks[3]}; mkdir -p /backup {MOUNT_POINT}; mount {guest.disks[3]} /backup")
        yield guest


def make(guest: Guest, metadata: str = "1.2") -> None:
    """A whole mirror with that version of metadata (behind the data, or before them), its bitmap clean, mounted."""
    legs = " ".join(guest.disks[:3])
    guest.ok(
        "mdadm --create /dev/md0 --run --level=1 --raid-devices=3 --bitmap=internal --bitmap-chunk=64 --delay=1 "
        f"--metadata={metadata} {legs}\n"
        f"{WAIT}\n"
        "mkfs.ext4 -q -E lazy_itable_init=0,lazy_journal_init=0 /dev/md0\n"
        f"mount /dev/md0 {MOUNT_POINT}; sync\n"
        # Until the bitmap is clean a re-add would copy everything, and hide what this is about.
        f"until mdadm --examine-bitmap {guest.disks[0]} | grep -q ' 0 dirty'; do sleep 0.3; done"
    )


def unmake(guest: Guest) -> None:
    legs = " ".join(guest.disks[:3])
    guest.ok(f"umount {MOUNT_POINT}; mdadm --stop /dev/md0; for leg in {legs}; do mdadm --zero-superblock $leg; done")


def states(guest: Guest) -> list[str]:
    """Of each place of the mirror, as mdadm calls it."""
    row = r"s/^ .*   \(active sync\|spare rebuilding\|removed\).*/\1/p"
    return guest.ok(f"mdadm --detail /dev/md0 | sed -n '{row}'").splitlines()


def mismatches(guest: Guest) -> int:
    """In sectors, after all legs were compared."""
    return int(guest.ok(f"{WAIT}; mdadm --action=check /dev/md0; {WAIT}; cat /sys/block/md0/md/mismatch_cnt"))


def is_as_before(guest: Guest) -> bool:
    """Every leg is in sync, the file system can be written to, and nothing is laid over anything."""
    guest.ok(f"{WAIT}; timeout 5 touch {MOUNT_POINT}/touched; sync")
    return states(guest) == ["active sync"] * 3 and guest.ok("dmsetup ls; losetup --list") == "No devices found"


def words(**given: str) -> list[str]:
    """The command line of the backup."""
    usual = {"array": "/dev/md0", "mount_point": MOUNT_POINT, "dump_to": DUMP, "legs": "3", "store_size": "8M"}
    assignments = [f"{name}={value}" for name, value in {**usual, **given}.items()]
    return ["execute", "md-mirror-backup", *(word for one in assignments for word in ("-p", one))]


def start(guest: Guest, kill: Kill | None = None, **given: str) -> Job:
    guest.ok(f"rm -rf /lab/state {DUMP}")
    return guest.start_svmrun(*words(**given), kill=kill)


def backup(guest: Guest, **given: str) -> Completed:
    """The whole run."""
    return start(guest, None, **given).wait(RUN_SECONDS)


def result(guest: Guest, step: str) -> dict[str, Any]:
    """What a step told."""
    found: dict[str, Any] = guest.event("ActionEnded", step=step, role="forward")["result"]
    return found


def writing(guest: Guest) -> AbstractContextManager[Writer]:
    """Somebody writes all the time."""
    return numbers_written(guest, f"{MOUNT_POINT}/numbers")
