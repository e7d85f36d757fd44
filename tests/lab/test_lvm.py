"""Mirrors of LVM on real disks: what naive commands do to them, and what the runbook leaves behind."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from svmrun.adapters.base import Completed
from svmrun.adapters.registry import REGISTRY
from tests.lab.guest import Guest, booted, eventually

MOUNT_POINT = "/srv/data"
VOLUME, IMAGE = "vg/data", "vg/data_rimage_2"
# Somebody who never pauses: then the images that stay never note by themselves that one is out.
WRITER = f"""
import os, time
file = os.open("{MOUNT_POINT}/numbers", os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND)
number = 0
while True:
    number += 1
    os.write(file, b"%d\\n" % number)
    os.write(file, b"#" * 4000 + b"\\n")
    os.fsync(file)
    if number % 10 == 0:
        print(number, flush=True)
    time.sleep(0.02)
"""
# LVM and dmsetup make the nodes of devices themselves: udev, which looks at every change of every device, and the
# daemon that watches mirrors would take half the time.
SETTINGS = """
cat >/etc/lvm/lvmlocal.conf <<END
activation {
    udev_sync = 0
    udev_rules = 0
    monitoring = 0
}
backup {
    backup = 0
    archive = 0
}
END
udevadm control --exit
rm -rf /run/udev
mv /usr/sbin/dmsetup /usr/sbin/dmsetup-itself
printf '#!/bin/sh\\nDM_DISABLE_UDEV=1 exec /usr/sbin/dmsetup-itself "$@"\\n' >/usr/sbin/dmsetup
chmod +x /usr/sbin/dmsetup
"""
RUN_SECONDS = 180.0  # twenty commands of LVM, and others on the same machine
pytestmark = pytest.mark.timeout(300)  # each command of LVM waits for many of device-mapper
ATTEMPTS = 4  # on a busy machine the writer may pause after all


@pytest.fixture(scope="module")
def guest() -> Iterator[Guest]:
    """With a mirror of three images, mounted. Each test leaves it whole."""
    modules = ["raid1", "dm-mod", "dm-raid", "dm-snapshot", "loop"]
    with booted(disks=4, disk_mb=100, modules=modules) as guest:
        *legs, spare = guest.disks
        guest.ok(
            f"{SETTINGS}"
            f"mkfs.ext4 -q {spare}; mkdir -p /backup {MOUNT_POINT}; mount {spare} /backup\n"
            f"vgcreate -q -y vg {' '.join(legs)}; lvcreate -q -y --type raid1 -m 2 -n data -L 32M vg\n"
            "until test $(lvs --noheadings -o sync_percent vg/data) = 100.00; do sleep 0.2; done\n"
            f"mkfs.ext4 -q -E lazy_itable_init=0,lazy_journal_init=0 /dev/vg/data; mount /dev/vg/data {MOUNT_POINT}"
        )
        Path(guest.share, "writer.py").write_text(WRITER)
        yield guest


@contextmanager
def writing(guest: Guest) -> Iterator[None]:
    """Somebody writes numbered lines, each to the disk before the next one."""
    writer = guest.start("exec python3 /lab/writer.py")
    assert eventually(lambda: "\n20\n" in writer.so_far())
    try:
        yield
    finally:
        writer.kill()
        writer.wait()


def told(guest: Guest) -> dict[str, Any]:
    """What the adapter reads from the real lvs."""
    adapter = REGISTRY["lvs"]
    arguments = {"volume": VOLUME}
    command = adapter.command_line(arguments)
    outcome = adapter.interpret(arguments, Completed(command.argv, 0, guest.ok(list(command.argv))))
    assert outcome.ok, outcome.message
    volume: dict[str, Any] = outcome.result["volumes"][VOLUME]
    return volume


def idle(guest: Guest) -> dict[str, Any]:
    """The same, when nothing is copied or compared any more."""
    assert eventually(lambda: told(guest)["sync_action"] == "idle")
    return told(guest)


def mismatches(guest: Guest) -> int:
    """In sectors, after all images were compared."""
    idle(guest)
    guest.ok(f"lvchange --syncaction check {VOLUME}")
    return int(idle(guest)["mismatches"])


def naive(guest: Guest) -> None:
    """What one finds everywhere: nothing between split and merge."""
    with writing(guest):
        guest.ok(
            f"fsfreeze -f {MOUNT_POINT}; lvconvert -y --splitmirrors 1 --trackchanges {VOLUME}\n"
            f"fsfreeze -u {MOUNT_POINT}; sleep 3; lvconvert -y --merge {IMAGE}"
        )


def test_naive_commands_leave_a_mirror_that_is_called_whole_and_is_not(guest: Guest) -> None:
    for _ in range(ATTEMPTS):
        naive(guest)
        after = told(guest)
        if found := mismatches(guest):
            break
    assert (after["sync_percent"], after["sync_action"], after["mismatches"], after["health"]) == (100.0, "idle", 0, "")
    assert [image["in_sync"] for image in after["images"]] == [True] * 3
    assert found > 0
    assert told(guest)["health"] == "mismatches exist"
    guest.ok(f"lvchange -y --rebuild {guest.disks[2]} {VOLUME}")  # what mends it: the image is copied whole
    assert mismatches(guest) == 0


def test_the_runbook_leaves_all_images_alike_and_a_dump_of_one_moment_while_somebody_writes(guest: Guest) -> None:
    with writing(guest):
        written = numbers(guest.ok(f"cat {MOUNT_POINT}/numbers"))
        ended = backup(guest)
    assert (ended["verdict"], ended["cause"]) == ("succeeded", "")
    after = idle(guest)
    assert [(image["in_sync"], image["split"]) for image in after["images"]] == [(True, False)] * 3
    assert mismatches(guest) == 0
    assert guest.ok("(dmsetup ls; losetup --list; ls /run) | grep svmrun-view || true") == ""
    guest.ok("rm -rf /tmp/back; mkdir /tmp/back; cd /tmp/back; restore -r -f /backup/data.dump")
    dumped = numbers(guest.ok("cat /tmp/back/numbers"))
    assert dumped == list(range(1, len(dumped) + 1))
    assert len(dumped) >= len(written)


def test_a_run_that_fails_while_an_image_is_split_off_merges_it_again_without_losing_a_line(guest: Guest) -> None:
    with writing(guest):
        ended = backup(guest, dump_to="/backup")
    assert ended["verdict"] == "rolled back"
    assert ended["cause"].startswith("dump: ")
    assert [image["split"] for image in idle(guest)["images"]] == [False] * 3
    assert mismatches(guest) == 0


def backup(guest: Guest, **given: str) -> dict[str, Any]:
    """The last event of the run."""
    guest.ok("rm -rf /lab/state /backup/data.dump")
    words = {"volume": VOLUME, "mount_point": MOUNT_POINT, "dump_to": "/backup/data.dump", "store_size": "8M", **given}
    options = [word for key, value in words.items() for word in ("-p", f"{key}={value}")]
    guest.start_svmrun("execute", "lvm-mirror-backup", *options).wait(RUN_SECONDS)
    return guest.events()[-1]


def numbers(text: str) -> list[int]:
    return [int(line) for line in re.findall(r"^(\d+)$", text, re.MULTILINE)]
