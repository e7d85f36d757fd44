"""dumpe2fs: what the superblock of an ext2, ext3 or ext4 says of it (dumpe2fs(8)). It only reads, mounted or not."""

from __future__ import annotations

import re
from typing import Any

from svmrun.adapters import fields
from svmrun.adapters.base import Adapter, Arguments, Command, Completed, Outcome
from svmrun.adapters.output import ParseError, read_outcome
from svmrun.names import tidy_path

Json = Any

_NO_EXT = "Bad magic number in super-block"
_COMPLAINT = re.compile(r"^\S*dumpe2fs: (?P<words>.+)$", re.MULTILINE)
_FEATURES = re.compile(r"^Filesystem features:[ \t]*(?P<words>.*)$", re.MULTILINE)
_STATE = re.compile(r"^Filesystem state:[ \t]*(?P<words>.*\S)", re.MULTILINE)
# Told only where the journal is no inode of the file system itself (e2fsprogs, list_super2).
_ELSEWHERE = re.compile(r"^Journal (?:UUID|device):[ \t]*\S", re.MULTILINE)


class Dumpe2fs(Adapter):
    """dumpe2fs(8), `-h`. Result: that of `parse_dumpe2fs`, or null when the device holds no ext2, ext3 or ext4."""

    name = "dumpe2fs"
    summary = "Read what the superblock of an ext2, ext3 or ext4 says (dumpe2fs -h)"
    timeout_seconds = 30.0
    schema = fields.arguments(
        {"device": fields.path("Device", "The device that holds the file system.", ["/dev/md0"])}, ("device",)
    )

    def read_only(self, arguments: Arguments) -> bool:
        return True

    def command_line(self, arguments: Arguments) -> Command:
        return Command(("dumpe2fs", "-h", tidy_path(str(arguments["device"]))), needs_root=True)

    def expects(self, arguments: Arguments) -> str:
        return "Its features and its state. `Journal UUID` or `Journal device` says that its journal lies elsewhere."

    def interpret(self, arguments: Arguments, completed: Completed) -> Outcome:
        if completed.status and _NO_EXT in completed.stderr and not completed.interrupted:
            return Outcome("succeeded", f"{arguments['device']} holds no ext2, ext3 or ext4", None, changed=False)
        return read_outcome(completed, parse_dumpe2fs, reason=_complaint(completed.stderr))


def parse_dumpe2fs(text: str) -> dict[str, Json]:
    """`{"features": [...], "state", "journal"}`: `state` as it stands there, `clean` or `not clean with errors`;
    `journal` is `inside`, `outside` (on a device of its own) or None. ParseError for anything else.
    """
    features, state = _FEATURES.search(text), _STATE.search(text)
    if features is None or state is None:
        raise ParseError("this is not what dumpe2fs -h prints: no features and no state")
    words = features["words"].split()
    journal = ("outside" if _ELSEWHERE.search(text) else "inside") if "has_journal" in words else None
    return {"features": words, "state": state["words"], "journal": journal}


def _complaint(text: str) -> str:
    """The line that tells why: behind it may stand advice."""
    match = _COMPLAINT.search(text)
    return match["words"] if match else ""
