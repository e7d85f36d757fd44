"""losetup: a file, or a part of a device, as a block device (losetup(8))."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
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
from svmrun.adapters.output import ParseError, read_json, read_outcome

Json = Any

_GONE = ("No such device or address", "failed to use device: No such device")  # the second: there is no such node
_TAKEN = "Device or resource busy"


class Losetup(Adapter):
    """losetup(8). `list` gives `{"loop_devices": [{"name", "file", "offset", "read_only"}]}`, `find` `{"device"}`."""

    name = "losetup"
    summary = "Make a block device of a file, or of a part of a device, and undo it (losetup)"
    timeout_seconds = 30.0
    schema = fields.arguments(
        {
            "mode": fields.choice(
                "Mode",
                "`attach` lets the loop device stand for a file, `detach` ends that. `find` names a loop device that "
                "is free, `list` tells of those in use.",
                ["attach", "detach", "find", "list"],
            ),
            "device": fields.path("Loop device", "The loop device.", ["/dev/loop0"]),
            "file": fields.path("File", "The file or device that it stands for.", ["/run/view.store", "/dev/sdd1"]),
            "offset_bytes": fields.count("Offset", "Where in the file it begins.", [1048576], default=0, minimum=0),
            "read_only": fields.flag("Read-only", "It refuses to be written to.", default=False),
        },
        ("mode",),
    )

    def read_only(self, arguments: Arguments) -> bool:
        return arguments["mode"] in ("find", "list")

    def repeatable(self, arguments: Arguments) -> bool:
        return bool(arguments["mode"] != "attach")

    def resource(self, arguments: Arguments) -> str | None:
        return f"loop device {arguments['device']}" if arguments.get("device") else None

    def passes_writes(self, arguments: Arguments) -> tuple[str, str] | None:
        if arguments["mode"] != "attach" or arguments.get("read_only"):
            return None
        return str(arguments.get("device")), str(arguments.get("file"))

    def command_line(self, arguments: Arguments) -> Command:
        mode, device, file = arguments["mode"], arguments.get("device"), arguments.get("file")
        if mode == "find":
            return Command(("losetup", "--find"), needs_root=True)
        if mode == "list":
            return Command(("losetup", "--list", "--json", "--output", _COLUMNS, *((device,) if device else ())))
        if not device or bool(file) is (mode == "detach"):
            raise ValueError(f"losetup: mode {mode} takes `device`{' and `file`' if mode == 'attach' else ' alone'}")
        if mode == "detach":
            return Command(("losetup", "--detach", device), needs_root=True)
        offset = ("--offset", str(arguments["offset_bytes"])) if arguments["offset_bytes"] else ()
        only = ("--read-only",) if arguments["read_only"] else ()
        return Command(("losetup", *offset, *only, str(device), str(file)), needs_root=True)

    def expects(self, arguments: Arguments) -> str:
        if arguments["mode"] == "find":
            return "The path of a loop device that nobody uses now."
        if arguments["mode"] == "list":
            return "Each loop device in use, with the file behind it."
        return "It prints nothing. losetup -l tells which loop devices are in use."

    def interpret(self, arguments: Arguments, completed: Completed) -> Outcome:
        if arguments["mode"] == "list":
            if completed.status == 1 and _GONE[1] in completed.stderr and not completed.interrupted:
                return Outcome("succeeded", "", {"loop_devices": []}, changed=False)
            return read_outcome(completed, parse_losetup, partial(_told, arguments.get("device"), completed.stdout))
        if arguments["mode"] == "find":
            return read_outcome(completed, _parse_find)
        outcome = plain_outcome(completed)
        if outcome.kind != "failed":
            return outcome
        if arguments["mode"] == "detach" and any(words in completed.stderr for words in _GONE):
            return Outcome("succeeded", f"{arguments['device']} was not in use", changed=False)
        taken = arguments["mode"] == "attach" and _TAKEN in completed.stderr
        message = f"{arguments['device']} is in use already" if taken else outcome.message
        return replace(outcome, message=message, untouched=taken)

    def probe(self, arguments: Arguments) -> Probe | None:
        if self.read_only(arguments):
            return None
        device, attach = arguments["device"], arguments["mode"] == "attach"

        def present(result: Json) -> bool | None:
            files = [one["file"] for one in result["loop_devices"] if one["name"] == device]
            return _stands_for(files[0], arguments["file"]) if files and attach else bool(files) is attach

        return Probe("losetup", self.complete({"mode": "list", "device": device}), present)

    def done_in_shell(self, arguments: Arguments) -> ShellProof:
        return ShellProof(says=_GONE) if arguments["mode"] == "detach" else ShellProof()

    def users(self, arguments: Arguments) -> str:
        """losetup(8): while one is in use, `--detach` succeeds, and it goes with its last user."""
        return shlex.join(("fuser", "-vm", str(arguments["device"]))) if arguments["mode"] == "detach" else ""

    def inverse(self, arguments: Arguments) -> Parts | None:
        return Parts("losetup", {"mode": "detach", "device": arguments["device"]}) if arguments.get("file") else None


_COLUMNS = "NAME,BACK-FILE,OFFSET,RO"
_DELETED = " (deleted)"


def _stands_for(shown: str, file: str) -> bool | None:
    """Whether the file that the kernel names is the one that was given; None when it may be, by another name.

    A file stays behind its loop device after it was deleted, and its name then has an end that says so. The kernel
    names what links lead to: `/run/x` for `/var/run/x`, and for most names of devices a number.
    """
    shown, file = shown.removesuffix(_DELETED), file.removesuffix(_DELETED)
    if shown == file:
        return True
    devices = shown.startswith("/dev/") and file.startswith("/dev/")
    return None if devices or shown.rpartition("/")[2] == file.rpartition("/")[2] else False


def _told(device: str | None, text: str, _result: dict[str, Json]) -> Iterator[str]:
    """One device has its row even while it is free."""
    if device and device not in text:
        yield f"it does not tell of {device}"


def parse_losetup(text: str) -> dict[str, Json]:
    """`losetup --list --json`; one without a file is free, and left out. ParseError when it is something else."""
    return read_json(text, _used) if text.strip() else {"loop_devices": []}  # it says nothing when none is in use


def _used(told: Json) -> dict[str, Json]:
    rows = [row for row in told["loopdevices"] if row["back-file"] is not None]
    shown = {"name": "name", "file": "back-file", "offset": "offset", "read_only": "ro"}
    return {"loop_devices": [{key: row[column] for key, column in shown.items()} for row in rows]}


def _parse_find(text: str) -> dict[str, Json]:
    path = text.strip()
    if not path.startswith("/dev/") or "\n" in path:
        raise ParseError("it did not name a loop device")
    return {"device": path}
