"""Linux: fsfreeze (a write lock on any file system that can freeze) and findmnt (what is mounted where)."""

from __future__ import annotations

from typing import Any

from svmrun.adapters import fields
from svmrun.adapters.base import (
    Adapter,
    Arguments,
    Command,
    Completed,
    Outcome,
    Parts,
    ShellProof,
    failed,
    plain_outcome,
)
from svmrun.adapters.output import read_json, read_outcome

Json = Any


class Fsfreeze(Adapter):
    """fsfreeze(8). Nothing in /proc or /sys tells that a file system is frozen, so there is no probe.

    A second freeze says `Device or resource busy`: somebody else's, never ours. To thaw what is not frozen says
    `Invalid argument`: it is writable already, as wanted.
    """

    name = "fsfreeze"
    summary = "Stop or allow writing to a Linux file system (fsfreeze)"
    timeout_seconds = 30.0
    schema = fields.arguments(
        {
            "mode": fields.choice(
                "Mode",
                "`freeze` flushes the file system and lets every writer wait; `unfreeze` lets them go on.",
                ["freeze", "unfreeze"],
            ),
            "mount_point": fields.path(
                "Mount point",
                "Where the file system is mounted. Never `/`, nor what the run itself needs.",
                ["/srv/data"],
            ),
        },
        required=["mode", "mount_point"],
    )

    def blocks_writers(self, arguments: Arguments) -> bool:
        return bool(arguments.get("mode") == "freeze")

    def repeatable(self, arguments: Arguments) -> bool:
        return bool(arguments.get("mode") == "unfreeze")

    def resource(self, arguments: Arguments) -> str | None:
        return f"file system {arguments.get('mount_point')}"

    def command_line(self, arguments: Arguments) -> Command:
        return Command(("fsfreeze", f"--{arguments['mode']}", arguments["mount_point"]), needs_root=True)

    def expects(self, arguments: Arguments) -> str:
        if arguments["mode"] == "freeze":
            return "It prints nothing. Nothing tells later that the file system is frozen: note the time."
        return "It prints nothing; `Invalid argument` says that it was not frozen, which is as good."

    def interpret(self, arguments: Arguments, completed: Completed) -> Outcome:
        outcome = plain_outcome(completed)
        if outcome.kind != "failed":
            return outcome
        if arguments["mode"] == "unfreeze" and "Invalid argument" in completed.stderr:
            return Outcome("succeeded", f"{arguments['mount_point']} was not frozen", changed=False)
        if arguments["mode"] == "freeze" and "Device or resource busy" in completed.stderr:
            message = f"{arguments['mount_point']} is frozen already, by somebody else"
            return Outcome("failed", message, changed=False, untouched=True)
        return outcome

    def unseen(self, arguments: Arguments) -> str:
        return "nothing on Linux tells whether a file system is frozen"

    def done_in_shell(self, arguments: Arguments) -> ShellProof:
        return ShellProof(says=("Invalid argument",)) if arguments["mode"] == "unfreeze" else ShellProof()

    def inverse(self, arguments: Arguments) -> Parts | None:
        other = "unfreeze" if arguments["mode"] == "freeze" else "freeze"
        return Parts("fsfreeze", {**arguments, "mode": other})


class Findmnt(Adapter):
    """findmnt(8). Result: `{"filesystems": [{"target", "source", "fstype", "options": [...]}]}`.

    Nothing mounted there is an empty list: findmnt then ends with 1 and says nothing. Every path lies on some file
    system, so for `containing` the same silence says that the path is not there, which is a failure.
    """

    name = "findmnt"
    summary = "Read what is mounted where on Linux (findmnt)"
    schema = fields.arguments(
        {
            "target": fields.path("Mount point", "Only what is mounted exactly here.", ["/srv/data"]),
            "containing": fields.path("Path", "Only the file system that holds this path.", ["/srv/data/db/file"]),
            "source": fields.text(
                "Source",
                "Only what is mounted from this device (or `UUID=...`, `LABEL=...`).",
                ["/dev/md0"],
                pattern=fields.NO_OPTION,
            ),
        }
    )

    def read_only(self, arguments: Arguments) -> bool:
        return True

    def command_line(self, arguments: Arguments) -> Command:
        if arguments.get("target") and arguments.get("containing"):
            raise ValueError("findmnt: give `target` or `containing`, not both")
        options = {"source": "--source", "target": "--mountpoint", "containing": "--target"}
        chosen = [word for key, option in options.items() if arguments.get(key) for word in (option, arguments[key])]
        return Command(("findmnt", "--json", "--list", "--output", "TARGET,SOURCE,FSTYPE,OPTIONS", *chosen))

    def expects(self, arguments: Arguments) -> str:
        return "For each file system where it is mounted, from which device, and its type. Nothing: there is none."

    def interpret(self, arguments: Arguments, completed: Completed) -> Outcome:
        silent = not (completed.stdout.strip() or completed.stderr.strip() or completed.failure)
        if completed.status == 1 and silent and not completed.interrupted:
            if arguments.get("containing") and not arguments.get("source"):
                return failed(f"findmnt: there is no {arguments['containing']}")
            return Outcome("succeeded", "", {"filesystems": []}, changed=False)
        return read_outcome(completed, parse_findmnt)


def parse_findmnt(text: str) -> dict[str, Json]:
    """The mounted file systems of `findmnt --json`, without their tree. ParseError when it is something else."""
    return read_json(text, lambda told: {"filesystems": [one for row in told["filesystems"] for one in _flat(row)]})


def _flat(row: dict[str, Json]) -> list[dict[str, Json]]:
    """The row, and those of what is mounted below it."""
    own = {key: row[key] for key in ("target", "source", "fstype")}
    children = [one for child in row.get("children", []) for one in _flat(child)]
    return [{**own, "options": str(row["options"]).split(",")}, *children]
