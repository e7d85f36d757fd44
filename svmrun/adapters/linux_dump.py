"""dump and restore of ext2, ext3 and ext4: a dump, its questions about volumes, its table of contents.

Sources: dump(8), restore(8); the words of dump-0.4b47. Blocks are 1024 bytes here. Without a terminal its first
question aborts the dump, and a dump that could not read everything says DUMP IS DONE and ends with 1.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from svmrun.adapters import dumps, fields
from svmrun.adapters.base import (
    Adapter,
    Arguments,
    Command,
    Completed,
    Dialogue,
    Outcome,
    Prompt,
)
from svmrun.adapters.linux_parse_dump import parse_dump, parse_restore
from svmrun.adapters.output import read_outcome
from svmrun.adapters.parse_dump import messages, percent_done
from svmrun.names import tidy_path

Json = Any

# A dump that is written to anything else under /dev overwrites a disk without a question.
_TAPE = re.compile(r"/dev/(n?st\d|tape/|nosst|nrst|null$)")
_YES_OR_NO = r'[^\n]*\("yes" or "no"\)\s*$'
_RECORD_KILOBYTES = 10
_TRAILER_KILOBYTES = 10  # that the estimate counts, and dump hardly writes


class Dump(Adapter):
    """dump(8). Result: that of `parse_dump`."""

    name = "dump"
    summary = "Dump an ext2, ext3 or ext4 file system to tape or file (dump)"
    copies_data = True
    timeout_seconds = 10 * 3600.0
    schema = fields.arguments(
        {
            "level": fields.count(
                "Level",
                "0 dumps everything, a higher one what changed since the last dump of a lower level.",
                [0],
                default=0,
                minimum=0,
                maximum=9,
            ),
            "device": fields.path(
                "Device", "The device to dump, such as a view over a side that was taken off.", ["/dev/mapper/view"]
            ),
            "dump_device": fields.word(
                "Dump device",
                "A tape or a file; a file that is there is overwritten.",
                ["/backup/data.dump", "/dev/st0"],
            ),
            "update": fields.flag("Update", "Record the dump in /var/lib/dumpdates (-u).", default=False),
            "volumes": dumps.VOLUMES,
            "minimum_percent_of_estimate": dumps.least_size("dump"),
        },
        ("device", "dump_device"),
    )

    def asks(self, arguments: Arguments) -> bool:
        return len(arguments["volumes"]) > 1

    def command_line(self, arguments: Arguments) -> Command:
        update = "u" if arguments["update"] else ""
        device, target = tidy_path(str(arguments["device"])), _target(arguments)
        talk = _dialogue(arguments["volumes"]) if self.asks(arguments) else None
        argv = ("dump", f"-{int(arguments['level'])}{update}", "-f", target, device)
        stdin = None if talk else ""
        return Command(argv, needs_root=True, stop_signal="INT", stdin=stdin, dialogue=talk, private=True)

    def expects(self, arguments: Arguments) -> str:
        tapes = arguments["volumes"]
        change = f" It asks for the next one; mount them in this order: {', '.join(tapes)}." if len(tapes) > 1 else ""
        return f"{dumps.DONE}{change}"

    def interpret(self, arguments: Arguments, completed: Completed) -> Outcome:
        def problems(result: dict[str, Json], text: str) -> Iterator[str]:
            return _problems(arguments, completed, result, list(messages(text)))

        return dumps.judged_dump(completed, parse_dump, problems, self.name)

    def progress(self, arguments: Arguments, output: str) -> float | None:
        return percent_done(output)


def _target(arguments: Arguments) -> str:
    """The dump device. ValueError for what would destroy a disk, or put the dump into svmrun's own output."""
    target = tidy_path(str(arguments["dump_device"]))
    if target == "-":
        raise ValueError("dump_device must name a tape or a file: a dump to standard output would be lost")
    if target == tidy_path(str(arguments["device"])):
        raise ValueError(f"{target} is the device to dump: it would overwrite itself")
    if target.startswith("/dev/") and not target.startswith("/dev/shm/") and not _TAPE.match(target):
        raise ValueError(f"{target} is no tape: a dump would overwrite a disk; name a tape or a file")
    return target


def _dialogue(volumes: Sequence[str]) -> Dialogue:
    """The operator mounts the volumes in their order; everything else ends the dump."""
    names = ", then ".join(volumes[1:])
    mounted = Prompt(
        rf"Is the new volume mounted and ready to go\?:? {_YES_OR_NO}",
        name=f"mount the next volume ({names}) and answer yes; no ends the dump",
        at_most=len(volumes) - 1,
    )
    return Dialogue(prompts=(mounted, Prompt(rf"Do you want to abort\?:? {_YES_OR_NO}", answer="yes", name="abort")))


def _problems(arguments: Arguments, completed: Completed, result: dict[str, Json], said: list[str]) -> Iterator[str]:
    """Everything that speaks against the dump, the most telling first."""
    if any("Mount volume #" in message for message in said) and not result["done"]:
        yield "it needs another volume, and none is declared" if not arguments["volumes"] else "no other volume came"
    if any(message.startswith("read error from") for message in said):
        yield "parts of the device could not be read and are missing in it"
    if completed.status != 0:
        yield f"{_reason(said)} (exit {completed.status})"
    if not result["done"]:
        yield "it ended well but did not say DUMP IS DONE"
    if result["device"] != tidy_path(str(arguments["device"])):
        yield f"it tells of {result['device'] or 'no device'}, not of {arguments['device']}"
    yield from _sizes(arguments, result)


def _reason(said: list[str]) -> str:
    """The last message that is neither the abortion itself nor about a terminal that is not there."""
    plain = [one for one in said if "ENTIRE dump" not in one and "/dev/tty" not in one]
    return plain[-1] if plain else "it said nothing"


def _sizes(arguments: Arguments, result: dict[str, Json]) -> Iterator[str]:
    """Written is in whole records, estimated is not; of an almost empty file system less than half is written."""
    written, estimated = result["written_blocks"], result["estimated_blocks"]
    if written is None or estimated is None:
        yield "it did not tell how much it estimated and how much it wrote"
        return
    least = estimated * int(arguments["minimum_percent_of_estimate"]) / 100
    if written < least - _TRAILER_KILOBYTES - (result["record_kilobytes"] or _RECORD_KILOBYTES):
        yield f"it wrote {written} of {estimated} estimated blocks"


class Restore(Adapter):
    """restore(8), the table of contents alone. Result: that of `parse_restore`."""

    name = "restore"
    summary = "Read the table of contents of a dump of Linux (restore)"
    timeout_seconds = 10 * 3600.0
    schema = fields.arguments(
        {
            "dump_device": fields.word("Dump device", "The tape or file with the dump.", ["/backup/data.dump"]),
            "device": fields.text(
                "Device", "The device that must have been dumped; empty for any.", ["/dev/mapper/view"], default=""
            ),
            "level": fields.count("Level", "The level that the dump must have.", [0], minimum=0, maximum=9),
            "paths": fields.texts("Paths", "Names that must be in the dump.", [["./etc/passwd"]], default=[]),
        },
        ("dump_device",),
    )

    def read_only(self, arguments: Arguments) -> bool:
        """A tape without rewinding stands elsewhere afterwards."""
        return not re.match(r"/dev/n(st|rst|osst)", str(arguments["dump_device"]))

    def command_line(self, arguments: Arguments) -> Command:
        return Command(("restore", "-t", "-f", tidy_path(str(arguments["dump_device"]))), stdin="")

    def expects(self, arguments: Arguments) -> str:
        return "The head of the dump, then a line for each file."

    def interpret(self, arguments: Arguments, completed: Completed) -> Outcome:
        def must_hold(result: dict[str, Json]) -> Iterator[str]:
            yield from dumps.not_held(arguments, result)
            if arguments.get("level") not in (None, result["level"]):
                yield f"it is a dump of level {result['level']}, not {arguments['level']}"
            if arguments["device"] and result["source"] != tidy_path(str(arguments["device"])):
                yield f"it is a dump of {result['source']}, not of {arguments['device']}"

        return read_outcome(completed, parse_restore, must_hold)
