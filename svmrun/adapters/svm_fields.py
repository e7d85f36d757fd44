"""What the adapters of the metadevice commands share: their fields, the names in them, and advice on their errors."""

from __future__ import annotations

from svmrun import names
from svmrun.adapters import fields
from svmrun.adapters.base import Arguments, Completed
from svmrun.adapters.output import complaints

DISKSET = fields.text(
    "Disk set",
    "Name of the disk set that holds the volume; empty for the local set.",
    ["schost-1", ""],
    default="",
)
MIRROR = fields.word(
    "Mirror",
    "The mirror: its name, with or without the disk set, or its path below /dev/md.",
    ["d0", "schost-1/d0", "/dev/md/schost-1/rdsk/d0"],
)
SUBMIRROR = fields.word("Submirror", "The side of the mirror, named like the mirror.", ["d30", "schost-1/d30"])

# TEXT of meta_error.c -> what it means and what to do.
ADVICE = {
    "must be owner of the set": "this host does not own the disk set: run this on the node that does (scstat -D)",
    "no such set": "this host knows no disk set of that name: look at `metaset`",
    "resync in progress": "the mirror is being resynced: wait until metastat shows every submirror Okay",
    "attempt to detach last running submirror": "a mirror keeps its last side: attach another one first",
    "no readable submirrors": "the other sides cannot supply all data: repair them first",
    "submirror that has erred components": "a component needs repair: see the Invoke line of metastat",
    "can't find submirror in mirror": "it is not a side of this mirror, or is detached already: look at `metastat -p`",
    "metadevice is open": "a process still has the submirror open: find it with fuser, end it, and attach again",
    "metadevice in use": "the submirror belongs to another volume already: look at `metastat -p`",
    "invalid unit": "it is attached already, or cannot be a submirror: look at `metastat -p`",
    "is mounted on": "a file system is mounted from it: unmount it first",
    "submirror too small to attach": "the submirror is smaller than the mirror",
    "mirror has maximum number of submirrors": "a mirror has at most four sides",
    "submirror in illegal state": "the submirror is not in the state that this needs: look at `metastat`",
    "unit not set up": "there is no volume of that name: look at `metastat -p`",
    "unit is not a mirror": "that volume is not a mirror: look at `metastat -p`",
    "stale databases": "fewer than half of the state database replicas are usable: look at `metadb -i`",
    "there are no existing databases": "this host has no state database: look at `metadb`",
    "run 'metastat -i'": "a disk cannot be reached: reconnect it and run `metastat -i`",
    "must have root privilege": "this needs the superuser",
    "not online in SMF": "the services metainit and mdmonitor are not online: look at `svcs -x`",
    "RPC: ": "another node did not answer: whether the command took effect is not known",
}


def volume(arguments: Arguments, field: str) -> str:
    """The canonical name of the volume that a field holds. ValueError when it cannot be one."""
    return names.volume(str(arguments[field]), str(arguments.get("diskset", "")))


def set_option(canonical: str) -> tuple[str, ...]:
    """`-s SET` for a volume of a disk set, nothing in the local set."""
    diskset = names.split(canonical)[0]
    return ("-s", diskset) if diskset else ()


def resource(arguments: Arguments) -> str:
    """What a hold on a mirror occupies: `mirror SET/dN`, however the runbook named it."""
    return f"mirror {volume(arguments, 'mirror')}"


def advised(completed: Completed, message: str) -> str:
    """The command's own words, and behind them what to do about them."""
    own = complaints(completed)
    words = next((line for line in own if any(text in line for text in ADVICE)), own[0] if own else message)
    advice = next((what for text, what in ADVICE.items() if text in words), "")
    return f"{words} ({advice})" if advice else message


def outcome_is_known(completed: Completed) -> bool:
    """False when another node was to do the work and did not answer: it may have done it."""
    return not any("RPC: " in line for line in complaints(completed))
