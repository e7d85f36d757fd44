"""In a guest: somebody who appends numbers to a file, each on the disk before the next."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tests.freeze_scene import WRITER
from tests.lab.guest import Guest, Job, eventually


@contextmanager
def numbers_written(guest: Guest, file: str) -> Iterator[Job]:
    """What the job prints is acknowledged."""
    (guest.share / "writer.py").write_text(WRITER.replace("0.005", "0.05"))
    job = guest.start(["python3", "-u", "/lab/writer.py", file])
    assert eventually(lambda: acknowledged(job))
    yield job
    job.kill()


def acknowledged(job: Job) -> dict[int, float]:
    """When each number was known to be on the disk."""
    lines = job.so_far().split("\n")[:-1]
    return {int(number): float(at) for number, at in (line.split() for line in lines)}
