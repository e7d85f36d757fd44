"""What the adapters that start any program have in common: `command`, `dialogue`, `session`."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from svmrun.adapters import fields
from svmrun.adapters.base import Arguments, Completed, Outcome, failed, plain_outcome

Json = Any

ARGV: fields.Schema = {
    "type": ["array", "string"],
    "title": "Command line",
    "description": "The program and its arguments: a list, or a text that is split into words before templates are "
    "filled in, so that a value never becomes two arguments. No shell is involved.",
    "examples": [["dd", "if=/dev/md/schost-1/rdsk/d30", "of=/backup/d30"], "sync"],
    "items": {"type": ["string", "number"]},
    "minItems": 1,
    "minLength": 1,
}
_DEVICE_WRITERS = ("fsck", "e2fsck", "xfs_repair", "mkfs", "mke2fs", "tune2fs", "resize2fs", "wipefs", "shred")
EXIT_CODES: fields.Schema = {
    "type": "array",
    "title": "Good exit codes",
    "description": "The exit codes that mean success.",
    "examples": [[0], [0, 1]],
    "items": {"type": "integer", "minimum": 0, "maximum": 255},
    "minItems": 1,
    "default": [0],
}
ENVIRONMENT: fields.Schema = {
    "type": "object",
    "title": "Environment",
    "description": "Variables that the program gets on top of the pinned PATH and LC_ALL=C.",
    "examples": [{"ORACLE_SID": "PROD"}],
    "propertyNames": {"pattern": "^[A-Za-z_][A-Za-z0-9_]*$"},
    "additionalProperties": {"type": ["string", "number"]},
    "default": {},
}
SURROUNDINGS: Mapping[str, fields.Schema] = {
    "environment": ENVIRONMENT,
    "directory": fields.path("Working directory", "Where the program runs.", ["/var/tmp"]),
    "needs_root": fields.flag(
        "Needs root", "The program must run as the superuser: prefixed as the run's --become says.", default=False
    ),
    "private": fields.flag(
        "Private",
        "Nobody but its owner can read the files that it makes (umask 077): for copies of data. A file that is there "
        "already keeps its mode.",
        default=False,
    ),
}
EFFECTS: Mapping[str, fields.Schema] = {
    "read_only": fields.flag(
        "Read-only", "It changes nothing: it may be a fact, be polled, and be repeated.", default=False
    ),
    "blocks_writers": fields.flag(
        "Blocks writers",
        "From this action on writers wait until it is undone, as with a vendor's quiesce command. The step then "
        "needs a rollback handler and a hold, and the rules for writer-blocking holds apply.",
        default=False,
    ),
    "resource": fields.text(
        "Resource", "What on the host a hold of this action occupies; one run at a time.", ["mirror schost-1/d0"]
    ),
}


def words(adapter: str, argv: Json) -> tuple[str, ...]:
    """The argv as texts. ValueError when it was not split, is empty, or holds what no program can be given."""
    if isinstance(argv, str) or not argv:
        raise ValueError(f"{adapter}: `argv` must be a list of words that starts with the program")
    texts = tuple(word if isinstance(word, str) else str(word) for word in argv)
    if not texts[0]:
        raise ValueError(f"{adapter}: the program's name in `argv` is empty")
    if any("\0" in word for word in texts):
        raise ValueError(f"{adapter}: an argument holds a NUL character, which no program can be given")
    return texts


def written_device(argv: Json) -> str | None:
    """The device whose contents a known program changes: what dd copies to, what a check repairs, what is made new.

    None when it is no such program, or is told only to look. The argv may hold templates, and be a text.
    """
    texts = argv.split() if isinstance(argv, str) else [str(word) for word in argv or ()]
    program = texts[0].rpartition("/")[2] if texts else ""
    if program == "dd":
        return next((word.removeprefix("of=") for word in texts if word.startswith("of=")), None)
    writes = program.split(".")[0] in _DEVICE_WRITERS and not {"-n", "-N"} & set(texts)
    return texts[-1] if writes and len(texts) > 1 else None


def environment(arguments: Arguments) -> dict[str, str]:
    return {name: str(value) for name, value in arguments["environment"].items()}


def expression(adapter: str, field: str, pattern: str) -> str:
    """A regular expression that was checked. ValueError with a sentence when it is none."""
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"{adapter}: `{field}` is not a regular expression ({error}): {pattern}") from error
    return pattern


def judged(arguments: Arguments, completed: Completed, result: Json) -> Outcome:
    """The outcome by the good exit codes; what was promised to be read-only changed nothing."""
    outcome = plain_outcome(completed, result, tuple(arguments["exit_codes"]))
    return replace(outcome, changed=outcome.changed and arguments["read_only"] is not True)


def read_output(arguments: Arguments, completed: Completed) -> Outcome:
    """The outcome of a program whose exit codes are known, with its output read as `parse` says."""
    result: dict[str, Json] = {"status": completed.status, "stdout": completed.stdout, "stderr": completed.stderr}
    if arguments["parse"] == "lines":
        result["lines"] = completed.stdout.splitlines()
    outcome = judged(arguments, completed, result)
    if not outcome.ok or arguments["parse"] != "json":
        return outcome
    try:
        result["json"] = json.loads(completed.stdout)
    except (ValueError, RecursionError) as error:
        return failed(f"{completed.argv[0]} ended well, but its output is not JSON: {error}", result)
    return outcome
