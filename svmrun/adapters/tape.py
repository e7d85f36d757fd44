"""mt: the position and the state of a tape drive."""

from __future__ import annotations

import re
from typing import Any

from svmrun.adapters import fields
from svmrun.adapters.base import Adapter, Arguments, Command, Completed, Outcome, plain_outcome
from svmrun.adapters.output import read_outcome, unreadable

Json = Any

_MOVES = ("rewind", "offline", "fsf", "bsf", "nbsf", "asf", "fsr", "bsr", "eom", "weof", "retension")
_COUNTED = ("fsf", "bsf", "nbsf", "asf", "fsr", "bsr", "weof")
_DRIVE = re.compile(r"^(?P<drive>\S.*?) tape drive:\s*$", re.MULTILINE)
_SENSE = re.compile(r"sense key\s*\(0x(?P<key>[0-9a-fA-F]+)\)=\s*(?P<sense>.*?)\s*(?:residual=|$)", re.MULTILINE)
_NUMBERS = {
    "residual": re.compile(r"residual=\s*(-?[0-9]{1,18})"),
    "retries": re.compile(r"retries=\s*(-?[0-9]{1,18})"),
    "file_number": re.compile(r"file (?:no|number)\s*=\s*(-?[0-9]{1,18})", re.IGNORECASE),
    "block_number": re.compile(r"block (?:no|number)\s*=\s*(-?[0-9]{1,18})", re.IGNORECASE),
}


def parse_mt_status(text: str) -> dict[str, Json]:
    """`{"drive", "sense_key", "sense", "residual", "retries", "file_number", "block_number"}`; null where not printed.

    A file number of -1 means that the position is not known (mt.c). ParseError when no position was printed.
    """
    drive, sense = _DRIVE.search(text), _SENSE.search(text)
    numbers = {key: int(match[1]) if (match := form.search(text)) else None for key, form in _NUMBERS.items()}
    if numbers["file_number"] is None:
        raise unreadable("mt status", "line `file no=`", text.strip().splitlines())
    return {
        "drive": drive["drive"] if drive else None,
        "sense_key": int(sense["key"], 16) if sense else None,
        "sense": sense["sense"] if sense else None,
        **numbers,
    }


class Mt(Adapter):
    """mt(1). Exit 1: usage or the drive cannot be opened, 2: the operation failed (mt.c)."""

    name = "mt"
    summary = "Read the state of a tape drive, or move its tape (mt)"
    schema = fields.arguments(
        {
            "device": fields.path(
                "Tape device",
                "The drive's device. Use the no-rewind name (`/dev/rmt/0n`): closing the other one rewinds the tape.",
                ["/dev/rmt/0n"],
            ),
            "operation": fields.choice(
                "Operation",
                "`status` reads the state; `rewind`, `offline` (rewind and eject), `fsf`/`bsf`/`nbsf`/`asf` (files), "
                "`fsr`/`bsr` (records), `eom` (end of the recorded data), `weof` (write file marks), `retension`.",
                ["status", *_MOVES],
                default="status",
            ),
            "count": fields.count(
                "Count", "How many files, records or marks; for `asf` the file's number.", [1], minimum=0
            ),
        },
        required=["device"],
    )

    def read_only(self, arguments: Arguments) -> bool:
        return bool(arguments.get("operation", "status") == "status")

    def repeatable(self, arguments: Arguments) -> bool:
        return arguments.get("operation", "status") in ("status", "rewind", "offline", "asf", "eom", "retension")

    def resource(self, arguments: Arguments) -> str | None:
        return f"tape {arguments.get('device')}"

    def default_timeout(self, arguments: Arguments) -> float:
        return self.timeout_seconds if self.read_only(arguments) else 1800.0

    def command_line(self, arguments: Arguments) -> Command:
        operation, count = arguments["operation"], arguments.get("count")
        if count is not None and operation not in _COUNTED:
            raise ValueError(f"mt: `{operation}` takes no `count`; it belongs to {', '.join(_COUNTED)}")
        return Command(("mt", "-f", arguments["device"], operation, *(() if count is None else (str(count),))))

    def expects(self, arguments: Arguments) -> str:
        return "The drive and the state of its tape." if self.read_only(arguments) else "It prints nothing."

    def interpret(self, arguments: Arguments, completed: Completed) -> Outcome:
        if not self.read_only(arguments):
            return plain_outcome(completed)
        return read_outcome(completed, parse_mt_status)
