"""What does a step cost? Ninety trivial commands through svmrun, and the same ones in a shell script.

    python -m benchmarks.overhead [ROUNDS]

The aims: a step under 5 ms, its two records on disk included, and at most three times the shell's command.
"""

from __future__ import annotations

from pathlib import Path

from benchmarks.measuring import SVMRUN, Place, median, milliseconds, number_wanted, place, sync_seconds, tell

STEPS = 90
TRIVIAL = ("/bin/true",)
ORDINARY = ("/bin/sleep", "0.02")  # about what a command of a volume manager takes
AIM_SECONDS = 0.005
AIM_RATIO = 3.0


def main() -> None:
    rounds = number_wanted(5, __doc__)
    with place() as here:
        shell, step, once = measured(here, TRIVIAL, rounds)
        tell("a command in the shell (true)", milliseconds(shell))
        tell("a step of svmrun", milliseconds(step), milliseconds(AIM_SECONDS), step < AIM_SECONDS)
        tell("  two records made durable by the disk alone", milliseconds(2 * sync_seconds(here.folder)))
        tell("  against the shell", f"{step / shell:.1f} times", f"{AIM_RATIO:.0f}", step / shell <= AIM_RATIO)
        tell("start, load, plan and verdict (once a run)", milliseconds(once))
        shell, step, _once = measured(here, ORDINARY, max(1, rounds // 3))
        tell("a command in the shell (20 ms)", milliseconds(shell))
        tell("  a step against it", f"{step / shell:.2f} times")


def measured(here: Place, argv: tuple[str, ...], rounds: int) -> tuple[float, float, float]:
    """Seconds of a command in the shell, of a step of svmrun, and of a run with one step.

    They are taken in turns, so that what else the machine does meets all of them alike.
    """
    script = here.write("ninety.sh", f"{' '.join(argv)}\n" * STEPS)
    many, one = runbook(here, argv, STEPS), runbook(here, argv, 1)
    taken = [(here.seconds("sh", script), execute(here, many), execute(here, one)) for _ in range(rounds)]
    shell = median([script_seconds for script_seconds, _, _ in taken]) / STEPS
    step = median([(whole - start) / (STEPS - 1) for _, whole, start in taken])
    return shell, step, median([start for _, _, start in taken])


def runbook(here: Place, argv: tuple[str, ...], steps: int) -> Path:
    lines = ["schema: svmrun/v1", f"name: trivial-{steps}", "description: Trivial commands.", "steps:"]
    lines += [f"  - {{id: step-{number}, command: {{argv: {list(argv)}}}}}" for number in range(steps)]
    return here.write(f"trivial-{steps}.yaml", "\n".join(lines) + "\n")


def execute(here: Place, path: Path) -> float:
    return here.seconds(*SVMRUN, "execute", path)


if __name__ == "__main__":
    main()
