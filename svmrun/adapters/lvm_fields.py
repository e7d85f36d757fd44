"""What the adapters of LVM share: how a logical volume is named, and which line of its commands tells the reason.

Sources: lvm(8), "VALID NAMES"; the commands end with 5 when they refuse, and their first line that is no warning says
why (lvm2 2.03).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from svmrun.adapters import fields
from svmrun.adapters.base import Command, Completed

Json = Any

NAME = r"[A-Za-z0-9+_.][A-Za-z0-9+_.-]*"
# Warnings, and what --verbose tells of a refresh and a rebuild.
_NOISE = re.compile(
    r"\s*(WARNING:|File descriptor \d+|Refreshing|Archiving|Creating|Loading table|Suppressed|Suspending|Resuming"
    r"|Monitored|Unmonitored|Not monitoring) "
)

_WITHOUT_DISK = re.compile(r" while PVs are missing\.$|\. Use '--activationmode partial' to override\.$")
_MEND = "a disk of the group is missing or cannot be read (pvs tells which): bring it back first"
# Without it each command warns of the run's lock, which it inherits (lvm(8), "ENVIRONMENT VARIABLES").
QUIET = {"LVM_SUPPRESS_FD_WARNINGS": "1"}

VOLUME = fields.text("Logical volume", "The mirror, as GROUP/VOLUME.", ["vg/data"], pattern=rf"^{NAME}/{NAME}$")


def command(*argv: str) -> Command:
    """A command of LVM: nobody but root may as much as look."""
    return Command(argv, needs_root=True, environment=QUIET)


def group(volume: str) -> str:
    return volume.split("/", 1)[0]


def in_group(volume: str, name: str) -> str:
    """The whole name of another volume of the same group, which may be named alone; what is no plain name stays."""
    return f"{group(volume)}/{name}" if re.fullmatch(NAME, name) else name


def physical_volumes(title: str, description: str) -> Mapping[str, Json]:
    """A list of devices that carry the volume group."""
    shape = {"type": "string", "pattern": fields.ABSOLUTE}
    return fields.texts(title, description, [["/dev/sdd"]], items=shape, default=[])


def complaint(completed: Completed) -> str:
    """The first line of standard error that is no warning, which tells why: later ones only say what was given up.

    Empty when there is none. LVM advises to do it all the same while a disk is missing: better have that mended.
    """
    lines = [line.strip() for line in completed.stderr.splitlines() if line.strip() and not _NOISE.match(line)]
    told = lines[0] if lines else ""
    return f"{_WITHOUT_DISK.sub('', told)}: {_MEND}" if _WITHOUT_DISK.search(told) else told


def said(completed: Completed, words: Sequence[str]) -> bool:
    """Whether a line of either stream begins with one of these."""
    lines = [line.strip() for line in f"{completed.stdout}\n{completed.stderr}".splitlines()]
    return any(line.startswith(tuple(words)) for line in lines)
