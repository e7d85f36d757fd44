"""The simulated tools of Linux refuse what the real ones refuse, in the same words and with the same status.

Each command is given to a guest and to the simulated host, which are in the same state and have the same names.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from svmrun.adapters.linux_losetup import parse_losetup
from svmrun.simulator import host
from svmrun.simulator.world import World
from svmrun.values import replace
from tests.lab import md_scene
from tests.lab.guest import Guest
from tests.simulated_host import shipped

ARRAY, MOUNT_POINT = "/dev/md0", md_scene.MOUNT_POINT
LEG = "/dev/ubdd"
NOBODY = "setpriv --reuid 65534 --regid 65534 --clear-groups "
SECTORS, OFFSET = 120000, 2048
FREEZE, THAW = f"fsfreeze --freeze {MOUNT_POINT}", f"fsfreeze --unfreeze {MOUNT_POINT}"
OFF, BACK = f"mdadm {ARRAY} --fail {LEG} --remove {LEG}", f"mdadm {ARRAY} --re-add {LEG}"
VIEW = f"dmsetup create data --readonly --table '0 {SECTORS} linear {LEG} {OFFSET}'"
LAID = ("truncate -s 8M /run/store", "losetup /dev/loop0 /run/store")
UPPER = f"dmsetup create view --table '0 {SECTORS} snapshot /dev/mapper/data /dev/loop0 N 8'"
REMOVED = ("dmsetup remove view", "dmsetup remove data", "losetup --detach /dev/loop0")
LOOPS = "losetup --list --json --output NAME,BACK-FILE,OFFSET,RO /dev/loop5"
CHECK = f"mdadm --action=check {ARRAY}"
WHOLE = (
    "mdadm",
    "mdadm --detail /dev/md7",
    f"mdadm --detail {LEG}",
    f"mdadm --examine {ARRAY}",
    "mdadm --examine /dev/no",
    BACK,
    f"mdadm {ARRAY} --add {LEG}",
    f"mdadm {ARRAY} --remove {LEG}",
    f"mdadm {ARRAY} --fail /dev/no --remove /dev/no",
    f"mdadm /dev/md7 --re-add {LEG}",
    f"mdadm {LEG} --re-add /dev/ubdb",
    "mdadm --action=check /dev/md7",
    f"mdadm --action=check {LEG}",
    f"mdadm --zero-superblock {LEG}",
    "mdadm --zero-superblock /dev/no",
    f"mdadm --wait {ARRAY}",
    "mdadm --wait /dev/md7",
    "cat /sys/block/md7/md/mismatch_cnt",
    VIEW,
    "dmsetup status no",
    "dmsetup remove no",
    f"dmsetup create no --table '0 8 linear {ARRAY} 0'",
    f"mount {LEG} /mnt",
    f"mount -t ext4 {LEG} /mnt",
    f"mount {ARRAY} {MOUNT_POINT}",
    "mount /dev/no /mnt",
    "umount /mnt",
    f"e2fsck -f -y {LEG}",
    f"e2fsck -p {LEG}",
    f"e2fsck -f -y {ARRAY}",
    "e2fsck -f -n /dev/no",
    f"dumpe2fs -h {ARRAY}",
    f"dumpe2fs -h {LEG}",
    "dumpe2fs -h /dev/no",
    "realpath --canonicalize-missing /no/./x /no/../y",
    THAW,
    "fsfreeze --freeze /srv/no",
    "losetup --detach /dev/loop0",
    "losetup /dev/loop0 /no",
    "restore -t -f /no",
    "blockdev --getsz /dev/no",
    "findmnt --json --list --output TARGET --mountpoint /mnt",
)
NOT_ROOT = (
    f"mdadm --detail {ARRAY}",
    f"mdadm --examine {LEG}",
    f"mdadm --zero-superblock {LEG}",
    CHECK,
    OFF,
    "dmsetup status no",
    f"mount {LEG} /mnt",
    f"umount {MOUNT_POINT}",
    FREEZE,
    THAW,
    f"e2fsck -f -n {ARRAY}",
    f"dumpe2fs -h {ARRAY}",
    "dumpe2fs -h /dev/no",
    f"blockdev --setro {LEG}",
)
TAKEN_OFF = (OFF, f"mount {LEG} /mnt", f"mount -t ext4 {LEG} /mnt", f"mdadm {ARRAY} --remove {LEG}")
VIEWED = (BACK, f"mdadm --zero-superblock {LEG}", f"e2fsck -f -y {LEG}", VIEW, "dmsetup remove data", "umount /mnt")


@dataclass
class Pair:
    """A guest and a simulated host in the same state."""

    guest: Guest
    world: World

    def both_do(self, *commands: str) -> None:
        for command in commands:
            self.guest.ok(command)
            ended = host.run(self.world, shlex.split(command))
            assert ended.status == 0, ended.stderr
            self.world = ended.world

    def says_the_same(self, command: str, *, root: bool = True) -> None:
        real = self.guest.run(command if root else NOBODY + command)
        ended = host.run(self.world, shlex.split(command), user="root" if root else "ada")
        self.world = ended.world
        assert (ended.status, ended.stderr) == (real.status, real.stderr), command


@pytest.fixture(scope="module")
def pair() -> Iterator[Pair]:
    with md_scene.machine() as guest:
        md_scene.make(guest)
        yield Pair(guest, _same(shipped("md"), guest))


def _same(world: World, guest: Guest) -> World:
    """The shipped world, with the guest's names and sizes, and with nobody who writes."""
    mirror = world.linux_mirrors[0]
    legs = tuple(replace(leg, device=disk) for leg, disk in zip(mirror.legs, guest.disks[:3], strict=True))
    sectors = int(guest.ok(["blockdev", "--getsz", ARRAY]))
    offset = int(guest.ok(f"mdadm --examine {LEG} | sed -n 's/.*Data Offset : \\([0-9]*\\) .*/\\1/p'"))
    quiet: Any = [replace(one, writers=False) for one in world.file_systems]
    mirrors = (replace(mirror, legs=legs, size=sectors, data_offset=offset),)
    return replace(world, linux_mirrors=mirrors, file_systems=tuple(quiet), resync_seconds=5.0)


def test_of_a_whole_mirror_that_is_mounted(pair: Pair) -> None:
    for command in WHOLE:
        pair.says_the_same(command)


def test_to_who_is_not_root(pair: Pair) -> None:
    for command in NOT_ROOT:
        pair.says_the_same(command, root=False)


def test_while_a_leg_is_out_and_while_a_view_lies_over_it(pair: Pair) -> None:
    pair.both_do(FREEZE, OFF)
    pair.says_the_same(FREEZE)
    pair.both_do(THAW)
    for command in TAKEN_OFF:
        pair.says_the_same(command)
    pair.both_do(VIEW, *LAID, UPPER)
    for command in VIEWED:
        pair.says_the_same(command)
    pair.both_do(*REMOVED)
    pair.says_the_same(BACK)
    pair.says_the_same(BACK)


def test_of_a_loop_device_whose_file_was_deleted(pair: Pair) -> None:
    pair.both_do("truncate -s 8M /run/gone", "losetup /dev/loop5 /run/gone", "rm -f /run/gone")
    real = parse_losetup(pair.guest.ok(LOOPS))
    assert real == parse_losetup(host.run(pair.world, shlex.split(LOOPS)).stdout)
    assert [one["file"] for one in real["loop_devices"]] == ["/run/gone (deleted)"]
    pair.both_do("losetup --detach /dev/loop5")


def test_while_the_copies_are_compared(pair: Pair) -> None:
    """A check that makes way for others sleeps half a second at a time: so long the leg cannot be removed."""
    pair.guest.run(["mdadm", "--wait", ARRAY])
    pair.world = host.look(replace(pair.world, clock=pair.world.clock + 60.0))
    pair.guest.ok("echo 100 >/proc/sys/dev/raid/speed_limit_min; echo 500 >/proc/sys/dev/raid/speed_limit_max")
    pair.both_do(CHECK)
    pair.guest.ok(["sleep", "0.5"])
    pair.says_the_same(CHECK)
    pair.says_the_same(OFF)
    pair.guest.ok(["sleep", "1.5"])  # until the kernel has let go of the leg, too
    pair.says_the_same(BACK)
