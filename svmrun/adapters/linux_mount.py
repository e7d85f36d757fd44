"""mount and umount on Linux: another look at a file system, to be taken away again.

- id: look
  mount: {device: /dev/mapper/view, mount_point: /mnt/view, kind: xfs, options: [ro, nouuid]}
  rollback: {umount: {mount_point: /mnt/view}}
  hold: 6h
"""

from __future__ import annotations

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

Json = Any

# What mount says when it has mounted nothing: what is there is not ours. Anything else might have come too late.
_NOTHING_MOUNTED = (
    "already mounted",  # here, or its device is in use: `or mount point busy`
    "mount point does not exist",
    "mount point is not a directory",
    "special device",
    "is not a block device",
    "read superblock on",
    "read-only.",  # `cannot mount DEVICE read-only.`: a log waits to be replayed, and the device refuses that
    "wrong fs type, bad option, bad superblock",
    "unknown filesystem type",
    "must be superuser",
    "only root can",
)
_BUSY = "target is busy"  # somebody has a file open there, or stands there with a shell
_NOT_THERE = ("not mounted", "no mount point specified")
_MOUNT_POINT = fields.path("Mount point", "The folder that it is mounted on; it must be there.", ["/mnt/view"])


class Mount(Adapter):
    """mount(8). Says nothing when it worked, and ends with 32 when it did not; its first line tells why."""

    name = "mount"
    summary = "Mount a file system on Linux (mount)"
    schema = fields.arguments(
        {
            "device": fields.path("Device", "The block device that holds it.", ["/dev/mapper/view"]),
            "mount_point": _MOUNT_POINT,
            "kind": fields.word("Type", "The type of the file system (-t); found out without it.", ["xfs", "ext4"]),
            "options": fields.texts(
                "Options",
                "Mount options (-o). `ro` alone does not keep a file system from replaying its log, which writes to "
                "the device: mount a snapshot view of it, or add `norecovery` (xfs), `noload` (ext4). A second xfs of "
                "the same origin needs `nouuid`.",
                [["ro", "nouuid"]],
                items={"type": "string", "pattern": r"^[^-,\s][^,\s]*$"},
                default=[],
            ),
        },
        required=["device", "mount_point"],
    )

    def resource(self, arguments: Arguments) -> str | None:
        return f"mount point {arguments.get('mount_point')}"

    def writes_device(self, arguments: Arguments) -> str | None:
        """Without its log left alone even a read-only mount writes."""
        options = {str(option) for option in arguments.get("options") or ()}
        looks_only = "ro" in options and options & {"norecovery", "noload"}
        return None if looks_only else str(arguments.get("device"))

    def command_line(self, arguments: Arguments) -> Command:
        kind = ("-t", arguments["kind"]) if arguments.get("kind") else ()
        options = ("-o", ",".join(arguments["options"])) if arguments["options"] else ()
        return Command(("mount", *kind, *options, arguments["device"], arguments["mount_point"]), needs_root=True)

    def expects(self, arguments: Arguments) -> str:
        return f"It prints nothing. findmnt {arguments['mount_point']} then shows the device."

    def interpret(self, arguments: Arguments, completed: Completed) -> Outcome:
        said = next((line for line in completed.stderr.splitlines() if line.startswith("mount: ")), "")
        outcome = plain_outcome(completed, reason=said)
        untouched = outcome.kind == "failed" and any(words in outcome.message for words in _NOTHING_MOUNTED)
        return replace(outcome, untouched=untouched)

    def probe(self, arguments: Arguments) -> Probe | None:
        device = str(arguments.get("device", ""))

        def present(result: Json) -> bool | None:
            """What another device has there proves nothing: a device can have several names."""
            sources = [row["source"].partition("[")[0] for row in result["filesystems"]]
            return True if device in sources else None if sources else False

        return Probe("findmnt", {"target": arguments["mount_point"]}, present)

    def inverse(self, arguments: Arguments) -> Parts | None:
        return Parts("umount", {"mount_point": arguments["mount_point"]})


class Umount(Adapter):
    """umount(8). What is not mounted is no error: it is as wanted."""

    name = "umount"
    summary = "Take a mounted file system away on Linux (umount)"
    schema = fields.arguments({"mount_point": _MOUNT_POINT}, required=["mount_point"])

    def repeatable(self, arguments: Arguments) -> bool:
        return True

    def resource(self, arguments: Arguments) -> str | None:
        return f"mount point {arguments.get('mount_point')}"

    def command_line(self, arguments: Arguments) -> Command:
        return Command(("umount", arguments["mount_point"]), needs_root=True)

    def expects(self, arguments: Arguments) -> str:
        return "It prints nothing. `target is busy`: somebody is in there, fuser -vm tells who."

    def interpret(self, arguments: Arguments, completed: Completed) -> Outcome:
        outcome = plain_outcome(completed)
        if outcome.kind == "failed" and any(words in completed.stderr for words in _NOT_THERE):
            return Outcome("succeeded", f"nothing was mounted on {arguments['mount_point']}", changed=False)
        if outcome.kind == "failed" and _BUSY in completed.stderr:
            return replace(outcome, message=f"{outcome.message}; who uses it: {self.users(arguments)}")
        return outcome

    def probe(self, arguments: Arguments) -> Probe | None:
        return Probe("findmnt", {"target": arguments["mount_point"]}, lambda result: not result["filesystems"])

    def done_in_shell(self, arguments: Arguments) -> ShellProof:
        return ShellProof(says=_NOT_THERE)

    def users(self, arguments: Arguments) -> str:
        return shlex.join(("fuser", "-vm", str(arguments["mount_point"])))
