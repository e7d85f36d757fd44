"""What e2fsck prints: its passes, its complaints, and the line at the end (e2fsck's unix.c)."""

from __future__ import annotations

import re
from typing import Any

from svmrun.adapters.output import number, unreadable

Json = Any

_SUMMARY = re.compile(
    r"(?P<name>\S.*?): (?P<clean>clean, )?(?P<files>\d+)/(?P<files_total>\d+) files"
    r"(?: \([\d.]+% non-contiguous\))?, (?P<blocks>\d+)/(?P<blocks_total>\d+) blocks"
)
_PASS = re.compile(r"Pass (?P<number>\d[A-Z]?): ")
_MODIFIED = "***** FILE SYSTEM WAS MODIFIED *****"
_ERRORS = "WARNING: Filesystem still has errors"
_NUMBERS = ("files", "files_total", "blocks", "blocks_total")


def parse_e2fsck(text: str) -> dict[str, Json]:
    """`{"name", "clean", "passes": [...], "files", "files_total", "blocks", "blocks_total", "modified", "errors_left",
    "in_use"}`. `name` is the device, or the label of the file system; `clean` says that a check was not needed and not
    made. What was not printed is None. ParseError without any line of a check.
    """
    lines = text.splitlines()
    summary = next((match for line in reversed(lines) if (match := _SUMMARY.match(line))), None)
    passes = [match["number"] for line in lines if (match := _PASS.match(line))]
    if summary is None and not passes:
        raise unreadable("e2fsck", "pass and no summary", [line for line in lines if line.strip()])
    return {
        "name": summary["name"] if summary else None,
        "clean": bool(summary and summary["clean"]),
        "passes": passes,
        **{name: number(summary[name]) if summary else None for name in _NUMBERS},
        "modified": _MODIFIED in text,
        "errors_left": _ERRORS in text,
        "in_use": any(line.startswith("Warning!  ") for line in lines),
    }
