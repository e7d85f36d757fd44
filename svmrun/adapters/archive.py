"""tar and rsync: copies of the files of a folder.

Neither holds the files still: a copy of a folder that somebody writes to holds parts of many moments, and only tar may
notice. Copy what is still: a read-only snapshot, a view of a side that was taken off, a database in backup mode.
"""

from __future__ import annotations

import re
from typing import Any

from svmrun.adapters import fields
from svmrun.adapters.base import Adapter, Arguments, Command, Completed, Outcome, failed, plain_outcome

Json = Any

# tar calls itself as it was called: `tar`, `/usr/bin/tar`.
_CHANGED = re.compile(
    r"^(?:\S*/)?tar: (?P<file>.+): (file changed as we read it|File removed before we read it"
    r"|File shrank by \d+ bytes?; padding with zeros)$",
    re.MULTILINE,
)
_NOT_DUMPED = re.compile(r"^(?:\S*/)?tar: (?P<folder>.+): file is on a different filesystem; not dumped$", re.MULTILINE)
_HARMLESS = re.compile(f"{_CHANGED.pattern}|{_NOT_DUMPED.pattern}|: socket ignored$")
_SKIPPED = re.compile(r"^\[sender\] skipping mount-point dir (?P<folder>.+)$", re.MULTILINE)
_SAYS = re.compile(r"^(?:\S*/)?tar: ")
_BYTES = re.compile(r"^Total bytes written: (\d+) ", re.MULTILINE)
_SOME_DIFFER = 1
_MEANING = {
    11: "the target is full, or cannot be written",
    12: "the connection broke, or the other side is not rsync",
    20: "a signal ended it",
    23: "some files could not be read or written, and are missing in the copy",
    24: "files vanished while it read: somebody works in the folder, so the copy is no one moment",
    25: "it stopped deleting at its limit",
    30: "nothing moved for too long",
}
_EXCLUDE = fields.texts(
    "Exclude",
    "Patterns of names that are left out (--exclude).",
    [["./pg_wal/*"]],
    items={"type": "string"},
    default=[],
)
_OTHER_FILE_SYSTEMS = fields.choice(
    "Other file systems",
    "What lies in the folder on another file system, or in another subvolume of btrfs, is not copied. `fail`: then the "
    "copy is bad. `allow`: the copy may lack it.",
    ["fail", "allow"],
    default="fail",
)


class Tar(Adapter):
    """GNU tar(1), `--create`. Result: `{"bytes", "changed", "left_out"}`: what it wrote, the files that changed under
    it, the folders whose files it left out because another file system is mounted there.

    Exit 1 says that files changed while it read them: such an archive is no copy of one moment, and a failure, unless
    the runbook says that something else makes it whole. What it leaves out it tells only when it tells of every file
    (create.c, `WARN_XDEV`): those go to /dev/null.
    """

    name = "tar"
    summary = "Write the files of a folder into an archive (tar --create)"
    copies_data = True
    timeout_seconds = 12 * 3600.0
    schema = fields.arguments(
        {
            "archive": fields.path("Archive", "The file to write; it is overwritten.", ["/backup/data.tar"]),
            "folder": fields.path("Folder", "The folder whose files are archived.", ["/srv/data/.svmrun-snapshot"]),
            "exclude": _EXCLUDE,
            "changed_files": fields.choice(
                "Files that change meanwhile",
                "`fail`: the archive is bad. `allow`: they are told in the result; only for the files of a database in "
                "backup mode, which mends them from its log.",
                ["fail", "allow"],
                default="fail",
            ),
            "other_file_systems": _OTHER_FILE_SYSTEMS,
        },
        required=["archive", "folder"],
    )

    def command_line(self, arguments: Arguments) -> Command:
        """Owners as numbers, with ACLs and attributes, of this file system alone; a colon names no other host."""
        archive, folder = arguments["archive"], arguments["folder"].rstrip("/")
        if f"{archive}/".startswith(f"{folder}/"):
            raise ValueError(f"tar: {archive} lies in {folder}: the archive would be a part of itself")
        kept = ("--numeric-owner", "--acls", "--xattrs", "--one-file-system", "--force-local")
        left_out = [f"--exclude={pattern}" for pattern in arguments["exclude"]]
        told = ("--totals", "--verbose", "--index-file=/dev/null")
        where = ("--file", archive, "--directory", folder or "/")
        return Command(("tar", "--create", *told, *kept, *left_out, *where, "."), needs_root=True, private=True)

    def expects(self, arguments: Arguments) -> str:
        if arguments["changed_files"] == "allow":
            return "Total bytes written, and exit status 0; or 1, when files changed while they were read."
        return (
            "Total bytes written, and exit status 0. `file changed as we read it` says that somebody writes there, "
            "`file is on a different filesystem` what the archive lacks."
        )

    def interpret(self, arguments: Arguments, completed: Completed) -> Outcome:
        written = _BYTES.search(completed.stderr)
        changed = [match["file"] for match in _CHANGED.finditer(completed.stderr)]
        left_out = [match["folder"] for match in _NOT_DUMPED.finditer(completed.stderr)]
        result = {"bytes": int(written[1]) if written else None, "changed": changed, "left_out": left_out}
        allowed = arguments["changed_files"] == "allow" and completed.status == _SOME_DIFFER and bool(changed)
        statuses = (0, _SOME_DIFFER) if allowed else (0,)
        outcome = plain_outcome(completed, result, statuses, _complaint(completed.stderr))
        if outcome.kind != "failed" and written is None and not completed.interrupted:
            return failed("tar ended well, but did not tell how much it wrote", result)
        if outcome.kind == "failed" and completed.status == _SOME_DIFFER and changed:
            more = f" and {len(changed) - 1} more" if len(changed) > 1 else ""
            return failed(f"tar: {changed[0]}{more} changed while it was read: the archive is no one moment", result)
        return _complete(self.name, arguments, outcome, left_out)


class Rsync(Adapter):
    """rsync(1) of a local folder. Result: `{"files", "bytes"}` that were transferred.

    It does not notice a file that changes while it is read. What it leaves out it tells only when it leaves out the
    folder itself (`-xx`), an excluded one, too. Its copy it would then delete, while `-x` leaves that alone.
    """

    name = "rsync"
    summary = "Copy the files of a folder into another one (rsync --archive)"
    copies_data = True
    timeout_seconds = 12 * 3600.0
    schema = fields.arguments(
        {
            "folder": fields.path("Folder", "The folder whose files are copied.", ["/srv/data/.svmrun-snapshot"]),
            "target": fields.path("Target", "The folder to copy into; its parent must be there.", ["/backup/data"]),
            "exclude": _EXCLUDE,
            "delete": fields.flag("Delete", "Delete in the target what is not in the folder.", default=False),
            "other_file_systems": _OTHER_FILE_SYSTEMS,
        },
        required=["folder", "target"],
    )

    def repeatable(self, arguments: Arguments) -> bool:
        return True

    def command_line(self, arguments: Arguments) -> Command:
        folder, target = arguments["folder"].rstrip("/"), arguments["target"].rstrip("/")
        if f"{target}/".startswith(f"{folder}/"):
            raise ValueError(f"rsync: {target} lies in {folder}: the copy would copy itself")
        kept = ("--archive", "--hard-links", "--acls", "--xattrs", "--numeric-ids", "--stats")
        allowed = arguments["other_file_systems"] == "allow"
        if arguments["delete"] and not allowed:
            raise ValueError(
                "rsync: with `delete` it cannot tell of other file systems in the folder, which the copy then lacks: "
                "say `other_file_systems: allow` when there are none, or when it may"
            )
        bounds = ("--one-file-system",) if allowed else ("--one-file-system", "--one-file-system", "--info=mount")
        delete = ("--delete",) if arguments["delete"] else ()
        left_out = [f"--exclude={pattern}" for pattern in arguments["exclude"]]
        return Command(("rsync", *kept, *bounds, *delete, *left_out, f"{folder}/", f"{target}/"), needs_root=True)

    def expects(self, arguments: Arguments) -> str:
        return (
            "Its statistics, and exit status 0. 23 and 24 say that files are missing in the copy, as does `skipping "
            "mount-point dir`."
        )

    def interpret(self, arguments: Arguments, completed: Completed) -> Outcome:
        files = _statistic(completed.stdout, "Number of regular files transferred")
        result = {"files": files, "bytes": _statistic(completed.stdout, "Total transferred file size")}
        outcome = plain_outcome(completed, result)
        if outcome.ok and files is None:
            return failed("rsync ended well, but without its statistics", result)
        meaning = _MEANING.get(completed.status or 0)
        if meaning and not outcome.ok:
            return failed(f"rsync: {meaning} (exit {completed.status})", result)
        return _complete(self.name, arguments, outcome, _SKIPPED.findall(completed.stdout))


def _complete(name: str, arguments: Arguments, outcome: Outcome, left_out: list[str]) -> Outcome:
    """The outcome, but a failure when the copy lacks something that nobody said it may lack."""
    if not (outcome.ok and left_out) or arguments["other_file_systems"] == "allow":
        return outcome
    more = f" and {len(left_out) - 1} more" if len(left_out) > 1 else ""
    message = f"{name}: {left_out[0]}{more} is on another file system, and missing in the copy: copy it by itself, and "
    return failed(f"{message}then say `other_file_systems: allow`", outcome.result)


def _complaint(text: str) -> str:
    """The first one: the last line only says that tar gives up."""
    lines = [line for line in text.splitlines() if _SAYS.match(line) and not _HARMLESS.search(line)]
    return _SAYS.sub("tar: ", lines[0]) if lines else ""


def _statistic(text: str, name: str) -> int | None:
    match = re.search(rf"^{name}: ([\d,]+)", text, re.MULTILINE)
    return int(match[1].replace(",", "")) if match else None
