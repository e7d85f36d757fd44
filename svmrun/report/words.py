"""Durations, sizes and times in words, the same everywhere."""

from __future__ import annotations

import signal
import time
from collections.abc import Sequence

SIZE_UNITS = ("bytes", "KiB", "MiB", "GiB", "TiB", "PiB")


def duration(seconds: float) -> str:
    """Two units at most: `20 ms`, `0.4 s`, `12 s`, `2 min 5 s`, `3 h 10 min`, `2 d 4 h`."""
    if 0.0005 <= seconds < 0.0995:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 9.95:
        return f"{max(seconds, 0.0):.1f} s".replace(".0 s", " s")
    whole = round(seconds)
    for size, unit, smaller_size, smaller in ((86400, "d", 3600, "h"), (3600, "h", 60, "min"), (60, "min", 1, "s")):
        if whole >= size:
            rest = whole % size // smaller_size
            return f"{whole // size} {unit} {rest} {smaller}" if rest else f"{whole // size} {unit}"
    return f"{whole} s"


def size(count: float) -> str:
    """A number of bytes in binary units: `512 bytes`, `1.5 GiB`."""
    for unit in SIZE_UNITS[:-1]:
        if count < 1024:
            return f"{count:.0f} {unit}" if unit == "bytes" else f"{count:.1f} {unit}"
        count /= 1024
    return f"{count:.1f} {SIZE_UNITS[-1]}"


def moment(at: float) -> str:
    """Seconds since the epoch as local time with its offset, sortable: `2026-11-28 20:32:39 +0100`."""
    return time.strftime("%Y-%m-%d %H:%M:%S %z", time.localtime(at))


def stamp(at: float) -> str:
    """The beginning of a line of a log; a run's first line gives the offset."""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(at))


def signal_name(number: int) -> str:
    """`INT` for 2; the number itself where the system has no name for it."""
    try:
        return signal.Signals(number).name.removeprefix("SIG")
    except ValueError:
        return str(number)


def count(number: int, thing: str) -> str:
    """`1 step`, `2 steps`."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def listing(words: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))


def printable(text: str) -> str:
    """One line in which control characters are visible: output of a program must not steer the reader's terminal."""
    if text.isprintable():
        return text
    return "".join(c if c == "\t" or c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)
