"""What does a chatty command cost? A child prints 2 GB: svmrun keeps all of it on disk, and little in memory.

    python -m benchmarks.memory [MEGABYTES]

The aim: svmrun itself never larger than 60 MB. Time is told against a shell that sends the same output to a file.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import time
from pathlib import Path

from benchmarks.measuring import SVMRUN, Place, number_wanted, place, tell

AIM_BYTES = 60 * 1000 * 1000
LINE = "sixty-three characters of a line that nobody will read, ever: x"


def main() -> None:
    size = number_wanted(2000, __doc__, "megabytes") * 1000 * 1000
    with place() as here:
        quiet, _ = largest_size(here, runbook(here, "quiet", 0))
        tell("svmrun, a child that prints nothing", megabytes(quiet))
        for name in ("lines", "one-line"):
            command = printing(name, size)
            shell = here.seconds("sh", "-c", f"{command} > '{here.folder}/copy'")
            (here.folder / "copy").unlink()
            peak, seconds = largest_size(here, runbook(here, name, size))
            aim = f"{AIM_BYTES // 10**6} MB"
            tell(f"svmrun, {size // 10**6} MB as {name}", megabytes(peak), aim, peak < AIM_BYTES)
            tell("  time against the shell", f"{seconds / shell:.1f} times ({seconds:.1f} s)")
            drop_outputs(here)


def printing(name: str, size: int) -> str:
    source = f"yes '{LINE}'" if name == "lines" else "tr '\\0' x < /dev/zero"
    return f"{source} | head -c {size}"


def runbook(here: Place, name: str, size: int) -> Path:
    command = printing(name, size).replace("'", "''")
    text = f"""\
schema: svmrun/v1
name: {name}
description: A command that prints much.
steps:
  - id: print
    command: {{argv: [sh, -c, '{command}'], exit_codes: [0]}}
"""
    return here.write(f"{name}.yaml", text)


def largest_size(here: Place, path: Path) -> tuple[int, float]:
    """The most memory that svmrun's own process held (bytes), and the time that the run took."""
    began = time.monotonic()
    process = here.start(*SVMRUN, "execute", path)
    largest = 0
    while process.poll() is None:
        largest = max(largest, resident_peak(process))
        time.sleep(0.02)
    if process.returncode:
        raise SystemExit((here.folder / "output").read_text(errors="replace")[-2000:])
    return largest, time.monotonic() - began


def resident_peak(process: subprocess.Popen[bytes]) -> int:
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{process.pid}/status").read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return 0


def drop_outputs(here: Place) -> None:
    for path in (here.folder / "state" / "runs").rglob("*.txt"):
        os.truncate(path, 0)
    (here.folder / "output").write_bytes(b"")


def megabytes(size: int) -> str:
    return f"{size / 10**6:.1f} MB"


if __name__ == "__main__":
    main()
