"""btrfs: a read-only snapshot is one moment of a subvolume, taken without letting anybody wait; and its stream.

    - id: snapshot
      btrfs: {mode: snapshot, source: /srv/data, path: /srv/data/.svmrun}
      rollback: {btrfs: {mode: delete, path: /srv/data/.svmrun}}
      hold: 12h

Never take one while the file system is frozen: it waits in the kernel, and cannot even be killed.
"""

from __future__ import annotations

import re
from dataclasses import replace
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
    last_words,
    plain_outcome,
)
from svmrun.adapters.output import ParseError, read_outcome
from svmrun.names import tidy_path

Json = Any

_NO_PATH = "cannot find real path"  # of `show`
_NO_SUBVOLUME = ("Not a Btrfs subvolume", "Not a Btrfs filesystem")  # of `show`: a folder, or no btrfs at all
_NO_BTRFS = "not a btrfs filesystem"  # of `list`
_GONE = "Could not statfs: No such file or directory"  # of `delete`
_REFUSED = (
    "Not a Btrfs subvolume",
    "Not a Btrfs filesystem",  # of the source
    "not a btrfs filesystem",  # of the path
    "Could not statfs",
    "cannot access",
)
_NEEDS = {
    "snapshot": ("source", "path"),
    "delete": ("path",),
    "show": ("path",),
    "list": ("path",),
    "send": ("path", "stream"),
    "check": ("stream",),
}
_MADE = re.compile(r"^Create a readonly snapshot of '.*' in '(?P<path>.*)'$", re.MULTILINE)
_LISTED = re.compile(r"^ID \d+ gen \d+ top level \d+ path (?P<path>.+)$")
_FIELDS = re.compile(r"^\t(?P<name>[A-Z][^:]*):[ \t]*(?P<value>.*?)\s*$", re.MULTILINE)


class Btrfs(Adapter):
    """btrfs-subvolume(8), btrfs-send(8). Result of `show`: that of `parse_subvolume`, or null when nothing is there; of
    what is there and no subvolume `{"subvolume": false}`. Result of `list`: that of `parse_list`.
    """

    name = "btrfs"
    summary = "Take, look at, send and delete a snapshot of a btrfs subvolume (btrfs)"
    timeout_seconds = 300.0
    schema = fields.arguments(
        {
            "mode": fields.choice(
                "Mode",
                "`snapshot` makes a read-only one, `show` looks at a subvolume, `list` at those in it, `send` writes "
                "all of a read-only one into a file, `check` reads such a file to its end, `delete` removes it.",
                ["snapshot", "show", "list", "send", "check", "delete"],
            ),
            "source": fields.path("Source", "The subvolume to take a snapshot of.", ["/srv/data"]),
            "path": fields.path(
                "Path",
                "The snapshot: a name that is not there yet, on the same file system.",
                ["/srv/data/.svmrun-snapshot"],
            ),
            "stream": fields.path("Stream", "The file of a sent snapshot; it is overwritten.", ["/backup/data.btrfs"]),
        },
        required=["mode"],
    )

    def read_only(self, arguments: Arguments) -> bool:
        return arguments.get("mode") in ("show", "list", "check")

    def repeatable(self, arguments: Arguments) -> bool:
        return arguments.get("mode") != "snapshot"

    def copies(self, arguments: Arguments) -> bool:
        return arguments.get("mode") in ("send", "check")

    def default_timeout(self, arguments: Arguments) -> float:
        return 12 * 3600.0 if self.copies(arguments) else self.timeout_seconds

    def resource(self, arguments: Arguments) -> str | None:
        return f"subvolume {tidy_path(arguments['path'])}" if arguments.get("path") else None

    def command_line(self, arguments: Arguments) -> Command:
        mode = arguments["mode"]
        if missing := [key for key in _NEEDS[mode] if not arguments.get(key)]:
            raise ValueError(f"btrfs: `{mode}` needs `{missing[0]}`")
        if strange := sorted(arguments.keys() - {"mode", *_NEEDS[mode]}):
            raise ValueError(f"btrfs: `{strange[0]}` does not belong to `{mode}`")
        source, path, stream = (tidy_path(arguments.get(key, "")) for key in ("source", "path", "stream"))
        if mode == "send" and f"{stream}/".startswith(f"{path.rstrip('/')}/"):
            raise ValueError(f"btrfs: {stream} lies in {path} itself, which is read-only")
        words = {
            "snapshot": ("subvolume", "snapshot", "-r", source, path),
            "delete": ("subvolume", "delete", "--commit-after", path),
            "show": ("subvolume", "show", path),
            "list": ("subvolume", "list", "-o", path),
            "send": ("send", "-f", stream, path),
            "check": ("receive", "--dump", "-f", stream),
        }
        return Command(("btrfs", *words[mode]), needs_root=True, private=mode == "send")

    def expects(self, arguments: Arguments) -> str:
        return {
            "snapshot": f"Create a readonly snapshot of ... in '{arguments.get('path')}': exactly this name. A folder "
            "that is there already gets the snapshot inside.",
            "delete": "Delete subvolume, and the path.",
            "show": "Its Flags say readonly.",
            "list": "A line for each subvolume that lies directly in it.",
            "send": "At subvol and the path, and exit status 0.",
            "check": "A line for each entry, and exit status 0: the stream is whole.",
        }[str(arguments["mode"])]

    def interpret(self, arguments: Arguments, completed: Completed) -> Outcome:
        outcome = plain_outcome(completed)
        match arguments["mode"]:
            case "show":
                return _shown(arguments, completed)
            case "list":
                return _listed(arguments, completed)
            case "snapshot" if outcome.ok:
                return _made(tidy_path(arguments["path"]), completed)
            case "snapshot" if outcome.kind == "failed":
                return _not_made(arguments, completed, outcome)
            case "delete" if outcome.kind == "failed" and _GONE in completed.stderr:
                return Outcome("succeeded", f"there is no {arguments['path']}", changed=False)
            case "send" if outcome.ok and f"At subvol {tidy_path(arguments['path'])}" not in completed.stderr:
                return failed("btrfs send ended well, but did not tell which subvolume it sent")
            case "check" if outcome.ok and not completed.stdout.startswith(("subvol ", "snapshot ")):
                return failed(f"btrfs ended well, but {arguments['stream']} does not begin with a subvolume")
            case "check" if outcome.kind == "failed":
                return failed(f"{arguments['stream']} is not whole: {last_words(completed)} (exit {completed.status})")
        return replace(outcome, changed=outcome.changed and not self.read_only(arguments))

    def probe(self, arguments: Arguments) -> Probe | None:
        wanted = {"snapshot": True, "delete": False}.get(str(arguments.get("mode")))
        if wanted is None:
            return None
        show = {"mode": "show", "path": arguments["path"]}
        return Probe("btrfs", show, lambda result: bool(result and result["subvolume"]) is wanted)

    def done_in_shell(self, arguments: Arguments) -> ShellProof:
        return ShellProof(says=(_GONE,)) if arguments["mode"] == "delete" else ShellProof()

    def inverse(self, arguments: Arguments) -> Parts | None:
        snapshot = arguments["mode"] == "snapshot"
        return Parts("btrfs", {"mode": "delete", "path": arguments["path"]}) if snapshot else None


def parse_subvolume(text: str) -> dict[str, Json]:
    """What `btrfs subvolume show` says.

    `{"subvolume": true, "path", "uuid", "parent_uuid", "read_only", "generation"}`. `path` counts from the
    top of the file system. ParseError for anything else.
    """
    told = {match["name"]: match["value"] for match in _FIELDS.finditer(text)}
    if not {"UUID", "Parent UUID", "Flags", "Generation"} <= told.keys() or not told["Generation"].isdigit():
        raise ParseError("this is not what btrfs subvolume show prints: no UUID, Flags and Generation")
    return {
        "subvolume": True,
        "path": text.splitlines()[0].strip(),
        "uuid": told["UUID"],
        "parent_uuid": None if told["Parent UUID"] == "-" else told["Parent UUID"],
        "read_only": "readonly" in told["Flags"].split(","),
        "generation": int(told["Generation"]),
    }


def parse_list(text: str) -> dict[str, Json]:
    """What `btrfs subvolume list` says: `{"subvolumes": [PATH, ...]}`, each from the top of the file system.

    ParseError for anything else.
    """
    found = [(line, _LISTED.match(line)) for line in text.splitlines() if line.strip()]
    if strange := [line for line, match in found if match is None]:
        raise ParseError(f"this is not what btrfs subvolume list prints: {strange[0][:80]!r}")
    return {"subvolumes": [match["path"] for _line, match in found if match]}


def _shown(arguments: Arguments, completed: Completed) -> Outcome:
    refused = completed.status == 1 and not completed.interrupted
    if refused and _NO_PATH in completed.stderr:
        return Outcome("succeeded", "", None, changed=False)
    if refused and any(words in completed.stderr for words in _NO_SUBVOLUME):
        message = f"{arguments['path']} is no subvolume"
        return Outcome("succeeded", message, {"subvolume": False}, changed=False)
    return read_outcome(completed, parse_subvolume, reason=_of(arguments, completed))


def _listed(arguments: Arguments, completed: Completed) -> Outcome:
    """Where there is no btrfs there are none."""
    if completed.status == 1 and _NO_BTRFS in completed.stderr and not completed.interrupted:
        return Outcome("succeeded", f"{arguments['path']} lies on no btrfs", {"subvolumes": []}, changed=False)
    return read_outcome(completed, parse_list, reason=_of(arguments, completed))


def _of(arguments: Arguments, completed: Completed) -> str:
    """Its first complaint with the path, which it does not always name itself."""
    told = (line.removeprefix("ERROR: ") for line in completed.stderr.splitlines() if line.startswith("ERROR: "))
    words = next(told, "") or last_words(completed)
    return words if arguments["path"] in words else f"{arguments['path']}: {words}"


def _not_made(arguments: Arguments, completed: Completed, outcome: Outcome) -> Outcome:
    """What these words refuse was never begun: a snapshot that is there is somebody else's."""
    match, path = _MADE.search(completed.stdout), tidy_path(arguments["path"])
    if match and match["path"] != path:
        return Outcome("failed", f"{path} is there already", changed=False, untouched=True)
    return replace(outcome, untouched=any(words in completed.stderr for words in _REFUSED))


def _made(path: str, completed: Completed) -> Outcome:
    """A folder that is there already gets the snapshot inside: then it is not where the handler would look."""
    match = _MADE.search(completed.stdout)
    if match is None:
        return failed("btrfs ended well, but did not tell where it made the snapshot")
    if match["path"] != path:
        return failed(f"{path} was there already, so the snapshot is {match['path']}: delete it, and name a new path")
    return Outcome("succeeded")
