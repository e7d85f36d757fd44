"""The runbook btrfs-snapshot-backup on a real btrfs that is written to all the time."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.lab.guest import Guest, Job, booted, eventually
from tests.lab.numbers import Writer, assert_one_moment, numbers_written

DATA, BACKUP = "/srv/data", "/srv/backup"
SNAPSHOT = f"{DATA}/.svmrun-snapshot"
PATIENCE_SECONDS = 120.0  # 30 processes, in a guest on a loaded machine


@pytest.fixture(scope="module")
def guest() -> Iterator[Guest]:
    with booted(disks=2, disk_mb=300, modules=["btrfs"]) as guest:
        data, backup = guest.disks
        guest.ok(
            f"mkfs.btrfs -q {data}; mkfs.btrfs -q {backup}; mkdir -p {DATA} {BACKUP}\n"
            f"mount {data} {DATA}; mount {backup} {BACKUP}\n"
            f"for n in $(seq 50); do head -c $((n * 1000)) /dev/urandom > {DATA}/file$n; done\n"
            f"cd {DATA}; sha256sum file* > /lab/sums"
        )
        yield guest


@pytest.fixture
def writer(guest: Guest) -> Iterator[Writer]:
    with numbers_written(guest, f"{DATA}/numbers") as writer:
        yield writer
    guest.ok(f"rm -rf {DATA}/numbers /lab/state")


def start(guest: Guest, target: str = BACKUP) -> Job:
    """The runbook, with a file in this folder as its goal."""
    given = ("-p", f"subvolume={DATA}", "-p", f"send_to={target}/data.btrfs")
    return guest.start_svmrun("execute", "btrfs-snapshot-backup", *given)


def nothing_is_left(guest: Guest) -> bool:
    return guest.ok(f"btrfs subvolume list {DATA}") == ""


def test_the_backup_is_received_as_one_moment(guest: Guest, writer: Writer) -> None:
    done = start(guest).wait(PATIENCE_SECONDS)
    assert done.status == 0, done.said
    assert nothing_is_left(guest)
    began, ended = guest.when("ActionStarted", "snapshot"), guest.when("ActionEnded", "snapshot")
    assert writer.goes_on()
    guest.ok(f"btrfs receive -f {BACKUP}/data.btrfs {BACKUP}")
    received = f"{BACKUP}/.svmrun-snapshot"
    guest.ok(f"cd {received}; sha256sum --quiet --check /lab/sums")
    assert_one_moment(guest.ok(["cat", f"{received}/numbers"]), writer.acknowledged(), began, ended)
    guest.ok(f"btrfs subvolume delete {received}")


def test_a_full_target_is_told_and_the_snapshot_deleted(guest: Guest, writer: Writer) -> None:
    guest.ok("mkdir -p /full; mount -t tmpfs -o size=64k tmpfs /full")
    done = start(guest, "/full").wait(PATIENCE_SECONDS)
    guest.ok("umount /full")
    assert done.status == 1, done.said
    assert "No space left on device" in done.said
    assert nothing_is_left(guest)


def test_after_a_power_cut_recover_deletes_the_snapshot(guest: Guest) -> None:
    """The last test of this guest: what it does not know any more is mounted again by the test."""
    guest.ok(f"rm -f {BACKUP}/data.btrfs; mkfifo {BACKUP}/data.btrfs")  # nobody reads: the send does not end
    start(guest)
    assert eventually(lambda: not nothing_is_left(guest))
    guest.power_cut()
    guest.boot()
    guest.ok(f"mkdir -p {DATA}; mount {guest.disks[0]} {DATA}")
    assert not nothing_is_left(guest)
    recovered = guest.svmrun("recover")
    assert recovered.status == 0, recovered.said
    assert "ROLLED BACK" in recovered.said
    assert nothing_is_left(guest)
