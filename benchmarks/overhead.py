"""What does a step cost? Ninety trivial commands through svmrun, and the same ones in a shell script.

    python benchmarks/overhead.py [ROUNDS]

The aims: a step under 5 ms, its two records on disk included, and at most three times the shell's command.
"""

from __future__ import annotations

from pathlib import Path

from measuring import SVMRUN, Place, median, milliseconds, place, rounds_wanted, sync_seconds, tell

STEPS = 90
PROGRAM = "/bin/true"
AIM_SECONDS = 0.005
AIM_RATIO = 3.0


def main() -> None:
    rounds = rounds_wanted(5)
    with place() as here:
        script = here.write("ninety.sh", f"{PROGRAM}\n" * STEPS)
        many, one = runbook(here, STEPS), runbook(here, 1)
        # Taken in turns, so that what else the machine does meets all of them alike.
        taken = [(here.seconds("sh", script), execute(here, many), execute(here, one)) for _ in range(rounds)]
        synced = sync_seconds(here.folder)
    in_shell = median([shell for shell, _, _ in taken]) / STEPS
    step = median([(whole - start) / (STEPS - 1) for _, whole, start in taken])
    tell("a command in the shell", milliseconds(in_shell))
    tell("a step of svmrun", milliseconds(step), milliseconds(AIM_SECONDS), step < AIM_SECONDS)
    tell("of it, two records made durable by the disk", milliseconds(2 * synced))
    tell("a step against the shell", f"{step / in_shell:.1f} times", f"{AIM_RATIO:.0f}", step / in_shell <= AIM_RATIO)
    tell("start, load, plan and verdict (once a run)", milliseconds(median([start for _, _, start in taken])))


def runbook(here: Place, steps: int) -> Path:
    lines = ["schema: svmrun/v1", f"name: trivial-{steps}", "description: Trivial commands.", "steps:"]
    lines += [f"  - {{id: step-{number}, command: {{argv: [{PROGRAM}]}}}}" for number in range(steps)]
    return here.write(f"trivial-{steps}.yaml", "\n".join(lines) + "\n")


def execute(here: Place, path: Path) -> float:
    return here.seconds(*SVMRUN, "execute", path)


if __name__ == "__main__":
    main()
