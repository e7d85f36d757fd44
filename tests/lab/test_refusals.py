"""What the shipped backups refuse on real disks before they change anything, and what others can read of a copy."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.lab.guest import Completed, Guest, booted

DATA, BACKUP, LINK = "/srv/data", "/backup", "/backup/link"
PATIENCE_SECONDS = 240.0
MODULES = ["raid1", "dm-mod", "dm-snapshot", "loop", "xfs", "btrfs"]


@pytest.fixture(scope="module")
def guest() -> Iterator[Guest]:
    """A mirror of two legs with no file system on it, a disk for a journal, one for the backup."""
    with booted(disks=4, disk_mb=330, modules=MODULES) as guest:
        first, second, _journal, backup = guest.disks
        guest.ok(
            f"mdadm --create /dev/md0 --run --level=1 --raid-devices=2 --assume-clean --bitmap=internal "
            f"{first} {second}\nmkfs.ext4 -q {backup}; mkdir -p {DATA} {BACKUP}; mount {backup} {BACKUP}"
        )
        yield guest


def mounted(guest: Guest, make: str, options: str = "") -> None:
    guest.ok(f"umount {DATA} || true; rm -rf {BACKUP}/*; {make}; mount {options} /dev/md0 {DATA}")


def backup(guest: Guest, runbook: str, **given: str) -> Completed:
    words = [word for name, value in given.items() for word in ("-p", f"{name}={value}")]
    return guest.start_svmrun("execute", runbook, *words).wait(PATIENCE_SECONDS)


def md(guest: Guest, kind: str = "md-mirror-backup", dump_to: str = f"{BACKUP}/dump") -> Completed:
    return backup(guest, kind, array="/dev/md0", mount_point=DATA, dump_to=dump_to, store_size="16M")


def refused(guest: Guest, done: Completed, words: str) -> None:
    assert done.status == 6, done.said
    assert words in done.said
    assert "[UU]" in guest.ok(f"timeout 5 touch {DATA}/touched; cat /proc/mdstat")


def test_an_ext4_with_its_journal_elsewhere_is_refused(guest: Guest) -> None:
    journal = guest.disks[2]
    mounted(guest, f"mkfs.ext4 -q -O journal_dev {journal}; mkfs.ext4 -q -J device={journal} /dev/md0")
    refused(guest, md(guest), "The journal of /srv/data lies on a device of its own")


def test_an_xfs_with_its_log_elsewhere_is_refused(guest: Guest) -> None:
    log = f"logdev={guest.disks[2]}"
    mounted(guest, f"mkfs.xfs -q -f -l {log},size=64m /dev/md0", f"-o {log}")
    refused(guest, md(guest, "xfs-freeze-backup"), "The log of /srv/data lies on a device of its own")


def test_a_link_that_leads_into_the_mirror_is_refused_and_a_dump_is_private(guest: Guest) -> None:
    mounted(guest, "mkfs.ext4 -q -F /dev/md0")
    guest.ok(f"mkdir {DATA}/sub; ln -s {DATA}/sub/there {LINK}")
    refused(guest, md(guest, dump_to=LINK), f"{LINK} lies on /dev/md0 itself")
    guest.ok(f"ln -sfn /dev/ubda {LINK}")
    refused(guest, md(guest, dump_to=LINK), f"{LINK} leads to /dev/ubda")
    done = md(guest)
    assert done.status == 0, done.said
    assert guest.ok(f"stat --format=%a {BACKUP}/dump") == "600"


def test_a_folder_that_is_no_subvolume_is_told_by_its_path(guest: Guest) -> None:
    mounted(guest, "mkfs.btrfs -q -f /dev/md0")
    guest.ok(f"mkdir {DATA}/folder; btrfs subvolume create {DATA}/own")
    send_to = f"{BACKUP}/data.btrfs"
    refused(
        guest,
        backup(guest, "btrfs-snapshot-backup", subvolume=f"{DATA}/folder", send_to=send_to),
        f"{DATA}/folder is no subvolume that somebody writes to",
    )
    done = backup(guest, "btrfs-snapshot-backup", subvolume="/srv//data/own", send_to=send_to)
    assert done.status == 0, done.said
    assert guest.ok(f"stat --format=%a {send_to}") == "600"
