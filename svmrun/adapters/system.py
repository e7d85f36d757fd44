"""What the system itself knows: df (which device is mounted where) and fuser (who uses it)."""

from __future__ import annotations

import re
from typing import Any

from svmrun import names
from svmrun.adapters import fields
from svmrun.adapters.base import Adapter, Arguments, Command, Completed, Outcome, plain_outcome
from svmrun.adapters.output import number, read_outcome, unreadable

Json = Any

_DF_ROW = re.compile(
    r"^(?P<device>\S.*?)\s+(?P<kilobytes>-|-?[0-9]{1,18})\s+(?P<used>-|-?[0-9]{1,18})\s+(?P<available>-|-?[0-9]{1,18})\s+"
    r"(?P<capacity_percent>-|[0-9]{1,9}%)\s+(?P<mount_point>/.*?)\s*$"
)
_DF_TYPE_ROW = re.compile(r"^(?P<mount_point>/\S*)\s*:\s*(?P<type>\S+)\s*$")
_USER_OF_PROCESS = re.compile(r"(?P<uses>[a-z]{0,12})\((?P<user>[^()\s]+)\)")


class Df(Adapter):
    """df(1M). Result: `{"filesystems": [{"mount_point", "device", "volume", "kilobytes", "used", "available",
    "capacity_percent"}]}`, or `[{"mount_point", "type"}]` with `show: type`.

    `volume` is the canonical name of the device (`schost-1/d0`, `c0t0d0s0`). Sizes are units of 1024 bytes.
    """

    name = "df"
    summary = "Read which device a path is mounted from, and how full it is (df -k, df -n)"
    schema = fields.arguments(
        {
            "path": fields.path(
                "Path",
                "Tell only about the file system that holds this path; compare the `mount_point` in the result with "
                "it to know whether it is mounted there itself. All file systems when left out.",
                ["/global/schost-1"],
            ),
            "show": fields.choice(
                "What to show",
                "`space` reads devices and sizes (df -k), `type` the type of the file system (df -n, Solaris only).",
                ["space", "type"],
                default="space",
            ),
        }
    )

    def read_only(self, arguments: Arguments) -> bool:
        return True

    def command_line(self, arguments: Arguments) -> Command:
        option = "-k" if arguments["show"] == "space" else "-n"
        return Command(("df", option, *((arguments["path"],) if arguments.get("path") else ())))

    def expects(self, arguments: Arguments) -> str:
        if arguments["show"] == "space":
            return "The device that the path is mounted from in the first column, and where it is mounted in the last."
        return "The mount point and the type of its file system."

    def interpret(self, arguments: Arguments, completed: Completed) -> Outcome:
        parse = parse_df_space if arguments["show"] == "space" else parse_df_type
        return read_outcome(completed, parse)


def parse_df_space(text: str) -> dict[str, Json]:
    """What `df -k` says. A long device name may stand on a line of its own (only on a terminal); `-` is null."""
    rows: list[dict[str, Json]] = []
    pending = ""
    for line in text.splitlines():
        joined = f"{pending} {line.strip()}".strip()
        match = _DF_ROW.match(joined)
        if match:
            rows.append(_df_row(match))
        pending = "" if match or len(joined.split()) != 1 else joined
    return _some("df -k", rows, text)


def parse_df_type(text: str) -> dict[str, Json]:
    """What `df -n` says: `/global/schost-1   : ufs`."""
    rows = [match.groupdict() for line in text.splitlines() if (match := _DF_TYPE_ROW.match(line))]
    return _some("df -n", rows, text)


def _some(command: str, rows: list[dict[str, Json]], text: str) -> dict[str, Json]:
    if not rows:
        raise unreadable(command, "row of a file system", text.strip().splitlines())
    return {"filesystems": rows}


def _df_row(match: re.Match[str]) -> dict[str, Json]:
    numbers = ("kilobytes", "used", "available", "capacity_percent")
    sizes = {key: None if match[key] == "-" else int(match[key].rstrip("%")) for key in numbers}
    device = match["device"]
    return {"mount_point": match["mount_point"], "device": device, "volume": names.canonical(device), **sizes}


class Fuser(Adapter):
    """fuser(1M). Result: `{"pids": [PID], "processes": [{"pid", "user", "uses"}]}`; nobody is an empty list.

    Solaris prints pids on stdout, letters and `(user)` on stderr (fuser.c); they are put together when their numbers
    agree, else `user` and `uses` are null. Linux' fuser ends with 1 when nobody uses the file. It never kills.
    """

    name = "fuser"
    summary = "Read which processes use a file system or a device (fuser)"
    schema = fields.arguments(
        {
            "path": fields.path(
                "Path",
                "The device or mount point to ask about. Before a submirror is attached again, nobody may have its raw "
                "device open.",
                ["/dev/md/schost-1/rdsk/d30"],
            ),
            "whole_filesystem": fields.flag(
                "Whole file system", "Ask about every file of the file system mounted on `path` (-c).", default=False
            ),
        },
        required=["path"],
    )

    def read_only(self, arguments: Arguments) -> bool:
        return True

    def command_line(self, arguments: Arguments) -> Command:
        option = "-cu" if arguments["whole_filesystem"] else "-u"
        return Command(("fuser", option, arguments["path"]), needs_root=True)

    def expects(self, arguments: Arguments) -> str:
        return "The name of the path and nothing behind it: nobody has it open. Numbers are the processes that do."

    def interpret(self, arguments: Arguments, completed: Completed) -> Outcome:
        processes = parse_fuser(completed.stdout, completed.stderr)
        nobody = completed.status == 1 and not processes and not _complains(completed.stderr, arguments["path"])
        result = {"pids": [process["pid"] for process in processes], "processes": processes}
        outcome = plain_outcome(completed, result, ok_statuses=(0, 1) if nobody else (0,))
        return Outcome(outcome.kind, outcome.message, outcome.result, changed=False)


def parse_fuser(stdout: str, stderr: str) -> list[dict[str, Json]]:
    pids = [pid for word in stdout.split() if (pid := number(word)) is not None]
    users = list(_USER_OF_PROCESS.finditer(stderr))
    if len(users) != len(pids):
        return [{"pid": pid, "user": None, "uses": None} for pid in pids]
    return [{"pid": pid, "user": m["user"], "uses": m["uses"]} for pid, m in zip(pids, users, strict=True)]


def _complains(stderr: str, path: str) -> bool:
    """True when stderr says more than the name of the path."""
    return any(line.strip() not in ("", f"{path}:") for line in stderr.splitlines())
