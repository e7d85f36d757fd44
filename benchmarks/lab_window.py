"""How long do writers wait on real disks? The freeze of md-mirror-backup, against a shell script of the same commands.

    python -m benchmarks.lab_window [ROUNDS]

In a guest (see tests/lab): freeze an ext4 on an md mirror of three legs, take one leg off, thaw, while somebody writes.
The runbook looks before it takes the leg off whether every leg is in sync, without which the image may be an old one;
so a script that looks, too, is what it is measured against: at most 1.2 times. The window is what the writer sees, its
longest wait, and of svmrun also what its journal says. A guest has one CPU, where a process takes 10 ms to start.
"""

from __future__ import annotations

import statistics
import time

from benchmarks.measuring import milliseconds, number_wanted, tell
from tests.lab import md_scene as scene
from tests.lab.guest import PROJECT, SVMRUN_FOLDERS, Guest
from tests.lab.md_scene import MOUNT_POINT, WAIT
from tests.lab.numbers import Writer, longest_wait_seconds

AIM_RATIO = 1.2
AROUND_SECONDS = 0.5  # before and after, in which the writer is heard once more
RUN_SECONDS = 600.0
COMMANDS = "fsfreeze -f MOUNT_POINT; LOOK mdadm /dev/md0 --fail LEG --remove LEG; fsfreeze -u MOUNT_POINT"
LOOK = "case $(mdadm --detail /dev/md0) in *removed*|*faulty*|*rebuilding*) exit 1;; esac;"
PROGRAM = f"{PROJECT}/.venv/bin/svmrun"  # as its users start it: what was forked from the zygote shares its memory
Span = tuple[float, float]


def main() -> None:
    rounds = number_wanted(10, __doc__)
    with scene.machine() as guest:
        scene.make(guest)
        with scene.writing(guest) as writer:
            taken = [one_round(guest, writer) for _round in range(rounds)]
    bare, looking, own, noted = (statistics.median(column) for column in zip(*taken, strict=True))
    tell("a writer's longest wait: the bare commands", milliseconds(bare))
    tell("  a script that looks, too", milliseconds(looking))
    tell("  svmrun", milliseconds(own))
    tell("  svmrun, by its journal", milliseconds(noted))
    tell("against the bare commands", f"{own / bare:.2f} times")
    tell("against the script that looks, too", f"{own / looking:.2f} times", f"{AIM_RATIO}", own / looking <= AIM_RATIO)


def one_round(guest: Guest, writer: Writer) -> tuple[float, float, float, float]:
    """In turns, so that what else the machine does meets all of them alike. Seconds."""
    bare, looking, own = by_script(guest, ""), by_script(guest, LOOK), by_svmrun(guest)
    frozen = scene.event(guest, "ActionEnded", step="freeze", role="forward")["at"]
    return longest_wait(writer, bare), longest_wait(writer, looking), longest_wait(writer, own), own[1] - frozen


def by_script(guest: Guest, look: str) -> Span:
    leg = guest.disks[2]
    words = {"LOOK": look, "LEG": leg, "MOUNT_POINT": MOUNT_POINT}
    commands = COMMANDS
    for name, word in words.items():
        commands = commands.replace(name, word)
    began = time.time()
    guest.ok(commands)
    ended = time.time()
    guest.ok(f"sleep {AROUND_SECONDS}; mdadm /dev/md0 --re-add {leg}; {WAIT}")
    return began, ended


def by_svmrun(guest: Guest) -> Span:
    guest.ok("rm -rf /lab/state")
    command = [PROGRAM, *scene.words(compare="false")]
    ended = guest.run(command, environment=SVMRUN_FOLDERS, timeout_seconds=RUN_SECONDS)
    assert ended.status == 0, ended.said
    began = scene.event(guest, "ActionStarted", step="freeze", role="forward")["at"]
    return began, scene.event(guest, "ActionEnded", step="freeze", role="release")["at"]


def longest_wait(writer: Writer, span: Span) -> float:
    began, ended = span
    heard = (began - AROUND_SECONDS, ended + AROUND_SECONDS)
    return longest_wait_seconds([(number, at) for number, at in writer.acknowledged() if heard[0] <= at <= heard[1]])


if __name__ == "__main__":
    main()
