"""The runbook xfs-freeze-backup on a real xfs, on a mirror of Linux md, that is written to all the time."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.lab.guest import Guest, booted
from tests.lab.numbers import Writer, assert_one_moment, numbers_written

DATA, BACKUP, RESTORED, LOOK = "/srv/data", "/srv/backup", "/srv/restored", "/srv/view"
GIVEN = (
    "array=/dev/md0",
    f"mount_point={DATA}",
    f"dump_to={BACKUP}/data.xfsdump",
    "store_size=16M",
    f"look_at={LOOK}",  # a guest's /mnt is that of this machine, and what is in it anybody's
)
RUN = ("execute", "xfs-freeze-backup", *(word for one in GIVEN for word in ("-p", one)))
PATIENCE_SECONDS = 240.0  # 60 processes, in a guest on a loaded machine
WAIT = "mdadm --wait /dev/md0 || true"  # it ends with 1 when there is nothing to wait for


@pytest.fixture(scope="module")
def guest() -> Iterator[Guest]:
    """The legs are in step from the start, and what is written to them afterwards stands in the bitmap."""
    with booted(disks=3, disk_mb=320, modules=["raid1", "dm-mod", "dm-snapshot", "loop", "xfs"]) as guest:
        first, second, backup = guest.disks
        guest.ok(
            f"mdadm --create /dev/md0 --run --level=1 --raid-devices=2 --assume-clean --bitmap=internal "
            f"{first} {second}\n"
            f"mkfs.xfs -q /dev/md0; mkfs.ext4 -q {backup}; mkdir -p {DATA} {BACKUP} {RESTORED} {LOOK}\n"
            f"mount /dev/md0 {DATA}; mount {backup} {BACKUP}\n"
            f"for n in $(seq 50); do head -c $((n * 1000)) /dev/urandom > {DATA}/file$n; done\n"
            f"cd {DATA}; sha256sum file* > /lab/sums"
        )
        yield guest


@pytest.fixture
def writer(guest: Guest) -> Iterator[Writer]:
    with numbers_written(guest, f"{DATA}/numbers") as writer:
        yield writer
    guest.ok(f"rm -rf {DATA}/numbers /lab/state {BACKUP}/data.xfsdump {RESTORED}/*")


def whole(guest: Guest) -> bool:
    return "[UU]" in guest.ok(f"{WAIT}; cat /proc/mdstat")


def nothing_is_left(guest: Guest) -> bool:
    left = guest.ok(
        f"dmsetup ls; losetup --list; findmnt --noheadings {LOOK} || true; ls /run/svmrun-xfs-store || true"
    )
    return left == "No devices found"


def test_a_leg_that_was_taken_off_frozen_looks_damaged_until_its_log_is_replayed(guest: Guest, writer: Writer) -> None:
    leg = guest.disks[1]
    guest.ok(f"fsfreeze -f {DATA}; mdadm /dev/md0 --fail {leg} --remove {leg}; fsfreeze -u {DATA}")
    offset = int(guest.ok(f"mdadm --examine {leg} | sed -n 's/.*Data Offset : \\([0-9]*\\) .*/\\1/p'"))
    guest.ok(f"losetup --read-only --offset {offset * 512} /dev/loop1 {leg}")
    looked = guest.run("xfs_repair -n /dev/loop1")
    guest.ok(f"losetup --detach /dev/loop1; mdadm /dev/md0 --re-add {leg}")
    assert looked.status == 1
    assert "valuable metadata changes in a log" in looked.said
    assert whole(guest)


def test_the_dump_is_restored_as_one_moment_and_the_mirror_is_whole(guest: Guest, writer: Writer) -> None:
    done = guest.start_svmrun(*RUN).wait(PATIENCE_SECONDS)
    assert done.status == 0, done.said
    assert whole(guest)
    assert guest.ok("cat /sys/block/md0/md/mismatch_cnt") == "0"
    assert nothing_is_left(guest)
    began, frozen = guest.when("ActionStarted", "freeze"), guest.when("ActionEnded", "freeze")
    assert writer.goes_on()
    guest.ok(
        f"xfsrestore -J -F -f {BACKUP}/data.xfsdump {RESTORED}; cd {RESTORED}; sha256sum --quiet --check /lab/sums"
    )
    assert_one_moment(guest.ok(["cat", f"{RESTORED}/numbers"]), writer.acknowledged(), began, frozen)


def test_a_full_target_is_told_and_everything_is_as_it_was_found(guest: Guest, writer: Writer) -> None:
    guest.run(f"head -c 400M /dev/zero > {BACKUP}/full")
    done = guest.start_svmrun(*RUN).wait(PATIENCE_SECONDS)
    guest.ok(f"rm {BACKUP}/full")
    assert done.status == 1, done.said
    assert "the dump is not good: " in done.said
    assert nothing_is_left(guest)
    assert whole(guest)
    assert writer.goes_on()
