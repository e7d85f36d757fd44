"""A tape drive in a guest: /dev/nst0, from a target of the guest's own (tgt), by iSCSI over its loopback.

The drive rewinds, finds file marks, and its cartridges end. The guest needs the modules of MODULES.
"""

from __future__ import annotations

from dataclasses import dataclass

from tests.lab.guest import Guest

MODULES = ("iscsi_tcp", "st")
DEVICE = "/dev/nst0"
FOLDER = "/tmp/cartridges"  # in the guest's memory
IN_THE_DRIVE = f"{FOLDER}/in-the-drive"
_LOGICAL_UNIT = "tgtadm --lld iscsi --mode logicalunit --tid 1 --lun 1"

_MAKE = f"""
mkdir -p {FOLDER}
tgtimg --op new --device-type tape --barcode LAB --size MEGABYTES --type data --file {FOLDER}/blank >&2
cp {FOLDER}/blank {IN_THE_DRIVE}
tgtd
until tgtadm --lld iscsi --mode target --op new --tid 1 --targetname iqn.2026-01.lab:tape 2>&2; do sleep 0.1; done
{_LOGICAL_UNIT} --op new --backing-store {IN_THE_DRIVE} --device-type tape --bstype ssc
tgtadm --lld iscsi --mode target --op bind --tid 1 --initiator-address ALL
mkdir -p /etc/iscsi /run/lock/iscsi
echo InitiatorName=iqn.2026-01.lab:guest >/etc/iscsi/initiatorname.iscsi
iscsid
iscsiadm --mode discovery --type sendtargets --portal 127.0.0.1
iscsiadm --mode node --login
udevadm settle
test -c {DEVICE}
"""


@dataclass
class Drive:
    """With one of any number of cartridges in it, each known by its label; a new label is a blank one."""

    guest: Guest
    label: str

    def load(self, label: str) -> None:
        """Change the cartridge; the drive stands at its beginning."""
        self.guest.ok(self.loading(label))
        self.label = label

    def loading(self, label: str) -> str:
        """The script for that: the drive keeps its file open, so what is in it changes there."""
        drive = f"{_LOGICAL_UNIT} --op update --params online"
        away = f"cp {IN_THE_DRIVE} {FOLDER}/{self.label}"
        back = f"test -e {FOLDER}/{label} || cp {FOLDER}/blank {FOLDER}/{label}; cat {FOLDER}/{label} >{IN_THE_DRIVE}"
        return f"{drive}=0; {away}; {back}; {drive}=1; mt -f {DEVICE} rewind"

    def status(self) -> str:
        return self.guest.ok(["mt", "-f", DEVICE, "status"])


def make_drive(guest: Guest, label: str, megabytes: int) -> Drive:
    """A drive with a blank cartridge; each holds about so much."""
    guest.ok(_MAKE.replace("MEGABYTES", str(megabytes)))
    return Drive(guest, label)
