"""dmsetup: a device laid over another one (dmsetup(8); the kernel's device-mapper documents on linear and snapshot).

A snapshot over a side that was taken off a mirror may be checked, repaired and mounted: what is written goes to its
store, and the side stays as it is. While a mirror still has the side, device-mapper refuses it: `resource busy`.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import replace
from typing import Any

from svmrun.adapters import fields
from svmrun.adapters.base import (
    Adapter,
    Arguments,
    Command,
    Completed,
    Outcome,
    Parts,
    Probe,
    ShellProof,
    plain_outcome,
)
from svmrun.adapters.output import ParseError, number, read_outcome

Json = Any

_GONE = "No such device or address"
_ABSENT = "Device does not exist"
_TARGET = re.compile(r"(?P<start>\d+) (?P<sectors>\d+) (?P<target>[a-z][a-z0-9-]*) ?(?P<words>.*?)\s*$")
_USED = re.compile(r"(?P<used>\d+)/(?P<total>\d+) \d+")
LISTED = ["info", "--columns", "--noheadings", "--separator", "/", "--options", "name,uuid"]
_NEEDED = {"linear": ("over", "sectors"), "snapshot": ("over", "sectors", "store")}


class Dmsetup(Adapter):
    """dmsetup(8). `status` gives what `parse_dmsetup_status` reads; the others print nothing."""

    name = "dmsetup"
    summary = "Lay a device over another one: linear, or a snapshot that keeps its changes apart (dmsetup)"
    timeout_seconds = 30.0
    schema = fields.arguments(
        {
            "mode": fields.choice(
                "Mode",
                "`create` makes the device, `remove` ends it, `status` tells of it.",
                ["create", "remove", "status"],
            ),
            "name": fields.word("Name", "Its name: the device is /dev/mapper/NAME.", ["backup-view"]),
            "target": fields.choice(
                "Target",
                "`linear` is a part of the device below. `snapshot` is all of it; what is written goes to the store.",
                ["snapshot", "linear"],
                default="snapshot",
            ),
            "over": fields.path("Over", "The device below.", ["/dev/sdd1", "/dev/mapper/backup-data"]),
            "sectors": fields.count("Sectors", "Its length, in sectors of 512 bytes.", [976508928], minimum=1),
            "offset_sectors": fields.count(
                "Offset",
                "Where on the device below it begins (linear only): for a device of an md array what "
                "`mdadm --examine` calls Data Offset.",
                [0, 264192],
                default=0,
                minimum=0,
            ),
            "store": fields.path("Store", "The device that keeps what is written to a snapshot.", ["/dev/loop0"]),
            "read_only": fields.flag("Read-only", "It refuses to be written to.", default=False),
        },
        ("mode", "name"),
    )

    def read_only(self, arguments: Arguments) -> bool:
        return bool(arguments["mode"] == "status")

    def repeatable(self, arguments: Arguments) -> bool:
        return bool(arguments["mode"] != "create")

    def resource(self, arguments: Arguments) -> str | None:
        return f"device {mapper_path(arguments)}"

    def passes_writes(self, arguments: Arguments) -> tuple[str, str] | None:
        if arguments["mode"] != "create" or arguments["target"] == "snapshot" or arguments.get("read_only"):
            return None
        return mapper_path(arguments), str(arguments.get("over"))

    def command_line(self, arguments: Arguments) -> Command:
        mode, name = arguments["mode"], str(arguments["name"])
        if mode == "status":
            return Command(("dmsetup", "status", name), needs_root=True)
        if mode == "remove":
            return Command(("dmsetup", "remove", "--retry", name), needs_root=True)
        only = ("--readonly",) if arguments["read_only"] else ()
        return Command(("dmsetup", "create", name, *only, "--table", _table(arguments)), needs_root=True)

    def expects(self, arguments: Arguments) -> str:
        if arguments["mode"] == "status":
            return "One line; of a snapshot it ends with the used part of its store. `Invalid`: the store is full."
        return f"It prints nothing. {mapper_path(arguments)} is then {_SHOWN[arguments['mode']]}."

    def interpret(self, arguments: Arguments, completed: Completed) -> Outcome:
        if arguments["mode"] == "status":
            if completed.status == 1 and _ABSENT in completed.stderr and not completed.interrupted:
                return Outcome("succeeded", "", {"targets": []}, changed=False)
            return read_outcome(completed, parse_dmsetup_status)
        said = completed.stderr.strip().splitlines()
        outcome = plain_outcome(completed, reason=said[0] if said else "")  # the last line is `Command failed.`
        if outcome.kind != "failed":
            return outcome
        if arguments["mode"] == "remove" and _GONE in completed.stderr:
            return Outcome("succeeded", f"{arguments['name']} was not there", changed=False)
        return _refused(arguments, completed.stderr, outcome, self.users(arguments))

    def probe(self, arguments: Arguments) -> Probe | None:
        mode = arguments["mode"]
        if mode == "status":
            return None
        question = self.complete({"mode": "status", "name": arguments["name"]})
        return Probe("dmsetup", question, lambda result: bool(result["targets"]) is (mode == "create"))

    def done_in_shell(self, arguments: Arguments) -> ShellProof:
        return ShellProof(says=(_GONE,)) if arguments["mode"] == "remove" else ShellProof()

    def users(self, arguments: Arguments) -> str:
        """fuser(1) tells of processes and mounts, `dmsetup ls --tree` of other devices that lie over it."""
        if arguments["mode"] != "remove":
            return ""
        return f"{shlex.join(('fuser', '-vm', mapper_path(arguments)))}; dmsetup ls --tree"

    def inverse(self, arguments: Arguments) -> Parts | None:
        return (
            Parts("dmsetup", {"mode": "remove", "name": arguments["name"]}) if arguments["mode"] == "create" else None
        )


_SHOWN = {"create": "there", "remove": "gone"}


def parse_dmsetup_status(text: str) -> dict[str, Json]:
    """`{"targets": [{"start", "sectors", "target", "used_sectors", "total_sectors", "invalid"}]}`.

    `invalid` is a snapshot whose store is full: nothing can be read any more. The sectors are those of a snapshot's
    store, else None. ParseError when it is something else.
    """
    rows = [_TARGET.match(line) for line in text.splitlines() if line.strip()]
    found = [row for row in rows if row is not None]
    if not found or len(found) < len(rows):
        raise ParseError("it does not tell of the device's targets")
    return {"targets": [_target(row) for row in found]}


def parse_dmsetup_info(text: str) -> dict[str, str]:
    """What `dmsetup` with the words LISTED prints: each device's name, and its identity (`LVM-...`), mostly empty."""
    rows = (line.strip().partition("/") for line in text.splitlines())
    return {name: identity for name, slash, identity in rows if slash}  # `No devices found` has none


def _target(row: re.Match[str]) -> dict[str, Json]:
    used = _USED.match(row["words"])
    return {
        "start": number(row["start"]),
        "sectors": number(row["sectors"]),
        "target": row["target"],
        "used_sectors": number(used["used"]) if used else None,
        "total_sectors": number(used["total"]) if used else None,
        "invalid": row["words"] in ("Invalid", "Overflow", "Merge failed", "Unknown"),
    }


def mapper_path(arguments: Arguments) -> str:
    return f"/dev/mapper/{arguments['name']}"


def _table(arguments: Arguments) -> str:
    target = arguments["target"]
    missing = [name for name in _NEEDED[target] if not arguments.get(name)]
    if missing:
        raise ValueError(f"dmsetup: to create a {target} device it needs {' and '.join(f'`{n}`' for n in missing)}")
    if target == "snapshot" and arguments["offset_sectors"]:
        raise ValueError("dmsetup: a snapshot begins where the device below begins; lay it over a linear device")
    over, sectors = arguments["over"], arguments["sectors"]
    # N: the store is of no use to anybody later; 8: in chunks of 4 KiB, the blocks of most file systems.
    rest = f"{over} {arguments['offset_sectors']}" if target == "linear" else f"{over} {arguments['store']} N 8"
    return f"0 {sectors} {target} {rest}"


def _refused(arguments: Arguments, said: str, outcome: Outcome, users: str) -> Outcome:
    """The name is refused before anything is done; the device below, when only the name was there: that is undone."""
    if arguments["mode"] == "create" and "create ioctl" in said and "busy" in said:
        return replace(outcome, message=f"there is a device {arguments['name']} already", untouched=True)
    if arguments["mode"] == "create" and "busy" in said:
        return replace(outcome, message=f"{arguments['over']} is in use: a mirror still has it, or it is mounted")
    if "busy" in said:
        return replace(outcome, message=f"{mapper_path(arguments)} is in use; who uses it: {users}")
    return outcome
