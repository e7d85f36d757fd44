"""ufsdump of a UFS file system: its keys, its questions about volumes, and when a dump is a good one.

Sources: ufsdump(1M), dump's dumpmain.c, dumptape.c, dumpoptr.c. The first process only waits for the others and ignores
TERM, so a dump is ended by INT to its whole group. Without a terminal its first question aborts the dump.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from svmrun.adapters import dumps, fields
from svmrun.adapters.base import Adapter, Arguments, Command, Completed, Outcome
from svmrun.adapters.parse_dump import messages, percent_done
from svmrun.adapters.ufs_dump_questions import dialogue
from svmrun.adapters.ufs_parse_dump import parse_ufsdump
from svmrun.names import canonical, tidy_path

Json = Any

# A dump written to one of these overwrites a disk without a question.
_DISK = re.compile(r"(?:[^/:]+:)?/dev/(?:md|dsk|rdsk|did|ap|vx|zvol|dump|swap)(?:/|$)")
_DUMP_DATES = "/etc/dumpdates"
_RECORD_KILOBYTES = 63
_SIGNAL_TO_FIRST_PROCESS = 2


class Ufsdump(Adapter):
    """ufsdump(1M). Result: that of `parse_ufsdump`."""

    name = "ufsdump"
    summary = "Dump a UFS file system to tape or file (ufsdump)"
    copies_data = True
    timeout_seconds = 10 * 3600.0
    schema = fields.arguments(
        {
            "level": fields.count(
                "Level",
                "0 dumps everything, 1 to 9 what changed since the last dump of a lower level.",
                [0],
                default=0,
                minimum=0,
                maximum=9,
            ),
            "device": fields.path(
                "Device", "The raw device to dump, such as a detached submirror.", ["/dev/md/schost-1/rdsk/d30"]
            ),
            "dump_device": fields.word(
                "Dump device",
                "Where the dump goes: a tape, a file, or HOST:DEVICE. A name that does not exist is created as a file.",
                ["/dev/rmt/0", "tapehost:/dev/rmt/0n"],
                default="/dev/rmt/0",
            ),
            "update": fields.flag(
                "Update", f"Record the dump in {_DUMP_DATES} (key u) for later incremental ones.", default=False
            ),
            "record_as": fields.text(
                "Record as",
                f"Name in {_DUMP_DATES} (key N, later releases). Name the mirror here, or an incremental dump of "
                "another submirror will not find this one.",
                ["/dev/md/schost-1/rdsk/d0"],
                default="",
            ),
            "cartridge": fields.flag("Cartridge", "Records of 63 kilobytes (key c).", default=False),
            "verify": fields.flag(
                "Verify", "Read each volume again and compare it (key v); the device must be quiet.", default=False
            ),
            "offline": fields.flag("Offline", "Take the tape out at the end (key o).", default=False),
            "volumes": dumps.VOLUMES,
            "change": fields.choice(
                "Change of volumes",
                "`operator` is asked to mount the next volume; `autoloader` does it by itself (key l).",
                ["operator", "autoloader"],
                default="operator",
            ),
            "minimum_percent_of_estimate": dumps.least_size("ufsdump"),
            "force": fields.flag("Force", "Allow a disk device as dump device: it is overwritten.", default=False),
        },
        ("device",),
    )

    def asks(self, arguments: Arguments) -> bool:
        return len(arguments["volumes"]) > 1 and arguments["change"] == "operator"

    def command_line(self, arguments: Arguments) -> Command:
        device, target = _device(arguments), _target(arguments)
        letters = [letter for field, letter in _FLAGS.items() if arguments[field]]
        if arguments["change"] == "autoloader" and arguments["volumes"]:
            letters.append("l")
        name = [tidy_path(arguments["record_as"])] if arguments["record_as"] else []
        keys = f"{int(arguments['level'])}{''.join(letters)}{'N' if name else ''}f"
        talk = dialogue(arguments["volumes"]) if self.asks(arguments) else None
        argv = ("ufsdump", keys, *name, target, device)
        stdin = None if talk else ""
        return Command(argv, needs_root=True, stop_signal="INT", stdin=stdin, dialogue=talk, private=True)

    def expects(self, arguments: Arguments) -> str:
        tapes = arguments["volumes"]
        change = (
            f" It asks for the next tape; mount them in this order: {', '.join(map(str, tapes))}."
            if len(tapes) > 1
            else ""
        )
        return f"{dumps.DONE}{change}{_BEWARE}"

    def interpret(self, arguments: Arguments, completed: Completed) -> Outcome:
        def problems(result: dict[str, Json], text: str) -> Iterator[str]:
            return _problems(arguments, completed, result, text)

        return dumps.judged_dump(completed, parse_ufsdump, problems, self.name)

    def progress(self, arguments: Arguments, output: str) -> float | None:
        return percent_done(output)


_BEWARE = " A dump device that does not exist becomes a plain file of that name: look at it with ls -l first."
_FLAGS = {"update": "u", "cartridge": "c", "verify": "v", "offline": "o"}


def _device(arguments: Arguments) -> str:
    path = tidy_path(str(arguments["device"]))
    if not path.startswith("/"):
        raise ValueError(f"device must be an absolute path, not {path!r}")
    return path


def _target(arguments: Arguments) -> str:
    """The dump device. ValueError for what would destroy a disk, or put the dump into svmrun's own output."""
    target = tidy_path(str(arguments["dump_device"]))
    if target == "-" or target.startswith("-"):
        raise ValueError("dump_device must name a tape or a file: a dump to standard output would be lost")
    if canonical(target) == canonical(_device(arguments)):
        raise ValueError(f"{target} is the device to dump: it would overwrite itself")
    if _DISK.match(target) and not arguments["force"]:
        raise ValueError(f"{target} is a disk: a dump would overwrite it; name a tape or a file, or set force: true")
    return target


def _problems(arguments: Arguments, completed: Completed, result: dict[str, Json], text: str) -> Iterator[str]:
    """Everything that speaks against the dump, the most telling first."""
    said = list(messages(text))
    yield from _abortions(said, len(arguments["volumes"]))
    if completed.status == _SIGNAL_TO_FIRST_PROCESS:
        yield "a signal reached its first process (exit 2); the others may still write (fuser tells who has it open)"
    if completed.status != 0:
        yield f"{_last(said) or 'it said nothing'} (exit {completed.status})"
    if not result["done"]:
        yield "it ended well but did not say DUMP IS DONE"
    yield from _mismatches(arguments, result)
    yield from _sizes(arguments, result)


def _abortions(said: list[str], declared: int) -> Iterator[str]:
    """Signs in its messages that the dump is not whole, whatever its exit status."""
    aborted = any("The ENTIRE dump is aborted" in message for message in said)
    question = next((message for message in said if message.startswith("NEEDS ATTENTION")), None)
    if aborted and question and "Is the new volume" in question:
        advice = "the next one was not mounted" if declared > 1 else "none is declared; list the volumes it may use"
        yield f"it needs another volume, and {advice}"
    if aborted and question:
        yield f"it was aborted at its question: {question}"
    if aborted:
        yield f"it was aborted: {_last(m for m in said if 'ENTIRE dump' not in m) or 'it did not say why'}"
    if any(message.startswith("Warning - cannot read sector") for message in said):
        yield "parts of the device could not be read and are missing in it"


def _mismatches(arguments: Arguments, result: dict[str, Json]) -> Iterator[str]:
    device = _device(arguments)
    if device.startswith("/dev/") and result["device"] != canonical(device):
        yield f"it tells of {result['device_path'] or 'no device'}, not of {device}"
    if result["dump_device"] is not None and tidy_path(result["dump_device"]) != _target(arguments):
        yield f"it went to {result['dump_device']}, not to {arguments['dump_device']}"
    if result["level"] is not None and result["level"] != int(arguments["level"]):
        yield f"its level is {result['level']}, not {arguments['level']}"


def _sizes(arguments: Arguments, result: dict[str, Json]) -> Iterator[str]:
    """Written against estimated: the estimate counts up to one record more than is written, so small dumps differ."""
    written, estimated = result["written_blocks"], result["estimated_blocks"]
    if written is None or estimated is None:
        yield "it did not tell how much it estimated and how much it wrote"
        return
    record_blocks = 2 * (result["record_kilobytes"] or _RECORD_KILOBYTES)
    least = estimated * int(arguments["minimum_percent_of_estimate"]) / 100 - record_blocks
    if written < least or (written == 0 and estimated > 0):
        yield f"it wrote {written} of {estimated} estimated blocks"


def _last(said: Iterator[str] | list[str]) -> str:
    """The last message; progress does not count."""
    return next((message for message in reversed(list(said)) if "% done" not in message), "")
