"""The messages of ufsdump(1M) and dump(8), which are of one descent: each stands behind `  DUMP: `.

When no terminal answers a question, the next message follows on the same line, so messages are cut at the prefix.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from svmrun.adapters.output import number, unreadable

Json = Any

_PREFIX = re.compile(r"(?:^|\s)DUMP: ")
_PERCENT = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,3})?)% done\b")
_NUMBERS = (
    re.compile(r"Date of this level (?P<level>[0-9]{1,9}) dump:"),
    re.compile(r"[Ee]stimated (?P<estimated_blocks>[0-9]{1,18}) blocks\b"),
    re.compile(r"(?P<written_blocks>[0-9]{1,18}) blocks \([^()]*\) on (?P<volumes>[0-9]{1,9}) volume"),
    re.compile(r"Writing (?P<record_kilobytes>[0-9]{1,9}) Kilobyte records"),
)
_NAMES = ("level", "device", "dump_device", "estimated_blocks", "written_blocks", "volumes", "record_kilobytes")


def messages(text: str) -> Iterator[str]:
    """The messages one by one, without prefix; lines without one, too."""
    for line in text.splitlines():
        yield from (piece.strip() for piece in _PREFIX.split(line) if piece.strip())


def read_dump(command: str, text: str, read_more: Callable[[str], dict[str, Json]]) -> dict[str, Json]:
    """`{"level", "device", "dump_device", "estimated_blocks", "written_blocks", "volumes", "record_kilobytes",
    "done"}`.

    What was not printed is None. `read_more` reads what a message of this command tells in its own way. ParseError
    without any message of a dump.
    """
    if not _PREFIX.search(text):
        raise unreadable(command, "message behind `DUMP:`", [line for line in text.splitlines() if line.strip()])
    said = list(messages(text))
    result: dict[str, Json] = {**dict.fromkeys(_NAMES), "done": "DUMP IS DONE" in said}
    for message in said:
        result.update(_read_numbers(message))
        result.update(read_more(message))
    return result


def _read_numbers(message: str) -> dict[str, Json]:
    match = next((match for pattern in _NUMBERS if (match := pattern.match(message))), None)
    return {} if match is None else {name: number(value) for name, value in match.groupdict().items()}


def percent_done(text: str) -> float | None:
    """The last percentage that was told."""
    told = _PERCENT.findall(text)
    return float(told[-1]) if told else None
