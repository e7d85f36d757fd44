"""Mirrors of Linux md on real disks: what naive commands do to them, and what the runbook leaves behind."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.lab.guest import Guest, booted, eventually

MOUNT_POINT = "/srv/data"
RUNBOOK = "md-mirror-backup"
# A file that is open and has no name any more: a check of the image repairs it, and so writes.
UNNAMED = f"""
exec 7>{MOUNT_POINT}/unnamed
dd if=/dev/urandom bs=64k count=3 >&7 2>/dev/null
rm {MOUNT_POINT}/unnamed
sync
echo ready
sleep 60
"""
WAIT = "mdadm --wait /dev/md0 || true"  # it ends with 1 when there is nothing to wait for


@pytest.fixture(scope="module")
def machine() -> Iterator[Guest]:
    with booted(disks=4, disk_mb=64, modules=["raid1", "dm-mod", "dm-snapshot", "loop"]) as guest:
        guest.ok(f"mkfs.ext4 -q {guest.disks[3]}; mkdir -p /backup {MOUNT_POINT}; mount {guest.disks[3]} /backup")
        yield guest


@pytest.fixture(scope="module", params=["1.0", "1.2"])
def guest(machine: Guest, request: pytest.FixtureRequest) -> Iterator[Guest]:
    """A whole mirror of three legs with that version of metadata: behind the data, or before them."""
    legs = " ".join(machine.disks[:3])
    machine.ok(
        "mdadm --create /dev/md0 --run --level=1 --raid-devices=3 --bitmap=internal --bitmap-chunk=64 --delay=1 "
        f"--metadata={request.param} {legs}\n"
        f"{WAIT}\n"
        "mkfs.ext4 -q -E lazy_itable_init=0,lazy_journal_init=0 /dev/md0\n"
        f"mount /dev/md0 {MOUNT_POINT}; seq 1000 >{MOUNT_POINT}/numbers; sync\n"
        # Until the bitmap is clean a re-add would copy everything, and hide what this is about.
        f"until mdadm --examine-bitmap {machine.disks[0]} | grep -q ' 0 dirty'; do sleep 0.3; done"
    )
    unnamed = machine.start(UNNAMED)
    assert eventually(lambda: "ready" in unnamed.so_far())
    yield machine
    unnamed.kill()
    unnamed.wait()
    machine.ok(f"umount {MOUNT_POINT}; mdadm --stop /dev/md0; for leg in {legs}; do mdadm --zero-superblock $leg; done")


def states(guest: Guest) -> list[str]:
    return guest.ok(
        "mdadm --detail /dev/md0 | sed -n 's/^ .*   \\(active sync\\|spare rebuilding\\|removed\\).*/\\1/p'"
    ).splitlines()


def mismatches(guest: Guest) -> int:
    """In sectors, after all legs were compared."""
    return int(guest.ok(f"mdadm --action=check /dev/md0; {WAIT}; cat /sys/block/md0/md/mismatch_cnt"))


def test_naive_commands_leave_a_mirror_that_is_called_clean_and_is_not(guest: Guest) -> None:
    leg = guest.disks[2]
    guest.ok(
        f"fsfreeze -f {MOUNT_POINT}\n"
        f"mdadm /dev/md0 --fail {leg} --remove {leg}; fsfreeze -u {MOUNT_POINT}\n"
        f"offset=$(mdadm --examine {leg} | sed -n 's/.*Data Offset : \\([0-9]*\\) .*/\\1/p')\n"
        f"losetup --offset $((${{offset:-0}} * 512)) /dev/loop1 {leg}\n"
        "e2fsck -f -y /dev/loop1 || test $? = 1\n"
        f"losetup --detach /dev/loop1; mdadm /dev/md0 --re-add {leg}; {WAIT}"
    )
    assert states(guest) == ["active sync"] * 3
    assert mismatches(guest) > 0
    # What mends it: the leg forgets whose it was, and is copied whole.
    guest.ok(
        f"mdadm /dev/md0 --fail {leg} --remove {leg}; mdadm --zero-superblock {leg}; mdadm /dev/md0 --add {leg}; {WAIT}"
    )
    assert mismatches(guest) == 0


def test_the_runbook_leaves_every_copy_the_same_and_a_dump_that_can_be_read(guest: Guest) -> None:
    ended = backup(guest)
    assert ended["verdict"] == "succeeded", ended
    assert states(guest) == ["active sync"] * 3
    assert mismatches(guest) == 0
    assert guest.ok("dmsetup ls; losetup --list; ls /run/svmrun-md-store 2>/dev/null || true") == "No devices found"
    restored = guest.ok(
        "rm -rf /tmp/back; mkdir /tmp/back; cd /tmp/back; restore -r -f /backup/data.dump 2>&1; cat numbers"
    )
    assert restored.splitlines()[-1000:] == [str(number) for number in range(1, 1001)]
    assert result(guest, "check")["modified"], "the check had nothing to write: this proves nothing"


def backup(guest: Guest, *words: str) -> dict[str, Any]:
    """The last event of the run."""
    guest.ok("rm -rf /lab/state /backup/data.dump")
    given = ["array=/dev/md0", f"mount_point={MOUNT_POINT}", "dump_to=/backup/data.dump", "legs=3", "store_size=8M"]
    guest.svmrun("execute", RUNBOOK, *(word for one in given for word in ("-p", one)), *words)
    return guest.events()[-1]


def result(guest: Guest, step: str) -> dict[str, Any]:
    """What a step told."""
    ended = [
        e for e in guest.events() if (e["event"], e.get("step"), e.get("role")) == ("ActionEnded", step, "forward")
    ]
    found: dict[str, Any] = ended[-1]["result"]
    return found
