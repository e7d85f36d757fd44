"""Kill real runs of svmrun on simulated hosts, and count what stays held: it must be nothing.

    python -m benchmarks.kills every [RUNBOOK...] [--fault F]   before and after each journal record, each victim
    python -m benchmarks.kills random [--count 500] [--seed N]  at any moment, any victim; every third recovery, too

Every story ends with `svmrun recover`, and a second one that may issue no command (see tests/kill_stories.py).
Ends with 1 when a promise was broken.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

from tests import kill_stories
from tests.kill_stories import Nursery, RandomKill, Story
from tests.nursery import Kill
from tests.running import Scene, memory_folder

AT_ONCE = 2


@dataclass(frozen=True)
class Task:
    runbook: str
    kill: Kill | RandomKill
    faults: tuple[str, ...] = ()
    recovery: Kill | None = None


def main(arguments: Sequence[str]) -> int:
    options = parse(arguments)
    began = time.monotonic()
    stories = []
    for story in play(list(tasks(options))):
        stories.append(story)
        if story.problems:
            print(f"BROKEN {story}", flush=True)
        if len(stories) % 50 == 0:
            print(f"{len(stories)} stories, {summary(stories)}", flush=True)
    print(f"{len(stories)} stories in {time.monotonic() - began:.0f} s: {summary(stories)}")
    return 1 if any(story.problems for story in stories) else 0


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="kills", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("mode", choices=["every", "random"])
    parser.add_argument("runbooks", nargs="*", help="default: all that are for Solaris")
    parser.add_argument("--fault", action="append", default=[], help="as for svmrun simulate")
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args(arguments)


def summary(stories: Sequence[Story]) -> str:
    died = sum(story.held_at_death for story in stories)
    ended = sum(story.held_at_end for story in stories)
    broken = sum(bool(story.problems) for story in stories)
    longest = max(story.released_after_seconds for story in stories)
    return (
        f"{died} died with a hold outstanding, {ended} ended with a hold outstanding, {broken} broke a promise; "
        f"the slowest guard was gone after {longest:.1f} s"
    )


def tasks(options: argparse.Namespace) -> Iterator[Task]:
    runbooks = options.runbooks or list(kill_stories.WORLDS)
    faults = tuple(options.fault)
    dice = random.Random(options.seed)
    if options.mode == "every":
        every = [Task(r, kill, faults) for r in runbooks for kill in kill_stories.every_kill(records(r, faults))]
        dice.shuffle(every)  # what is wrong shows early
        yield from every
        return
    for number in range(options.count):
        recovery = Kill(dice.randint(1, 12), dice.choice(["before", "after"])) if number % 3 == 2 else None
        yield Task(dice.choice(runbooks), RandomKill.choose(dice), faults, recovery)


def records(runbook: str, faults: tuple[str, ...]) -> int:
    with kill_stories.nursery() as nursery, tempfile.TemporaryDirectory() as folder, memory_folder() as memory:
        return kill_stories.count_records(nursery, Scene(Path(folder), memory), runbook, *faults)


def play(wanted: Sequence[Task]) -> Iterator[Story]:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        nurseries: SimpleQueue[Nursery] = SimpleQueue()
        for _each in range(AT_ONCE):
            nurseries.put(Nursery())
        yield from pool.map(lambda task: one(nurseries, task), wanted)
        for _each in range(AT_ONCE):
            nurseries.get().close()


def one(nurseries: SimpleQueue[Nursery], task: Task) -> Story:
    nursery = nurseries.get()
    more = {"recovery": task.recovery} if task.recovery else {}
    try:
        with tempfile.TemporaryDirectory() as folder, memory_folder() as memory:
            return kill_stories.tell(
                nursery, Scene(Path(folder), memory), task.runbook, task.kill, *task.faults, **more
            )
    finally:
        nurseries.put(nursery)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
