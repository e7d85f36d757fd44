"""ufsrestore, reading only: the table of contents of a dump, and whether it is the expected one (ufsrestore(1M))."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from svmrun.adapters import dumps, fields
from svmrun.adapters.base import Adapter, Arguments, Command, Completed, Outcome
from svmrun.adapters.output import read_outcome
from svmrun.adapters.ufs_parse import parse_ufsrestore
from svmrun.names import canonical, tidy_path

Json = Any


class Ufsrestore(Adapter):
    """ufsrestore(1M) with the keys t (`list`) and tv (`verify`). Result: that of `parse_ufsrestore`.

    The whole list is in the run's folder; `files` and `paths` hold what was kept of it in memory.
    """

    name = "ufsrestore"
    summary = "Read the table of contents of a dump, as a proof that it can be read (ufsrestore)"
    copies_data = True
    timeout_seconds = 2 * 3600.0
    schema = fields.arguments(
        {
            "mode": fields.choice(
                "Mode",
                "`list` reads the names; `verify` also demands the head of the dump and compares it with `device` "
                "and `level`.",
                ["list", "verify"],
                default="list",
            ),
            "dump_device": fields.word(
                "Dump device",
                "The tape, file or HOST:DEVICE with the dump. A non-rewinding tape must stand at its beginning.",
                ["/dev/rmt/0"],
                default="/dev/rmt/0",
            ),
            "device": fields.text(
                "Device", "The device that must have been dumped; empty for any.", ["/dev/md/rdsk/d30"], default=""
            ),
            "level": fields.count("Level", "The level that the dump must have.", [0], minimum=0, maximum=9),
            "paths": fields.texts("Paths", "Names that must be in the dump.", [["./etc/passwd"]], default=[]),
        }
    )

    def read_only(self, arguments: Arguments) -> bool:
        """A tape without rewinding stands elsewhere afterwards."""
        return not str(arguments["dump_device"]).endswith("n")

    def command_line(self, arguments: Arguments) -> Command:
        device = tidy_path(str(arguments["dump_device"]))
        if device.startswith("-"):
            raise ValueError("dump_device must name a tape or a file")
        paths = [str(path) for path in arguments["paths"]]
        if any(path.startswith("-") for path in paths):
            raise ValueError("paths of a dump begin with ./")
        return Command(("ufsrestore", "tvf" if arguments["mode"] == "verify" else "tf", device, *paths), stdin="")

    def expects(self, arguments: Arguments) -> str:
        head = "The head of the dump, then a" if arguments["mode"] == "verify" else "A"
        return f"{head} line for each file; no message about a checksum or a missing file."

    def interpret(self, arguments: Arguments, completed: Completed) -> Outcome:
        def read(text: str) -> dict[str, Json]:
            return parse_ufsrestore(f"{completed.stderr}\n{text}")

        def must_hold(result: dict[str, Json]) -> Iterator[str]:
            yield from dumps.not_held(arguments, result)
            if arguments["mode"] == "verify":
                yield from _wrong_head(arguments, result)

        return read_outcome(completed, read, must_hold)


def _wrong_head(arguments: Arguments, result: dict[str, Json]) -> Iterator[str]:
    level, device = arguments.get("level"), str(arguments["device"])
    if result["level"] is None:
        yield "it did not tell of which dump"
    elif level is not None and result["level"] != level:
        yield f"it is a dump of level {result['level']}, not {level}"
    if device and canonical(str(result["source"]).rpartition(":")[2]) != canonical(device):
        yield f"it is a dump of {result['source']}, not of {device}"
