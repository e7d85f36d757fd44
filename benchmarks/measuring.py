"""What the benchmarks share: a place to run in, a stopwatch, and how a figure is told beside its aim."""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Json = Any
SVMRUN = (sys.executable, "-m", "svmrun.cli.main")


@dataclass(frozen=True)
class Place:
    """A folder of its own, where svmrun keeps its state, too."""

    folder: Path

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "SVMRUN_STATE": str(self.folder / "state"), "PYTHONPATH": ""}

    def start(self, *command: str | Path) -> subprocess.Popen[bytes]:
        """Its output goes to a file: a pipe that is read costs time of ours."""
        with (self.folder / "output").open("wb") as output:
            return subprocess.Popen(
                [str(word) for word in command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=self.environment,
            )

    def seconds(self, *command: str | Path, status: int = 0) -> float:
        """How long the command takes; it must end with `status`."""
        began = time.perf_counter()
        ended = self.start(*command).wait()
        elapsed = time.perf_counter() - began
        if ended != status:
            sys.exit(f"{command}: exit {ended}\n{(self.folder / 'output').read_text(errors='replace')[-2000:]}")
        return elapsed

    def last_journal(self) -> list[dict[str, Json]]:
        folder = max((self.folder / "state" / "runs").iterdir(), key=lambda path: path.stat().st_mtime_ns)
        return [json.loads(line) for line in (folder / "journal.jsonl").read_text(encoding="utf-8").splitlines()]


@contextmanager
def place() -> Iterator[Place]:
    with tempfile.TemporaryDirectory(prefix="svmrun-benchmark-") as folder:
        yield Place(Path(folder))


def sync_seconds(folder: Path, rounds: int = 50) -> float:
    """What the disk itself takes to make one record durable: the price of a promise, not of a program."""
    with (folder / "synced").open("ab", buffering=0) as file:
        return statistics.median(_synced(file.fileno()) for _ in range(rounds))


def _synced(descriptor: int) -> float:
    os.write(descriptor, b"x" * 300)
    began = time.perf_counter()
    os.fdatasync(descriptor)
    return time.perf_counter() - began


def tell(what: str, figure: str, aim: str = "", met: bool | None = None) -> None:
    verdict = "" if met is None else f"   aim {aim}: {'met' if met else 'MISSED'}"
    print(f"{what:48} {figure:>12}{verdict}", flush=True)


def milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.2f} ms"


def median(values: Sequence[float]) -> float:
    return statistics.median(values)


def number_wanted(default: int, about: str | None, what: str = "rounds") -> int:
    """The command line of a script that takes no more than a number."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("number", metavar=what, type=int, nargs="?", default=default, help=f"usually {default}")
    number: int = parser.parse_args().number
    return number
