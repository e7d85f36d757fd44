"""e2fsck: check an ext2, ext3 or ext4 file system, and repair it (e2fsck(8)).

It writes to the device whenever it may, were it only the date of the check. On a side that was taken off a mirror that
is fatal: the mirror does not know of it. Check a view over the side instead (dmsetup, target snapshot).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from svmrun.adapters import fields
from svmrun.adapters.base import (
    Adapter,
    Arguments,
    Command,
    Completed,
    Dialogue,
    Outcome,
    Prompt,
    failed,
    plain_outcome,
)
from svmrun.adapters.linux_parse_e2fsck import e2fsck_fault, parse_e2fsck
from svmrun.adapters.output import ParseError, judged
from svmrun.names import tidy_path

Json = Any

_ANSWERS = {"yes": ("-y",), "no": ("-n",), "preen": ("-p",), "ask": ()}
# It reads single keys: a newline would answer its next question, too.
_QUESTION = Prompt(
    r"[^\n]*<[yn]>\?\s*$", name="e2fsck asks: y, n, or a for yes to all of this kind", at_most=100_000, enter=False
)
_OK = (0, 1)  # 1: errors were found, and corrected
_ERRORS_LEFT = 4
_MEANING = {
    2: "errors were corrected, and the host must be rebooted: the file system is mounted",
    _ERRORS_LEFT: "errors are left",
    8: "it could not do its work",
    16: "a bad option or argument",
    32: "it was cancelled",
    128: "a shared library failed",
}


class E2fsck(Adapter):
    """e2fsck(8). Result: that of `parse_e2fsck`."""

    name = "e2fsck"
    summary = "Check an ext2, ext3 or ext4 file system and repair it (e2fsck)"
    timeout_seconds = 4 * 3600.0
    schema = fields.arguments(
        {
            "device": fields.path(
                "Device",
                "A file system that is not mounted. Of a side that was taken off a mirror, a view over it: what a "
                "check writes to the side itself, the mirror never learns.",
                ["/dev/mapper/backup-view"],
            ),
            "answer": fields.choice(
                "Answer",
                "`yes` repairs everything (-y), `preen` only what is safe, and fails else (-p), `no` only looks (-n): "
                "it then calls an error what every file is that was open when the image was taken, and has no name. "
                "`ask` hands each question to the operator.",
                list(_ANSWERS),
                default="no",
            ),
            "force": fields.flag("Force", "Check it although it is marked clean (-f).", default=False),
        },
        ("device",),
    )

    def read_only(self, arguments: Arguments) -> bool:
        return bool(arguments["answer"] == "no")

    def asks(self, arguments: Arguments) -> bool:
        return bool(arguments["answer"] == "ask")

    def repeatable(self, arguments: Arguments) -> bool:
        return True

    def writes_device(self, arguments: Arguments) -> str | None:
        return None if arguments["answer"] == "no" else str(arguments["device"])

    def command_line(self, arguments: Arguments) -> Command:
        force = ("-f",) if arguments["force"] else ()
        words = (*force, *_ANSWERS[arguments["answer"]], tidy_path(str(arguments["device"])))
        talk = Dialogue((_QUESTION,)) if self.asks(arguments) else None
        return Command(("e2fsck", *words), needs_root=True, dialogue=talk)

    def expects(self, arguments: Arguments) -> str:
        return "Its five passes, a line with the number of files, and exit status 0, or 1 when it has corrected errors."

    def interpret(self, arguments: Arguments, completed: Completed) -> Outcome:
        try:
            result = parse_e2fsck(completed.stdout)
        except ParseError as error:
            return _without_words(completed, str(error))
        problems = _problems(arguments, completed, result)
        outcome = judged(completed, result, problems, f"e2fsck of {arguments['device']}", _OK)
        if not outcome.ok:
            return outcome
        message = "errors were repaired on this device" if result["modified"] else ""
        return Outcome("succeeded", message, result, changed=not self.read_only(arguments))


def _without_words(completed: Completed, error: str) -> Outcome:
    fault = e2fsck_fault(completed)
    outcome = plain_outcome(completed, None, _OK, fault)
    if outcome.ok:
        return failed(f"e2fsck ended well, but {error}")
    if outcome.kind == "failed" and completed.status == _ERRORS_LEFT:
        return failed(f"e2fsck: {_told(f'{_MEANING[_ERRORS_LEFT]} that -p may not repair', fault, completed)}")
    return outcome


def _told(meaning: str, fault: str, completed: Completed) -> str:
    return f"{meaning}{f': {fault}' if fault else ''} (exit {completed.status})"


def _problems(arguments: Arguments, completed: Completed, result: dict[str, Json]) -> Iterator[str]:
    """Everything that speaks against a good file system, the most telling first."""
    if completed.status not in _OK:
        meaning = _MEANING.get(completed.status or 0, "its exit status is not a known one")
        yield _told(meaning, e2fsck_fault(completed), completed)
    if result["in_use"]:
        yield "the device is in use, mounted or part of a mirror: what a check finds then means nothing"
    if result["errors_left"]:
        yield "errors are left"
    if result["files"] is None:
        yield "it ended without its summary line: what it found is not known"
    if result["clean"] and arguments["force"]:
        yield "it did not check at all"
