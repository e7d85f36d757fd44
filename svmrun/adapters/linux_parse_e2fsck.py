"""What e2fsck prints: its passes, its complaints, and the line at the end (e2fsck's unix.c)."""

from __future__ import annotations

import re
from typing import Any

from svmrun.adapters.base import Completed
from svmrun.adapters.output import number, unreadable

Json = Any

_SUMMARY = re.compile(
    r"(?P<name>\S.*?): (?P<clean>clean, )?(?P<files>\d+)/(?P<files_total>\d+) files"
    r"(?: \([\d.]+% non-contiguous\))?, (?P<blocks>\d+)/(?P<blocks_total>\d+) blocks"
)
_PASS = re.compile(r"Pass (?P<number>\d[A-Z]?): ")
_MODIFIED = "***** FILE SYSTEM WAS MODIFIED *****"
_ERRORS = "WARNING: Filesystem still has errors"
# It calls itself as it was called; only where it gives up by its own word it is always `e2fsck`.
_ABORTS = re.compile(
    r"(?:(?:\S*/)?e2fsck: (?!Superblock invalid|Cannot (?:continue|proceed))(?P<words>.+)"
    r"|(?P<mounted>\S+ is mounted\.))$"
)
# Between the lines that tell of a fault: how far it is, what it did about it, and how it ended.
_NO_FAULT = re.compile(
    r"(?:e2fsck \d|Pass \d|\*{5}|Fix|Warning! |Warning: skipping journal|recovering journal|UNEXPECTED INCONSISTENCY)"
)
_QUESTION = re.compile(r"\s*\w+(?:<[yn]>)?\? (?:yes|no)$")  # and what it was answered
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


def e2fsck_fault(completed: Completed) -> str:
    """The line that tells what is wrong: why it gave up, or else the first fault that it found; empty when none does.

    Its last lines only advise, or say that errors are left.
    """
    lines = [line.strip() for line in f"{completed.stderr}\n{completed.stdout}".splitlines() if line.strip()]
    aborted = next((match for line in lines if (match := _ABORTS.match(line))), None)
    if aborted is not None:
        return aborted["words"] or aborted["mounted"]
    told = [_fault(line) for line in completed.stdout.splitlines() if not _SUMMARY.match(line)]
    return next((line for line in told if line and not _NO_FAULT.match(line)), "")


def _fault(line: str) -> str:
    """Without the device, which stands before each line when it does not ask, and without the question."""
    return _QUESTION.sub("", re.sub(r"/\S+: ", "", line.strip(), count=1)).rstrip(".")
