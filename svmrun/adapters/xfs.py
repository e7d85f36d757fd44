"""xfs_repair, xfsdump and xfsrestore.

An xfs that was frozen, or taken off its mirror, has a log that waits to be replayed: only a mount does that. Mount a
snapshot view of it, take it away again, then check the view; mount it once more to dump it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from svmrun.adapters import fields
from svmrun.adapters.base import Adapter, Arguments, Command, Completed, Outcome, failed, plain_outcome
from svmrun.adapters.output import judged

Json = Any

_LOG = "valuable metadata changes in a log"
_LAST_PHASE = "Phase 7 - verify"
_STATUS = re.compile(r"^(?:\S*/)?xfs(?:dump: Dump|restore: Restore) Status: (\w+)$", re.MULTILINE)
_STREAM = re.compile(
    r"^(?:\S*/)?xfs(?:dump|restore):   stream 0 (?P<file>\S+) (?P<end>OK|ERROR|INTERRUPT)\b.*$", re.MULTILINE
)
_SIZE = re.compile(r"^(?:\S*/)?xfsdump: media file size (\d+) bytes$", re.MULTILINE)
_SESSION = re.compile(r"^(?:\S*/)?xfs(?:dump|restore): session id: (\S+)$", re.MULTILINE)
_LABEL = re.compile(r"^(?:\S*/)?xfsrestore: session label: \"(.*)\"$", re.MULTILINE)
_ENTRIES = re.compile(r"^(?:\S*/)?xfsrestore: (\d+) directories and (\d+) entries processed$", re.MULTILINE)
_BROKEN = re.compile(
    r"^(?:\S*/)?xfs(?:dump|restore): (?P<words>(?:attempt to read|WARNING: |ERROR: |effective user ID).*)$",
    re.MULTILINE,
)


class XfsRepair(Adapter):
    """xfs_repair(8). Result: `{"log_dirty", "phases"}`. With `-n` exit 1 says that it found damage."""

    name = "xfs_repair"
    summary = "Check an xfs file system that is not mounted (xfs_repair)"
    timeout_seconds = 4 * 3600.0
    schema = fields.arguments(
        {
            "device": fields.path("Device", "The block device of the file system.", ["/dev/mapper/view"]),
            "mode": fields.choice(
                "Mode",
                "`check` only looks (-n), `repair` writes: to a view, never to a side that is to join again.",
                ["check", "repair"],
                default="check",
            ),
        },
        required=["device"],
    )

    def read_only(self, arguments: Arguments) -> bool:
        return bool(arguments.get("mode", "check") == "check")

    def repeatable(self, arguments: Arguments) -> bool:
        return True

    def writes_device(self, arguments: Arguments) -> str | None:
        return None if self.read_only(arguments) else str(arguments.get("device"))

    def command_line(self, arguments: Arguments) -> Command:
        look = ("-n",) if arguments["mode"] == "check" else ()
        return Command(("xfs_repair", *look, arguments["device"]), needs_root=True)

    def expects(self, arguments: Arguments) -> str:
        return "Seven phases, and exit status 0. `valuable metadata changes in a log`: mount it and unmount it first."

    def interpret(self, arguments: Arguments, completed: Completed) -> Outcome:
        text = f"{completed.stderr}\n{completed.stdout}"
        phases = [int(number) for number in re.findall(r"^Phase (\d) - ", text, re.MULTILINE)]
        result = {"log_dirty": _LOG in text, "phases": phases}
        first = next((line for line in completed.stderr.splitlines() if not line.startswith("Phase ")), "")
        outcome = plain_outcome(completed, result, reason=first)
        if outcome.kind == "unknown" or completed.failure:
            return outcome
        device = arguments["device"]
        if result["log_dirty"]:
            return failed(f"{device} has a log to be replayed: mount and unmount it first, in a view", result)
        if outcome.ok and _LAST_PHASE not in text:
            return failed(f"xfs_repair of {device} ended well, but without its last phase", result)
        if not outcome.ok and self.read_only(arguments) and _LAST_PHASE in text:
            return failed(f"{device} is damaged (exit {completed.status}): look at what xfs_repair told", result)
        return replace(outcome, changed=outcome.ok and not self.read_only(arguments))


class Xfsdump(Adapter):
    """xfsdump(8) of a mounted xfs, level 0. Result: `{"bytes", "session"}`. Good is only `Dump Status: SUCCESS`."""

    name = "xfsdump"
    summary = "Dump a mounted xfs file system (xfsdump)"
    copies_data = True
    timeout_seconds = 10 * 3600.0
    schema = fields.arguments(
        {
            "mount_point": fields.path("Mount point", "Where the xfs is mounted, read-only.", ["/mnt/view"]),
            "dump_device": fields.path(
                "Dump device",
                "The tape, or a file that is not there yet: xfsdump overwrites none.",
                ["/backup/data.xfs"],
            ),
            "label": fields.word("Label", "The label of the session and of the medium.", ["nightly"], default="svmrun"),
        },
        required=["mount_point", "dump_device"],
    )

    def command_line(self, arguments: Arguments) -> Command:
        """Never asking (-F), and without the inventory in /var/lib/xfsdump (-J)."""
        if f"{arguments['dump_device']}/".startswith(f"{arguments['mount_point'].rstrip('/')}/"):
            raise ValueError(f"xfsdump: {arguments['dump_device']} lies on the file system that is to be dumped")
        labels = ("-L", arguments["label"], "-M", arguments["label"])
        argv = ("xfsdump", "-J", "-F", "-l", "0", *labels, "-f", arguments["dump_device"], arguments["mount_point"])
        return Command(argv, needs_root=True, stop_signal="INT", stdin="", private=True)

    def expects(self, arguments: Arguments) -> str:
        return "Dump Status: SUCCESS as its last line."

    def interpret(self, arguments: Arguments, completed: Completed) -> Outcome:
        text = completed.stdout + completed.stderr
        size, session = _SIZE.search(text), _SESSION.search(text)
        result = {"bytes": int(size[1]) if size else None, "session": session[1] if session else None}
        return _judged("the dump", completed, result, _problems(str(arguments["dump_device"]), text))


class Xfsrestore(Adapter):
    """xfsrestore(8). Result: `{"label", "session", "directories", "entries"}`.

    Its exit status proves nothing: it tells SUCCESS of a file that is no dump, and of one that is cut off.
    """

    name = "xfsrestore"
    summary = "Read a dump of xfs back, or restore it (xfsrestore)"
    timeout_seconds = 10 * 3600.0
    copies_data = True
    schema = fields.arguments(
        {
            "dump_device": fields.path("Dump device", "The file or tape that xfsdump wrote.", ["/backup/data.xfs"]),
            "mode": fields.choice(
                "Mode",
                "`verify` reads all of it and lists it (-t), `restore` writes the files.",
                ["verify", "restore"],
                default="verify",
            ),
            "folder": fields.path("Folder", "Where to restore to.", ["/srv/restored"]),
        },
        required=["dump_device"],
    )

    def read_only(self, arguments: Arguments) -> bool:
        return bool(arguments.get("mode", "verify") == "verify")

    def command_line(self, arguments: Arguments) -> Command:
        folder = arguments.get("folder")
        if (arguments["mode"] == "restore") != bool(folder):
            raise ValueError("xfsrestore: `restore` needs a `folder`, and `verify` has none")
        look, goal = ((), (folder,)) if folder else (("-t",), ())
        argv = ("xfsrestore", "-J", "-F", *look, "-f", arguments["dump_device"], *goal)
        return Command(argv, needs_root=True, stop_signal="INT", stdin="")

    def expects(self, arguments: Arguments) -> str:
        return "The session's label, its directories and entries, Restore Status: SUCCESS, and no `attempt to read`."

    def interpret(self, arguments: Arguments, completed: Completed) -> Outcome:
        text = completed.stdout + completed.stderr
        label, session, entries = _LABEL.search(text), _SESSION.search(text), _ENTRIES.search(text)
        result = {
            "label": label[1] if label else None,
            "session": session[1] if session else None,
            "directories": int(entries[1]) if entries else None,
            "entries": int(entries[2]) if entries else None,
        }
        problems = [*_problems(str(arguments["dump_device"]), text)]
        if session is None or entries is None:
            problems.append("it holds no dump")
        outcome = _judged("what was read back", completed, result, problems)
        return replace(outcome, changed=outcome.ok and not self.read_only(arguments))


def _judged(what: str, completed: Completed, result: Json, problems: Iterable[str]) -> Outcome:
    ending = "" if completed.status == 0 else f" (exit {completed.status})"
    return judged(completed, result, (f"{problem}{ending}" for problem in problems), f"{what} is not good")


def _problems(file: str, text: str) -> Iterator[str]:
    """Everything that speaks against it, the most telling first."""
    if broken := _BROKEN.search(text):
        yield broken["words"]
    status, stream = _STATUS.search(text), _STREAM.search(text)
    if status is None or status[1] != "SUCCESS":
        yield f"its status is {status[1] if status else 'not told'}"
    if stream is None or stream["end"] != "OK":
        yield "it does not tell that its stream is OK"
    elif stream["file"] != file:
        yield f"it tells of {stream['file']}, not of {file}"
