"""lockfs: write-lock, unlock, flush a UFS file system, or read its lock (lockfs.c, ufs_lockfs.c).

The lock belongs to the file system: it outlives the command and everything else but an unlock, an unmount, a reboot.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
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
    failed,
    plain_outcome,
)
from svmrun.adapters.output import read_outcome
from svmrun.adapters.ufs_parse import parse_lockfs
from svmrun.names import tidy_path

Json = Any

_OPTIONS = {"write": "-w", "name": "-n", "delete": "-d", "unlock": "-u", "flush": "-f"}
_LOCKS = ("write", "name", "delete")
_SHOWN = {**{lock: lock for lock in _LOCKS}, "unlock": "unlock", "flush": "the same lock as before"}
_LONGEST_COMMENT = 1024
_MODIFIED = re.compile(r"WARNING: .* was modified while write locked")
_ADVICE = {
    "Inappropriate ioctl for device": "it is no UFS file system: lockfs cannot lock it",
    "No such file or directory": "there is no such path on this host",
    "Not owner": "this needs the superuser",
    "Deadlock situation detected/avoided": "it holds an active swap file or the accounting file: it cannot be locked",
    "Device busy": "another lock request on it is waiting, or it is error-locked: look at `lockfs PATH`",
    "I/O error": "its disks fail, or it is hard-locked: `lockfs PATH` shows that as EIO, and only unmounting ends it",
}


class Lockfs(Adapter):
    """lockfs(1M). `status` gives `{"filesystems": [{"path", "lock", "comment"}]}`; the others print nothing."""

    name = "lockfs"
    summary = "Lock a UFS file system against writes, unlock or flush it, or read its lock (lockfs)"
    timeout_seconds = 10.0  # a lock waits for running operations; longer would keep all later ones waiting too
    schema = fields.arguments(
        {
            "mode": fields.choice(
                "Mode",
                "`write` lets every change wait until `unlock`; `name` only renaming and removing, `delete` only "
                "removing; `flush` writes everything out without a lock; `status` reads the lock.",
                [*_OPTIONS, "status"],
            ),
            "mount_point": fields.path(
                "Mount point",
                "Where the file system is mounted. Any other path locks the file system that contains it, so check "
                "the mount first.",
                ["/global/schost-1", "/export"],
            ),
            "comment": fields.text(
                "Comment", "Kept with the lock, shown by its status.", ["nightly backup"], default=""
            ),
        },
        ("mode", "mount_point"),
    )

    def read_only(self, arguments: Arguments) -> bool:
        return bool(arguments["mode"] == "status")

    def blocks_writers(self, arguments: Arguments) -> bool:
        return arguments["mode"] in _LOCKS

    def resource(self, arguments: Arguments) -> str | None:
        return f"file system {_mount_point(arguments)}"

    def repeatable(self, arguments: Arguments) -> bool:
        return True  # locking a locked and unlocking an unlocked file system succeed silently

    def command_line(self, arguments: Arguments) -> Command:
        mode, mount_point, comment = arguments["mode"], _mount_point(arguments), str(arguments["comment"])
        if mode == "status":
            return Command(("lockfs", mount_point))
        if mode in _LOCKS and mount_point == "/":
            raise ValueError("/ must not be locked: every process that logs or writes a file would hang, svmrun too")
        if len(comment.encode()) > _LONGEST_COMMENT:
            raise ValueError(f"the comment of a lock has at most {_LONGEST_COMMENT} characters")
        note = ("-c", comment) if comment and mode in _LOCKS else ()
        return Command(("lockfs", *note, _OPTIONS[mode], mount_point), needs_root=True)

    def expects(self, arguments: Arguments) -> str:
        path = _mount_point(arguments)
        if arguments["mode"] == "status":
            return f"A line with {path} and its lock: unlock when nothing is locked, write when writers wait."
        return f"It prints nothing. lockfs {path} then shows {_SHOWN[arguments['mode']]}."

    def interpret(self, arguments: Arguments, completed: Completed) -> Outcome:
        if arguments["mode"] == "status":
            return self._read_status(arguments, completed)
        outcome = plain_outcome(completed)
        if _MODIFIED.search(completed.stderr + completed.stdout):
            return failed(
                f"{_mount_point(arguments)} was changed while it was locked: what was copied is no one moment"
            )
        if outcome.ok and arguments["mode"] != "unlock" and (words := _unexpected(completed)):
            return Outcome("unknown", f"lockfs is silent when it succeeds, but it said: {words}")
        return failed(_advised(completed, outcome.message)) if outcome.kind == "failed" else outcome

    def probe(self, arguments: Arguments) -> Probe | None:
        mode, mount_point = arguments["mode"], _mount_point(arguments)
        if mode in ("flush", "status"):
            return None

        def present(result: Json) -> bool | None:
            lock = _lock_of(result, mount_point)
            return None if lock is None or lock.startswith("(") else lock == mode

        return Probe("lockfs", {"mode": "status", "mount_point": mount_point, "comment": ""}, present)

    def done_in_shell(self, arguments: Arguments) -> ShellProof:
        if arguments["mode"] != "unlock":
            return ShellProof()
        path = tidy_path(str(arguments["mount_point"]))
        return ShellProof(Command(("lockfs", path)), (path, "unlock"))

    def inverse(self, arguments: Arguments) -> Parts | None:
        if arguments["mode"] not in _LOCKS:
            return None
        return Parts("lockfs", {"mode": "unlock", "mount_point": arguments["mount_point"]})

    @staticmethod
    def _read_status(arguments: Arguments, completed: Completed) -> Outcome:
        def must_hold(result: dict[str, Json]) -> Iterator[str]:
            if _lock_of(result, _mount_point(arguments)) is None:
                yield f"it does not tell the lock of {_mount_point(arguments)}"

        outcome = read_outcome(completed, parse_lockfs, must_hold)
        if outcome.kind == "failed" and completed.status != 0:
            return failed(_advised(completed, outcome.message))
        return outcome


def _mount_point(arguments: Arguments) -> str:
    """The path without doubled or trailing slashes. ValueError when it is not absolute."""
    path = tidy_path(str(arguments["mount_point"]))
    if not path.startswith("/"):
        raise ValueError(f"mount_point must be an absolute path, not {path!r}")
    return path.rstrip("/") or "/"


def _lock_of(result: Json, mount_point: str) -> str | None:
    locks = [one["lock"] for one in result["filesystems"] if one["path"] == mount_point]
    return locks[0] if len(locks) == 1 else None


def _unexpected(completed: Completed) -> str:
    return " ".join(f"{completed.stderr} {completed.stdout}".split())[:200]


def _advised(completed: Completed, message: str) -> str:
    advice = next((what for text, what in _ADVICE.items() if text in completed.stderr), "")
    return f"{message}: {advice}" if advice else message
