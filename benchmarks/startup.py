"""How long until svmrun answers? `--help` and `validate`, against a shell script that starts Python to do nothing.

    python -m benchmarks.startup [ROUNDS]

The aims: `--help` under 100 ms, `validate` of the largest shipped runbook under 300 ms.
"""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.measuring import Place, median, milliseconds, number_wanted, place, tell
from svmrun.effects.runbook_files import shipped

AIMS = {"--help": 0.1, "validate": 0.3}
PROGRAM = Path(sys.executable).with_name("svmrun")


def main() -> None:
    rounds = number_wanted(10, __doc__)
    largest = max(shipped("runbooks").glob("*.yaml"), key=lambda path: path.stat().st_size)
    with place() as here:
        bare = median([bare_python(here) for _ in range(rounds)])
        tell("sh that starts Python for nothing", milliseconds(bare))
        for words in (("--help",), ("validate", largest)):
            taken = median([here.seconds(PROGRAM, *words) for _ in range(rounds)])
            aim = AIMS[str(words[0])]
            tell(f"svmrun {words[0]}", milliseconds(taken), milliseconds(aim), taken < aim)
            tell("  against the shell", f"{taken / bare:.1f} times")


def bare_python(here: Place) -> float:
    return here.seconds("sh", "-c", f"'{sys.executable}' -c pass")


if __name__ == "__main__":
    main()
