"""The key letters of ufsdump(1M): one word of letters, whose arguments follow in the order of the letters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WITH_ARGUMENT = {
    "a": "archive file name",
    "b": "blocking factor",
    "d": "tape density",
    "f": "output device name",
    "L": "volume label",
    "N": "device name",
    "s": "tape size",
    "t": "number of tracks",
    "T": "autoload wait",
}
FLAGS = "0123456789cDlnoSuvwW"


class BadKeys(Exception):
    """Keys that cannot be understood. The text is the message without `DUMP:`; `usage` for the case without a disk."""

    def __init__(self, text: str, usage: bool = False) -> None:
        super().__init__(text)
        self.usage = usage


@dataclass(frozen=True)
class Keys:
    """What was asked for. `record_kilobytes` is the size of the records written."""

    level: int
    output: str
    disk: str
    update: bool
    estimate_only: bool
    verify: bool
    autoload: bool
    listing: str  # w, W, or nothing
    label: str
    recorded_name: str
    record_kilobytes: int
    tape_size: bool


USAGE = "Usage: ufsdump [0123456789fustdWwnNDCcbavloS [argument]] filesystem"


def parse(words: Sequence[str]) -> Keys:
    """Raises BadKeys with ufsdump's own words."""
    letters, rest = (words[0].lstrip("-"), list(words[1:])) if words else ("", [])
    if len(words) == 1 and words[0].startswith("/"):
        letters, rest = "9u", [words[0]]
    values = {}
    for letter in letters:
        if letter in WITH_ARGUMENT:
            if not rest:
                raise BadKeys(f"Missing {WITH_ARGUMENT[letter]}")
            values[letter] = rest.pop(0)
        elif letter not in FLAGS:
            raise BadKeys(f"Bad option `{letter}'")
    listing = next((letter for letter in letters if letter in "wW"), "")
    if not rest and not listing:
        raise BadKeys(USAGE, usage=True)
    return _keys(letters, values, rest[0] if rest else "", listing)


def _keys(letters: str, values: dict[str, str], disk: str, listing: str) -> Keys:
    levels = [letter for letter in letters if letter.isdigit()]
    kilobytes = 63 if "c" in letters else 10 if "D" in letters else 32
    if "b" in values:
        kilobytes = max(1, int(values["b"]) // 2) if values["b"].isdigit() else 0
    if kilobytes == 0:
        raise BadKeys("Missing blocking factor")
    return Keys(
        level=int(levels[-1]) if levels else 9,
        output=values.get("f", "/dev/rmt/0"),
        disk=disk,
        update="u" in letters,
        estimate_only="S" in letters,
        verify="v" in letters,
        autoload="l" in letters,
        listing=listing,
        label=values.get("L", ""),
        recorded_name=values.get("N", ""),
        record_kilobytes=kilobytes,
        tape_size="s" in values,
    )
