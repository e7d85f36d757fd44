"""fsck of a UFS file system: its questions, the meaning of its exit status (fsck(1M); fsck's main.c, utilities.c)."""

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
from svmrun.adapters.output import ParseError, judged
from svmrun.adapters.ufs_parse import parse_fsck
from svmrun.names import canonical, tidy_path

Json = Any

_OK = (0, 40)  # 40: the root file system was checked while mounted; says the same as 0
_MEANING = {
    1: "a bad option or argument",
    32: "the file system is not marked clean: it needs a check",
    33: "the device is mounted: a mounted file system must not be checked",
    34: "the device does not exist or cannot be opened",
    35: "the mounted file system was changed: the host must be rebooted",
    36: "errors are left that this pass could not repair: run fsck again by hand",
    37: "a signal ended it: the file system may be half repaired, run it again",
    39: "it gave up on an error, or nobody answered its question",
}
_EXPECTS = (
    "Its phases, then a last line with the number of files, and exit status 0. FILE SYSTEM IS BAD or PLEASE RERUN FSCK "
    "is a failure. (NO WRITE) in the first line says that the device cannot be written: it is still part of a mirror."
)
_EXPECTS_NO = f"{_EXPECTS} Nothing is repaired: (NO WRITE) is right here."
_PROBLEMS = {
    "bad": "fsck says FILE SYSTEM IS BAD",
    "rerun": "fsck asks to be run again: errors are left",
    "reboot": "fsck changed a mounted file system and asks for a reboot",
}
# The questions of a check; each ends a line with `? `. What stands above them tells of which file they speak.
QUESTIONS = (
    "FILE SYSTEM STATE IN SUPERBLOCK IS WRONG; FIX",
    "CORRECT BAD CG SUMMARIES FOR CG [0-9]+",
    "DISCARD THE LOG AND CONTINUE",
    "LOOK FOR ALTERNATE SUPERBLOCKS WITH (MKFS|NEWFS)",
    "USE ALTERNATE SUPERBLOCK",
    "CANCEL FILESYSTEM CHECK",
    "LIST REMAINING DUPS",
    "RECONNECT",
    "SALVAGE",
    "CONTINUE",
    "CORRECT",
    "ADJUST",
    "REMOVE",
    "CLEAR",
    "FIX",
)


class Fsck(Adapter):
    """fsck(1M) for UFS. Result: that of `parse_fsck`."""

    name = "fsck"
    summary = "Check a UFS file system and repair it (fsck)"
    timeout_seconds = 4 * 3600.0
    schema = fields.arguments(
        {
            "device": fields.path(
                "Device",
                "The raw device of a file system that is not mounted, such as a detached submirror.",
                ["/dev/md/schost-1/rdsk/d30"],
            ),
            "answer": fields.choice(
                "Answer",
                "What to answer to its questions: `yes` repairs everything (-y), `no` only looks (-n), `ask` hands "
                "each question to the operator.",
                ["yes", "no", "ask"],
                default="no",
            ),
            "force": fields.flag("Force", "Check it although it is marked clean (-o f).", default=False),
        },
        ("device",),
    )

    def read_only(self, arguments: Arguments) -> bool:
        return bool(arguments["answer"] == "no")

    def asks(self, arguments: Arguments) -> bool:
        return bool(arguments["answer"] == "ask")

    def repeatable(self, arguments: Arguments) -> bool:
        return True

    def command_line(self, arguments: Arguments) -> Command:
        answer = {"yes": ("-y",), "no": ("-n",), "ask": ()}[arguments["answer"]]
        force = ("-o", "f") if arguments["force"] else ()
        talk = _dialogue() if self.asks(arguments) else None
        argv = ("fsck", "-F", "ufs", *answer, *force, _device(arguments))
        return Command(argv, needs_root=True, stdin=None if talk else "", dialogue=talk)

    def expects(self, arguments: Arguments) -> str:
        return _EXPECTS_NO if arguments["answer"] == "no" else _EXPECTS

    def interpret(self, arguments: Arguments, completed: Completed) -> Outcome:
        try:
            result = parse_fsck(completed.stdout)
        except ParseError as error:
            return self._without_words(completed, str(error))
        problems = _problems(arguments, completed, result)
        outcome = judged(completed, result, problems, f"fsck of {_device(arguments)}", _OK)
        if not outcome.ok:
            return outcome
        message = "errors were repaired on this device" if result["modified"] else ""
        return Outcome("succeeded", message, result, changed=result["modified"])

    @staticmethod
    def _without_words(completed: Completed, error: str) -> Outcome:
        outcome = plain_outcome(completed, None, _OK)
        if outcome.ok:
            return failed(f"fsck ended well, but {error}")
        meaning = _MEANING.get(completed.status or 0)
        return failed(f"{outcome.message}: {meaning}") if outcome.kind == "failed" and meaning else outcome


def _device(arguments: Arguments) -> str:
    path = tidy_path(str(arguments["device"]))
    if not path.startswith("/"):
        raise ValueError(f"device must be an absolute path, not {path!r}")
    return path


def _dialogue() -> Dialogue:
    return Dialogue(prompts=tuple(Prompt(rf"\b{text}\?\s*$", name=_title(text), at_most=100_000) for text in QUESTIONS))


def _title(question: str) -> str:
    return question.split("[", maxsplit=1)[0].split("(", maxsplit=1)[0].strip().capitalize()


def _problems(arguments: Arguments, completed: Completed, result: dict[str, Json]) -> Iterator[str]:
    """Everything that speaks against a good file system, the most telling first."""
    device = _device(arguments)
    if device.startswith("/dev/") and result["device"] not in (None, canonical(device)):
        yield f"it checked {result['device_path']} instead"
    if result["read_only"] and arguments["answer"] != "no":
        yield "it could not write to the device (NO WRITE): the submirror is still attached or offline, not detached"
    yield from (_PROBLEMS[problem] for problem in result["problems"])
    if completed.status not in _OK:
        yield f"{_MEANING.get(completed.status or 0, 'its exit status is not a known one')} (exit {completed.status})"
    elif not result["clean"] and result["files"] is None:
        yield "it ended without its summary line: what it found is not known"
    elif result["device"] is None:
        yield "it did not say which device it checked"
