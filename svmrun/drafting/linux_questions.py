"""What is asked about data on Linux: an array of md, a mirror of LVM, btrfs, PostgreSQL, or what else can be frozen."""

from __future__ import annotations

import re
from collections.abc import Iterator

from svmrun.drafting.question import PATH, Answers, Devices, Question
from svmrun.names import mapper_name

_ARRAY = r"/dev/md[0-9]+"  # as the kernel calls it, and /sys
_NEVER_FROZEN = ("/", "/usr", "/var", "/etc")
_LVM_NAME = r"[A-Za-z0-9+_.][A-Za-z0-9+_.-]*"
_MOUNT_POINT = "Where is it mounted?"
_DUMP_TO = "File to dump to (on another file system)?"


def arrays(devices: Devices) -> tuple[str, ...]:
    """The arrays of md whose file systems may be frozen."""
    mounted = devices.mounts.items()
    return tuple(name for name, point in mounted if re.fullmatch(_ARRAY, name) and point not in _NEVER_FROZEN)


def md(answers: Answers, devices: Devices) -> Iterator[Question]:
    known = arrays(devices)
    yield Question("array", "Which array? (/dev/mdN)", known[0] if known else None, pattern=_ARRAY)
    array = answers.get("array", "")
    xfs = devices.kinds.get(array) == "xfs"
    yield Question("data", "Which file system is on it?", "xfs" if xfs else "ext4", ("ext4", "xfs"))
    yield Question(
        "legs", "How many legs has it? With 2, nothing protects the data while one is away", "2", pattern=r"[2-9]"
    )
    yield Question("mount_point", _MOUNT_POINT, devices.mounts.get(array), pattern=PATH)
    yield Question("dump_to", _DUMP_TO, pattern=PATH)


def lvm(answers: Answers, devices: Devices) -> Iterator[Question]:
    yield Question("volume", "Which mirror? (GROUP/VOLUME)", pattern=f"{_LVM_NAME}/{_LVM_NAME}")
    yield Question(
        "copies_left",
        "How many images must stay in it meanwhile? With 1, a failing disk is the end of what was written",
        "2",
        pattern=r"[1-9]",
    )
    device = f"/dev/mapper/{mapper_name(answers.get('volume', ''))}"
    yield Question("mount_point", _MOUNT_POINT, devices.mounts.get(device), pattern=PATH)
    yield Question("dump_to", _DUMP_TO, pattern=PATH)


def btrfs(_answers: Answers, devices: Devices) -> Iterator[Question]:
    known = [point for name, point in devices.mounts.items() if devices.kinds.get(name) == "btrfs"]
    yield Question("subvolume", "Which subvolume? (its path)", known[0] if known else None, pattern=PATH)
    yield Question("send_to", "File to send the snapshot to (on another file system)?", pattern=PATH)


def postgresql(_answers: Answers, _devices: Devices) -> Iterator[Question]:
    yield Question("copy_to", "Folder to copy to (empty, on another file system)?", pattern=PATH)


def linux(_answers: Answers, _devices: Devices) -> Iterator[Question]:
    yield Question("mount_point", "Where is the file system mounted?", pattern=PATH)
    yield Question("copy_to", "File to copy its image to (on another file system)?", pattern=PATH)
