"""In a guest: somebody who appends numbers to a file, each on the disk before the next, and tells each when it is.

with numbers_written(guest, "/srv/data/numbers") as writer:
    ...
    told = writer.acknowledged()
assert_one_moment(restored, told, began, ended)
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise

from tests.lab.guest import Guest, Job, eventually

Told = list[tuple[int, float]]  # each number, and the time (of the guest's clock) when it was known to be on the disk

# Its words: the file, the seconds between two numbers, and how many blanks stand behind each, so that other blocks of
# the disk are written each time. Besides it keeps a file open that has no name any more: a check of an image repairs
# that, and so writes.
WRITER = """
import os, sys, time
file, pause, blanks = sys.argv[1], float(sys.argv[2]), b" " * int(sys.argv[3])
unnamed = open(file + ".unnamed", "wb")
unnamed.write(os.urandom(200_000))
unnamed.flush()
os.unlink(unnamed.name)
os.sync()
numbers = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND)
number = 0
while True:
    number += 1
    os.write(numbers, b"%d%b\\n" % (number, blanks))
    os.fsync(numbers)
    print(number, time.time(), flush=True)
    time.sleep(pause)
"""


@dataclass(frozen=True)
class Writer:
    job: Job

    def acknowledged(self) -> Told:
        rows = [line.split() for line in self.job.so_far().split("\n")[:-1]]
        return [(int(number), float(at)) for number, at in rows]

    def goes_on(self) -> bool:
        """Whether it gets one more number to the disk, in good time."""
        since = self.acknowledged()[-1]
        return eventually(lambda: self.acknowledged()[-1] > since)

    def end(self) -> None:
        self.job.kill()
        self.job.wait()


def start_numbers(guest: Guest, file: str, *, pause_seconds: float = 0.05, blanks: int = 0) -> Writer:
    """Returned when a few are on the disk. The file begins anew."""
    (guest.share / "writer.py").write_text(WRITER)
    writer = Writer(guest.start(["python3", "-u", "/lab/writer.py", file, str(pause_seconds), str(blanks)]))
    assert eventually(lambda: len(writer.acknowledged()) > 4), "nobody writes"
    return writer


@contextmanager
def numbers_written(guest: Guest, file: str, *, pause_seconds: float = 0.05, blanks: int = 0) -> Iterator[Writer]:
    """Somebody writes all the time."""
    writer = start_numbers(guest, file, pause_seconds=pause_seconds, blanks=blanks)
    try:
        yield writer
    finally:
        writer.end()


def longest_wait_seconds(told: Told) -> float:
    return max(later - earlier for (_, earlier), (_, later) in pairwise(told))


def assert_one_moment(text: str, told: Told, began: float, ended: float) -> None:
    """The file, as a backup kept it, is that of one moment between these two.

    The last number in it may have been written, and not be acknowledged yet.
    """
    numbers = [int(word) for word in text.split()]
    assert numbers == list(range(1, len(numbers) + 1))
    assert max(number for number, at in told if at < began) <= len(numbers), "what was on the disk before is not there"
    assert len(numbers) <= min(number for number, at in told if at > ended), "what was written after is there"
