"""mdadm: look at an array of Linux, take a device off, take it back, let the copies be compared.

Sources: mdadm(8), md(4); the words of mdadm 4.2's Manage.c and of a kernel 6.1. A device that comes back to an array
with a bitmap is copied to only where the array was written to meanwhile. **What somebody else wrote to the device is in
no bitmap**: it stays, and the copies differ from then on. `--add` does the same as `--re-add` while the device still
carries its metadata; only without them (`--zero-superblock`) it is copied whole.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
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
from svmrun.adapters.copying import still_copied
from svmrun.adapters.linux_parse_mdadm import parse_mdadm_detail, parse_mdadm_examine, sync_percent
from svmrun.adapters.output import read_outcome
from svmrun.names import tidy_path

Json = Any

_OF_ARRAY = ("detail", "check", "idle")
_OF_DEVICE = ("examine", "zero-superblock")
_OF_BOTH = ("fail-remove", "re-add", "add")
_UNDONE_BY = {"fail-remove": "re-add", "re-add": "fail-remove", "add": "fail-remove", "check": "idle"}
_EXPECTS = {
    "detail": "A table with a line for each device: `active sync` is good. `removed` is a place without a device.",
    "examine": "The metadata on the device. `Data Offset` tells where the data begin; without it they begin at 0.",
    "fail-remove": "Two lines: set DEVICE faulty in ARRAY; hot removed DEVICE from ARRAY.",
    "re-add": "One line: re-added DEVICE. Where ARRAY was written to meanwhile, it is now copied to DEVICE.",
    "add": "One line: added DEVICE, or re-added DEVICE when it still knew where it belonged.",
    "check": "It prints nothing. mdadm --detail shows how far it is; then mismatch_cnt in /sys/block/.../md must be 0.",
    "idle": "It prints nothing.",
    "zero-superblock": "It prints nothing. The device has forgotten whose it was: it is copied whole when it is added.",
}
_ADVICE = {
    "Cannot open": "it belongs to the array already, or something is laid over it (dmsetup ls; losetup -l; mount)",
    "is not possible": "it cannot be read (dmesg), its metadata do not fit, or the array has no bitmap: mode add then "
    "copies it whole",
    "hot remove failed": "the array was at work on it (a check, a slow read): it is thrown out, and still in its list",
    "faulty failed for": "it is the last one in sync; newer kernels now fail all writes until the array is stopped",
}
# Said before the device was thrown out: nothing was done. `No such device`: it was out already.
_NOTHING_DONE = ("error opening", "stat failed for", "does not appear to be an md device", ":  No such device")


class Mdadm(Adapter):
    """mdadm(8). `detail` and `examine` give what their parsers read; the others `{"array", "device"}`."""

    name = "mdadm"
    summary = "Look at an md array of Linux, take a device off or back, compare the copies (mdadm)"
    timeout_seconds = 10.0  # taking one off must fit into a freeze
    schema = fields.arguments(
        {
            "mode": fields.choice(
                "Mode",
                "`detail` reads an array, `examine` the metadata on a device. `fail-remove` takes a device off, "
                "`re-add` takes it back and copies what has changed, `add` copies all of it where needed. `check` "
                "starts to compare the copies, `idle` stops that. `zero-superblock` makes a device forget its array.",
                [*_OF_ARRAY, *_OF_BOTH, *_OF_DEVICE],
            ),
            "array": fields.path("Array", "The array.", ["/dev/md0", "/dev/md/data"]),
            "device": fields.path(
                "Device",
                "The array's device, by the name that `mdadm --detail` prints.",
                ["/dev/sdd1"],
            ),
        },
        ("mode",),
    )

    def read_only(self, arguments: Arguments) -> bool:
        return arguments["mode"] in ("detail", "examine")

    def repeatable(self, arguments: Arguments) -> bool:
        return arguments["mode"] not in _OF_BOTH

    def resource(self, arguments: Arguments) -> str | None:
        return f"mirror {_path(arguments, 'array')}" if arguments.get("array") else None

    def split_device(self, arguments: Arguments) -> str | None:
        return _path(arguments, "array") if arguments["mode"] == "fail-remove" else None

    def split_side(self, arguments: Arguments) -> tuple[str, str] | None:
        if arguments["mode"] != "fail-remove":
            return None
        return _path(arguments, "array"), _path(arguments, "device")

    def rejoins_device(self, arguments: Arguments) -> str | None:
        return str(arguments.get("device")) if arguments["mode"] in ("re-add", "add") else None

    def forgets_device(self, arguments: Arguments) -> str | None:
        return str(arguments.get("device")) if arguments["mode"] == "zero-superblock" else None

    def command_line(self, arguments: Arguments) -> Command:
        mode = arguments["mode"]
        wanted = [name for name, modes in _WANTED.items() if mode in modes]
        for name in ("array", "device"):
            if bool(arguments.get(name)) is not (name in wanted):
                raise ValueError(f"mdadm: mode {mode} takes {' and '.join(f'`{one}`' for one in wanted)}")
        array, device = (_path(arguments, name) if name in wanted else "" for name in ("array", "device"))
        return Command(("mdadm", *_words(mode, array, device)), needs_root=True)

    def expects(self, arguments: Arguments) -> str:
        text = _EXPECTS[arguments["mode"]]
        return text.replace("DEVICE", str(arguments.get("device"))).replace("ARRAY", str(arguments.get("array")))

    def interpret(self, arguments: Arguments, completed: Completed) -> Outcome:
        mode = arguments["mode"]
        if mode == "detail":
            return read_outcome(completed, parse_mdadm_detail, _all_told)
        if mode == "examine":
            return read_outcome(completed, parse_mdadm_examine)
        result = {name: arguments.get(name) for name in ("array", "device")}
        outcome = plain_outcome(completed, result)
        said = completed.stderr + completed.stdout
        if outcome.ok and not _is_said(arguments, said):
            return Outcome("unknown", f"mdadm ended well but did not say what it did: {said.strip()[:200]!r}", result)
        return outcome if outcome.kind != "failed" else _refused(arguments, said, outcome)

    def probe(self, arguments: Arguments) -> Probe | None:
        mode = arguments["mode"]
        if mode in ("check", "idle"):
            return Probe("mdadm", _detail(arguments), lambda told: (told["sync_action"] == "check") is (mode != "idle"))
        if mode not in _OF_BOTH:
            return None
        device = _path(arguments, "device")

        def present(result: Json) -> bool | None:
            member = belongs(result, device)
            return None if member is None else member is (mode != "fail-remove")

        return Probe("mdadm", _detail(arguments), present)

    def done_in_shell(self, arguments: Arguments) -> ShellProof:
        if arguments["mode"] not in ("re-add", "add"):
            return ShellProof()
        detail = Command(("mdadm", "--detail", _path(arguments, "array")))
        return ShellProof(detail, (_path(arguments, "device"),), without=("faulty",))

    def inverse(self, arguments: Arguments) -> Parts | None:
        other = _UNDONE_BY.get(arguments["mode"])
        return Parts("mdadm", {**arguments, "mode": other}) if other else None

    def goes_on(self, arguments: Arguments) -> str:
        """mdadm(8): `--wait` returns when no resync, recovery or reshape is under way."""
        if arguments["mode"] not in ("re-add", "add"):
            return ""
        array = _path(arguments, "array")
        return still_copied(array, _path(arguments, "device"), shlex.join(("mdadm", "--wait", array)), "returns")

    def progress(self, arguments: Arguments, output: str) -> float | None:
        return sync_percent(output)


_WANTED = {"array": (*_OF_ARRAY, *_OF_BOTH), "device": (*_OF_DEVICE, *_OF_BOTH)}


def belongs(result: Json, device: str) -> bool | None:
    """Whether the device belongs to the array of a `detail`; a faulty one does not.

    None when it is not named while no place is empty: then it may be there by another name.
    """
    states = [row["state"] for row in result["devices"] if row["device"] == device]
    if states:
        return "faulty" not in states[0]
    return False if any(row["state"] == "removed" for row in result["devices"]) else None


def _words(mode: str, array: str, device: str) -> tuple[str, ...]:
    if mode == "fail-remove":
        return array, "--fail", device, "--remove", device
    if mode in ("re-add", "add"):
        return array, f"--{mode}", device
    if mode in ("check", "idle"):
        return f"--action={mode}", array
    return f"--{mode}", array or device


def _path(arguments: Arguments, name: str) -> str:
    return tidy_path(str(arguments[name]))


def _detail(arguments: Arguments) -> dict[str, Json]:
    return {"mode": "detail", "array": _path(arguments, "array")}


def _is_said(arguments: Arguments, said: str) -> bool:
    """Whether mdadm says that it did its work; it is silent about a check."""
    mode = arguments["mode"]
    if mode not in _OF_BOTH:
        return True
    device = _path(arguments, "device")
    if mode == "fail-remove":
        return f"set {device} faulty in " in said and f"hot removed {device} from " in said
    # A device that was thrown out, and not removed yet, is taken back by the kernel itself: `re-add ... succeed`.
    return any(text in said for text in (f"added {device}", f"re-add {device} to "))


def _refused(arguments: Arguments, said: str, outcome: Outcome) -> Outcome:
    """A device that was out already is not for this run to take back."""
    thrown_out = "faulty in" in said
    absent = arguments["mode"] == "fail-remove" and not thrown_out and any(sign in said for sign in _NOTHING_DONE)
    advice = "" if absent else next((text for sign, text in _ADVICE.items() if sign in said), "")
    message = f"{outcome.message}: {advice}" if advice else outcome.message
    return replace(outcome, message=message, untouched=absent)


def _all_told(result: dict[str, Json]) -> Iterator[str]:
    if "inactive" in result["state"]:
        yield "the array does not run: it is inactive"
    if result["raid_devices"] is None or len(result["devices"]) < result["raid_devices"]:
        yield "it does not tell of every device"
