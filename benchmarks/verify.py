"""How fast verify is: stories a second at depth 1, the time of depth 2, and how both grow with the number of steps.

    python -m benchmarks.verify [--quick] [--jobs N]

Times are of the processor where one process works (another one's load does not count), of the clock where several do.
"""

from __future__ import annotations

import argparse
import gc
import time
from collections.abc import Callable
from pathlib import Path

from svmrun.adapters.registry import adapters
from svmrun.report.verified import Verified
from svmrun.runbook.load import load_runbook
from svmrun.runbook.parameters import Origins, given
from svmrun.runbook.source import load
from svmrun.simulator.world_file import load_world
from svmrun.verify.prepare import Preparation
from svmrun.verify.verification import verify

BACKUP = Path(__file__).parent.parent / "runbooks" / "mirror-backup.yaml"
ROUNDS = 5
SIZES = (10, 20, 40)


def preparation(file: str, data: bytes) -> Preparation:
    runbook, world = load_runbook(file, data, adapters()), load_world("schost", load)
    origins = Origins([], None, {}, world.parameters, lambda _path: "", None)
    return Preparation(runbook, adapters(), world, given(runbook, origins))


def longer(steps: int) -> bytes:
    """A runbook of so many steps: looks at the mirror between a hold and its release."""
    looks = "".join(f"  - {{id: look-{n}, metastat: {{diskset: schost-1, volume: d0}}}}\n" for n in range(steps - 2))
    return f"""schema: svmrun/v1
name: longer
steps:
  - id: detach
    metadetach: {{diskset: schost-1, mirror: d0, submirror: d30}}
    rollback:
      metattach: {{diskset: schost-1, mirror: d0, submirror: d30}}
    hold: 12h
{looks}  - release: detach
""".encode()


def timed(clock: Callable[[], float], file: str, data: bytes, depth: int, jobs: int) -> tuple[Verified, float]:
    """The result, and its seconds without those of reading the runbook."""
    prepared = preparation(file, data)
    gc.collect()
    gc.disable()  # as the command does
    began = clock()
    result = verify(prepared, depth, jobs)
    return result, clock() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--quick", action="store_true", help="depth 1 alone")
    parser.add_argument("--jobs", type=int, default=2, help="processes at depth 2 (default: 2)")
    options = parser.parse_args()
    data = BACKUP.read_bytes()
    runs = [timed(time.process_time, str(BACKUP), data, 1, 1) for _ in range(ROUNDS)]
    result, seconds = min(runs, key=lambda run: run[1])
    rate = result.stories / seconds
    print(f"depth 1: {result.stories} stories in {seconds:.2f} s of one processor: {rate:.0f} a second (at least 2000)")
    if options.quick:
        return
    result, seconds = timed(time.monotonic, str(BACKUP), data, 2, options.jobs)
    print(f"depth 2: {result.stories} stories in {seconds:.1f} s with {options.jobs} processes (at most 60)")
    for steps in SIZES:
        _grown(steps)
    print(
        "why: a story is told once for each scene that it can go on from, and a step adds as many scenes as there are"
    )
    print(
        "ways to fail in it; what follows a failure is the rollback, whose scenes are shared by all steps of one hold."
    )
    print("Stories with one failure grow with the steps, those with two with their square; the time grows more slowly.")


def _grown(steps: int) -> None:
    data = longer(steps)
    one, first = timed(time.process_time, "longer.yaml", data, 1, 1)
    two, second = timed(time.process_time, "longer.yaml", data, 2, 1)
    print(f"{steps} steps: depth 1 {one.stories} stories, {one.states} states, {first:.2f} s;", end=" ")
    print(f"depth 2 {two.stories} stories, {two.states} states, {second:.1f} s")


if __name__ == "__main__":
    main()
