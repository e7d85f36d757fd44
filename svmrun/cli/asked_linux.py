"""How a Linux host is: arrays of md, volumes of LVM, devices laid over others. A program that is missing is not asked.

That a file system is frozen nothing on Linux tells, and doctor does not try: a freeze that succeeds would stop every
writer, were it for a moment.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from svmrun.adapters.linux_dmsetup import LISTED, parse_dmsetup_info
from svmrun.adapters.linux_parse_mdstat import parse_mdstat
from svmrun.adapters.lvm_parse import COLUMNS, parse_lvs
from svmrun.adapters.output import ParseError
from svmrun.cli.asking import Asking

Json = Any

WHAT = {
    "cat": "arrays of md",
    "mdadm": "the state",
    "lvs": "volumes of LVM",
    "dmsetup": "devices of device-mapper",
    "losetup": "loop devices",
}
BLIND = (
    "frozen file systems: nothing on Linux tells that one is frozen, so only journals were asked; if writers hang on "
    "one: fsfreeze --unfreeze MOUNT_POINT, which does no harm to one that is not frozen",
    "snapshots of btrfs, and databases in backup mode: only journals were asked",
)
_NO_DEVICE_MAPPER = "/dev/mapper/control: open failed: No such device"  # the kernel has none, so no devices either


def seen_on_linux(asking: Asking) -> Mapping[str, Json]:
    """Fields of `Seen`."""
    asking.unseen.extend(BLIND)
    names = _arrays(asking)
    found = (_array(asking, name) for name, runs in names.items() if runs)
    return {
        "arrays": tuple(array for array in found if array),
        "stopped_arrays": tuple(name for name, runs in names.items() if not runs),
        "logical_volumes": _volumes(asking),
        "views": _views(asking),
        "loop_devices": _loop_devices(asking),
    }


def _arrays(asking: Asking) -> dict[str, bool]:
    """Each array by the kernel's own name, and whether it runs. The file is there when the kernel has md."""
    told = _output(asking, "cat", ["/proc/mdstat"])
    return parse_mdstat(told["stdout"]) if told and told["status"] == 0 else {}


def _array(asking: Asking, name: str) -> Json:
    """What mdadm tells of it, and what the kernel counted at the last comparison; None when it tells nothing."""
    told = asking.ask("mdadm", "mdadm", {"mode": "detail", "array": name}, name)
    if told is None:
        return None
    counted = _output(asking, "cat", [f"/sys/block/{name.removeprefix('/dev/')}/md/mismatch_cnt"])
    count = counted["stdout"].strip() if counted else ""
    return {**told, "array": name, "mismatches": int(count) if count.isdigit() else 0}


def _volumes(asking: Asking) -> dict[str, Json]:
    form = ["--all", "--reportformat", "json", "--units", "b", "--nosuffix", "--options", ",".join(COLUMNS)]
    told = _output(asking, "lvs", form, exit_codes=[0])
    try:
        return dict(parse_lvs(told["stdout"])["volumes"]) if told else {}
    except ParseError as error:
        asking.cannot_see("lvs", str(error))
        return {}


def _views(asking: Asking) -> tuple[str, ...]:
    """Those without an identity, which LVM, encrypted disks and several paths to one disk give to theirs."""
    told = _output(asking, "dmsetup", LISTED)
    if told is None or _NO_DEVICE_MAPPER in told["stderr"]:
        return ()
    if told["status"] != 0:
        asking.cannot_see("dmsetup", told["stderr"].partition("\n")[0])
        return ()
    return tuple(name for name, identity in parse_dmsetup_info(told["stdout"]).items() if not identity)


def _loop_devices(asking: Asking) -> tuple[Json, ...]:
    told = asking.ask("losetup", "losetup", {"mode": "list"}) if asking.has("losetup") else None
    return tuple(told["loop_devices"]) if told else ()


def _output(asking: Asking, program: str, words: list[str], exit_codes: list[int] | None = None) -> Json:
    """What it printed, however it ended; None when it is missing."""
    if not asking.has(program):
        return None
    arguments = {"argv": [program, *words], "read_only": True, "needs_root": True, "exit_codes": exit_codes or [0, 1]}
    return asking.ask(program, "command", arguments)
