"""blockdev: how large a device is, and whether it may be written to (blockdev(8))."""

from __future__ import annotations

from typing import Any

from svmrun.adapters import fields
from svmrun.adapters.base import Adapter, Arguments, Command, Completed, Outcome, Parts, Probe, plain_outcome
from svmrun.adapters.output import ParseError, number, read_outcome

Json = Any

_READING = ("getsz", "getsize64", "getro")
_OTHER = {"setro": "setrw", "setrw": "setro"}
_EXPECTS = {
    "getsz": "One number: the length in sectors of 512 bytes.",
    "getsize64": "One number: the length in bytes.",
    "getro": "1 when the device refuses to be written to, else 0.",
}


class Blockdev(Adapter):
    """blockdev(8). Those that read give `{"value"}`, a number."""

    name = "blockdev"
    summary = "Read how large a device is, or let it refuse to be written to (blockdev)"
    timeout_seconds = 10.0
    schema = fields.arguments(
        {
            "mode": fields.choice(
                "Mode",
                "`getsz` reads the length in sectors of 512 bytes, `getsize64` in bytes, `getro` whether it refuses "
                "writes; `setro` makes it refuse them, `setrw` allow them.",
                [*_READING, *_OTHER],
            ),
            "device": fields.path("Device", "The device.", ["/dev/md0", "/dev/sdd1"]),
        },
        ("mode", "device"),
    )

    def read_only(self, arguments: Arguments) -> bool:
        return arguments["mode"] in _READING

    def repeatable(self, arguments: Arguments) -> bool:
        return True

    def resource(self, arguments: Arguments) -> str | None:
        return f"device {arguments.get('device')}"

    def command_line(self, arguments: Arguments) -> Command:
        return Command(("blockdev", f"--{arguments['mode']}", arguments["device"]), needs_root=True)

    def expects(self, arguments: Arguments) -> str:
        return _EXPECTS.get(arguments["mode"], "It prints nothing.")

    def interpret(self, arguments: Arguments, completed: Completed) -> Outcome:
        return read_outcome(completed, _value) if self.read_only(arguments) else plain_outcome(completed)

    def probe(self, arguments: Arguments) -> Probe | None:
        if self.read_only(arguments):
            return None
        wanted = 1 if arguments["mode"] == "setro" else 0
        question = {"mode": "getro", "device": arguments["device"]}
        return Probe("blockdev", question, lambda result: bool(result["value"] == wanted))

    def inverse(self, arguments: Arguments) -> Parts | None:
        other = _OTHER.get(arguments["mode"])
        return Parts("blockdev", {**arguments, "mode": other}) if other else None


def _value(text: str) -> dict[str, Json]:
    value = number(text.strip())
    if value is None:
        raise ParseError(f"it did not print a number but {text.strip()[:80]!r}")
    return {"value": value}
