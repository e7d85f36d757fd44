"""Kill real backups of real mirrors, and cut the power of their machines; count what stays frozen or degraded.

    python -m benchmarks.lab [--runbook md-mirror-backup|lvm-mirror-backup] [--kills 50] [--cuts 10] [--seed N]
    python -m benchmarks.lab --only 17 18      these stories alone, of the same seed

Two guests (see tests/lab) side by side, each on a CPU of its own; in each somebody writes all the time. SIGKILL meets
svmrun or its group at any moment, or at a record of its journal, there also together with its guard or its commands.
After a power cut the machine boots and runs what `svmrun install-units` starts at boot. Whole is a mirror whose copies
were compared, with 0 mismatches (see tests/lab/deaths.py). Ends with 1 when a promise was broken.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial

from tests.lab.deaths import SPARED, Story, Usual, at_random, tell, usual_run
from tests.lab.guest import Guest
from tests.lab.mirrors import MIRRORS, Mirror

AT_ONCE = 2
Told = tuple[int, Story]


def main(arguments: Sequence[str]) -> int:
    options = parse(arguments)
    began = time.monotonic()
    with ProcessPoolExecutor(AT_ONCE) as pool:
        shifts = pool.map(partial(shift, options), range(AT_ONCE))
        stories = [story for told in shifts for _number, story in told]
    print(f"{len(stories)} stories in {time.monotonic() - began:.0f} s: {summary(stories)}")
    return 1 if any(story.problems for story in stories) else 0


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="lab", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--runbook", choices=list(MIRRORS), default="md-mirror-backup")
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--cuts", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--only", type=int, nargs="+", metavar="N", help="these stories, by the numbers that are printed"
    )
    return parser.parse_args(arguments)


def summary(stories: Sequence[Story]) -> str:
    cuts = [story for story in stories if story.death.victims == "power"]
    held = [story for story in stories if story.held]
    frozen = sum(story.frozen for story in stories)
    waits = [story.longest_wait_seconds for story in stories if story.death.victims in SPARED]
    return (
        f"{len(stories) - len(cuts)} killed, {len(cuts)} power cuts; {len(held)} died with a hold outstanding, "
        f"{frozen} of them frozen; {sum(story.left for story in stories)} ended frozen or degraded, "
        f"{sum(story.stuck for story in stories)} stuck and mended as told, "
        f"{sum(bool(story.problems) for story in stories)} broke a promise; "
        f"a writer's longest wait while the guard lived {max(waits, default=0.0):.1f} s"
    )


def shift(options: argparse.Namespace, worker: int) -> list[Told]:
    """The stories of one guest; after one that went wrong the next ones get a new guest."""
    os.environ["PYTEST_XDIST_WORKER"] = f"gw{worker}"  # by it each guest takes a CPU of its own
    numbers: Sequence[int] = options.only or range(options.kills + options.cuts)
    wanted = numbers[worker::AT_ONCE]
    told: list[Told] = []
    while left := wanted[len(told) :]:
        told += one_guest(options, MIRRORS[options.runbook], left)
    return told


def one_guest(options: argparse.Namespace, mirror: Mirror, numbers: Sequence[int]) -> Iterator[Told]:
    with mirror.guest() as guest:
        usual = usual_run(guest, mirror)
        for number in numbers:
            story = one(options, guest, mirror, number, usual)
            say(number, story)
            yield number, story
            if story.problems:
                return


def one(options: argparse.Namespace, guest: Guest, mirror: Mirror, number: int, usual: Usual) -> Story:
    dice = random.Random(f"{options.seed}/{number}")
    death = at_random(dice, usual, power=number >= options.kills)
    try:
        return tell(guest, mirror, death)
    except AssertionError as error:  # the guest is lost, or does not do what it always does
        return Story(death, problems=[f"the story broke off: {error}"])


def say(number: int, story: Story) -> None:
    print(f"{'BROKEN' if story.problems else 'kept'} {number}: {story}", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
