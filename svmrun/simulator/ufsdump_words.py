"""What ufsdump(1M) says: everything on standard error, with its prefix."""

from __future__ import annotations

from svmrun.simulator.requests import Print

PREFIX = "  DUMP: "
ABORTED = "The ENTIRE dump is aborted."
CHOICE = '("yes" or "no") '


def said(text: str) -> Print:
    """One line of ufsdump."""
    return Print(f"{PREFIX}{text}\n", "err")


def size_text(blocks: int) -> str:
    """A number of 512-byte blocks in KB below a megabyte, else in MB."""
    kilobytes = blocks // 2
    return f"{kilobytes}KB" if kilobytes < 1024 else f"{kilobytes / 1024:.2f}MB"


def percent_text(done: float, seconds_left: float) -> str:
    minutes = int(seconds_left // 60)
    return f"{100 * done:3.2f}% done, finished in {minutes // 60}:{minutes % 60:02d}"


def summary_text(blocks: int, volumes: int, seconds: float) -> str:
    speed = f" at {int(blocks / 2 / seconds)} KB/sec" if seconds >= 1 else ""
    return f"{blocks} blocks ({size_text(blocks)}) on {volumes} volume{'s' if volumes > 1 else ''}{speed}"


def dumpdates_line(name: str, level: int, date: str) -> str:
    return f"{name:<32s} {level} {date}"
