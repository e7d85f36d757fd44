"""The lab itself: guests boot, run programs, are broken and cut off as the other tests need it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.guard_scene import HERE, gone
from tests.lab.console import Refused
from tests.lab.guest import Guest, booted, eventually, why_not
from tests.lab.machine import Lost

MIRROR = "--run --metadata=1.0 --level=1 --raid-devices=2 --bitmap=internal --homehost=any"

BOOTS_AND_WAITS = """
import time
from tests.lab.guest import booted
with booted() as guest:
    print(guest.machine.pid, guest.share, flush=True)
    time.sleep(60)
"""


@pytest.fixture(scope="module")
def guest() -> Iterator[Guest]:
    with booted(disks=3, modules=["raid1"]) as guest:
        yield guest


@pytest.fixture
def mirror(guest: Guest) -> Iterator[str]:
    """/dev/md0 of the first two disks, whole."""
    first, second, _third = guest.disks
    guest.ok(f"mdadm --create /dev/md0 {MIRROR} {first} {second}; mdadm --wait /dev/md0 || true")
    yield "/dev/md0"
    guest.ok(f"mdadm --stop /dev/md0; mdadm --zero-superblock {first} {second}")


def test_a_guest_has_a_kernel_of_its_own_and_the_hosts_programs(guest: Guest) -> None:
    assert guest.ok("uname -r") != os.uname().release
    assert guest.ok(["hostname"]) == "lab"
    assert Path(guest.ok("command -v python3")) == Path(sys.executable).with_name("python3")


def test_a_job_tells_its_status_its_output_and_what_it_was_given(guest: Guest) -> None:
    done = guest.run('cat; echo "$WORD" >&2; exit 7', stdin="one two", environment={"WORD": "it's"})
    assert (done.status, done.stdout, done.stderr) == (7, "one two", "it's\n")
    assert guest.ok(["printf", "%s|", "a b", "$c", "'"]) == "a b|$c|'|"
    assert guest.run("false; echo not reached").status == 1
    assert guest.run(["no-such-program"]).status == 127


def test_jobs_run_beside_each_other_and_are_killed_with_their_children(guest: Guest) -> None:
    sleeper = guest.start("echo begun; sleep 60 & sleep 60")
    assert guest.ok("echo here") == "here"
    assert sleeper.so_far() == "begun\n"
    sleeper.kill()
    assert sleeper.wait().status == 128 + signal.SIGKILL
    assert guest.run("pgrep sleep").status == 1


def test_a_job_that_takes_too_long_is_ended_and_what_it_said_is_told(guest: Guest) -> None:
    with pytest.raises(AssertionError, match=r"sleep 60: not ended after 0\.5 s\nbegun"):
        guest.run("echo begun; sleep 60", timeout_seconds=0.5)
    assert guest.run("sleep 0.1; pgrep sleep").status == 1


def test_a_mirror_is_made_and_copies_a_member_again(guest: Guest, mirror: str) -> None:
    member = guest.disks[1]
    guest.ok(
        f"mdadm {mirror} --fail {member} --remove {member}; dd if=/dev/urandom of={mirror} bs=1M count=8 conv=fsync"
    )
    assert "[U_]" in guest.ok("cat /proc/mdstat")
    guest.ok(f"mdadm {mirror} --re-add {member}; mdadm --wait {mirror} || true")
    assert "[UU]" in guest.ok("cat /proc/mdstat")
    guest.ok(f"echo check >/sys/block/md0/md/sync_action; mdadm --wait {mirror} || true")
    assert guest.ok("cat /sys/block/md0/md/mismatch_cnt") == "0"


def test_a_disk_is_pulled_and_put_in_again_while_the_guest_runs(guest: Guest) -> None:
    disk = guest.disks[2]
    guest.ok(f"printf kept >{disk}; sync")
    guest.remove_disk(2)
    assert guest.run(["test", "-b", disk]).status == 1
    guest.add_disk(2)
    assert guest.ok(f"udevadm settle; head -c 4 {disk}") == "kept"


def test_a_disk_in_use_is_not_pulled(guest: Guest, mirror: str) -> None:
    with pytest.raises(Refused, match="open"):
        guest.remove_disk(0)


def test_a_guest_that_hangs_does_nothing_until_it_goes_on(guest: Guest) -> None:
    counter = guest.start("while sleep 0.1; do echo; done >/tmp/count")
    time.sleep(0.3)
    guest.hang()
    late = guest.start("wc -l </tmp/count")
    time.sleep(0.5)
    with pytest.raises(TimeoutError):
        guest.machine.status_of(late.number, 0.1)
    guest.go_on()
    assert int(late.wait().stdout) < 6
    counter.kill()


def test_a_power_cut_keeps_the_disks_and_what_is_shared_and_nothing_else() -> None:
    with booted(disks=1) as guest:
        (disk,) = guest.disks
        guest.ok(f"mkfs.ext4 -q {disk}; mount {disk} /mnt; echo safe >/mnt/safe; sync -f /mnt; echo lost >/etc/lost")
        guest.ok("echo shared >/lab/shared")
        unfinished = guest.start("sleep 60")
        guest.power_cut()
        with pytest.raises(Lost):
            unfinished.wait()
        assert (guest.share / "shared").read_text() == "shared\n"
        guest.boot()
        assert guest.ok(f"mount {disk} /mnt; cat /mnt/safe") == "safe"
        assert guest.run(["test", "-e", "/etc/lost"]).status == 1


def test_a_guest_that_cannot_be_is_left_out_with_the_reason_and_what_to_do(guest: Guest) -> None:
    assert "needs 1000000000 MB free in /dev/shm: enlarge it" in why_not(memory_mb=10**9)


def test_a_guest_ends_with_the_process_that_tests() -> None:
    if reason := why_not(256):
        pytest.skip(reason)
    words = [sys.executable, "-c", BOOTS_AND_WAITS]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, cwd=HERE) as tester:
        assert tester.stdout is not None
        pid, share = tester.stdout.readline().split()
        tester.kill()
    assert gone(int(pid))
    assert eventually(lambda: not Path(share).parent.exists())
