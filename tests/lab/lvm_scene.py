"""In a guest: an ext4 on a raid1 volume of LVM with three images, somebody who writes to it, and the backup of it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any

from svmrun.adapters.base import Completed as Ended
from svmrun.adapters.registry import REGISTRY
from tests.lab.guest import Completed, Guest, eventually
from tests.lab.legs import Leg
from tests.lab.numbers import Writer, numbers_written

MOUNT_POINT = "/srv/data"
DUMP = "/backup/data.dump"
VOLUME, IMAGE = "vg/data", "vg/data_rimage_2"
DISK_MB = 100
RUN_SECONDS = 180.0  # twenty commands of LVM, and others on the same machine
MODULES = ["raid1", "dm-mod", "dm-raid", "dm-snapshot", "loop"]
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
ONLY_LEGS = 'devices { global_filter = [ "r|^/dev/ubd|" ] }'


def set_up(guest: Guest) -> None:
    """What the first boot needs: the fourth disk takes the dump."""
    spare = guest.disks[3]
    guest.ok(f"{SETTINGS}mkfs.ext4 -q {spare}; mkdir -p /backup {MOUNT_POINT}; mount {spare} /backup")


def make_on_legs(guest: Guest, legs: Sequence[Leg]) -> None:
    """A mirror on layers over the disks, which LVM would find again below them."""
    guest.ok(f"echo '{ONLY_LEGS}' >>/etc/lvm/lvmlocal.conf")
    make(guest, [leg.device for leg in legs])


def make(guest: Guest, devices: Sequence[str] = ()) -> None:
    """A whole mirror on the first three disks, or on these devices, mounted."""
    names = " ".join(devices or guest.disks[:3])
    guest.ok(
        f"vgcreate -q -y vg {names}; lvcreate -q -y --type raid1 -m 2 -n data -L 32M vg\n"
        f"until test $(lvs --noheadings -o sync_percent {VOLUME}) = 100.00; do sleep 0.2; done\n"
        f"mkfs.ext4 -q -E lazy_itable_init=0,lazy_journal_init=0 /dev/{VOLUME}; mount /dev/{VOLUME} {MOUNT_POINT}"
    )


def writing(guest: Guest) -> AbstractContextManager[Writer]:
    """Somebody who never pauses: then the images that stay never note by themselves that one is out."""
    return numbers_written(guest, f"{MOUNT_POINT}/numbers", pause_seconds=0.02, blanks=4000)


def state(guest: Guest) -> dict[str, Any]:
    """What the adapter reads from the real lvs."""
    adapter = REGISTRY["lvs"]
    arguments = {"volume": VOLUME}
    command = adapter.command_line(arguments)
    outcome = adapter.interpret(arguments, Ended(command.argv, 0, guest.ok(list(command.argv))))
    assert outcome.ok, outcome.message
    volume: dict[str, Any] = outcome.result["volumes"][VOLUME]
    return volume


def idle(guest: Guest) -> dict[str, Any]:
    """The same, when nothing is copied or compared any more."""
    assert eventually(lambda: state(guest)["sync_action"] == "idle")
    return state(guest)


def mismatches(guest: Guest) -> int:
    """In sectors, after all images were compared."""
    idle(guest)
    guest.ok(f"lvchange --syncaction check {VOLUME}")
    return int(idle(guest)["mismatches"])


def images(guest: Guest) -> list[str]:
    """A word for each, when nothing is copied any more."""
    return ["split" if i["split"] else "in sync" if i["in_sync"] else "not in sync" for i in idle(guest)["images"]]


def is_as_before(guest: Guest) -> bool:
    """Every image is in sync, the file system can be written to, and nothing of svmrun's is laid over anything."""
    guest.ok(f"timeout -s KILL 5 touch {MOUNT_POINT}/touched; sync")
    laid = guest.run("dmsetup ls | grep _backup || true; losetup --noheadings --list; ls -d /run/svmrun-*store").stdout
    return images(guest) == ["in sync"] * 3 and not laid


def words(**given: str) -> list[str]:
    """The command line of the backup."""
    usual = {"volume": VOLUME, "mount_point": MOUNT_POINT, "dump_to": DUMP, "store_size": "8M"}
    assignments = [f"{name}={value}" for name, value in {**usual, **given}.items()]
    return ["execute", "lvm-mirror-backup", *(word for one in assignments for word in ("-p", one))]


def backup(guest: Guest, **given: str) -> Completed:
    """The whole run."""
    guest.ok(f"rm -rf /lab/state {DUMP}")
    return guest.start_svmrun(*words(**given)).wait(RUN_SECONDS)
