"""Legs that break, are slow and flaky, under a mirror that is in use."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.lab.guest import Guest, booted, eventually
from tests.lab.legs import MODULES, Leg, leg

DIRECT = "oflag=direct conv=notrunc status=none"


@pytest.fixture(scope="module")
def guest() -> Iterator[Guest]:
    with booted(disks=2, modules=["raid1", *MODULES]) as guest:
        yield guest


@pytest.fixture
def second(guest: Guest) -> Iterator[Leg]:
    with leg(guest, guest.disks[1]) as second:
        yield second


def test_a_mirror_drops_a_leg_that_breaks_and_takes_it_back_when_it_is_whole_again(guest: Guest, second: Leg) -> None:
    sides = f"{guest.disks[0]} {second.device}"
    guest.ok(f"mdadm --create /dev/md0 --run --metadata=1.0 --level=1 --raid-devices=2 --bitmap=internal {sides}")
    guest.ok("mdadm --wait /dev/md0 || true")
    second.breaks()
    guest.ok(f"dd if=/dev/zero of=/dev/md0 bs=64k count=4 {DIRECT}")
    assert eventually(lambda: "(F)" in guest.ok("cat /proc/mdstat"))
    second.heals()
    guest.ok(f"mdadm /dev/md0 --remove {second.device} --re-add {second.device}; mdadm --wait /dev/md0 || true")
    assert "[UU]" in guest.ok("cat /proc/mdstat")
    guest.ok(f"mdadm --stop /dev/md0; mdadm --zero-superblock {sides}")  # else udev would assemble it again


def test_a_slow_leg_takes_its_time(guest: Guest, second: Leg) -> None:
    second.is_slow(milliseconds=20)
    began = time.monotonic()
    guest.ok(f"dd if=/dev/zero of={second.device} bs=4k count=20 {DIRECT}")
    assert time.monotonic() - began > 0.4


def test_a_flaky_leg_works_and_fails_by_turns(guest: Guest, second: Leg) -> None:
    second.is_flaky(up_seconds=1, down_seconds=1)
    write = f"dd if=/dev/zero of={second.device} bs=4k count=1 {DIRECT}"
    assert eventually(lambda: guest.run(write).status == 0)
    assert eventually(lambda: guest.run(write).status == 1)
    assert eventually(lambda: guest.run(write).status == 0)
