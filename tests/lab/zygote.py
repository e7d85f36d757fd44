"""In a guest: starts svmrun without its start-up time, which is over a second there.

`python -m tests.lab.zygote` has all of svmrun imported, and forks for each job: a real process, with a session, output
and end of its own (see tests/nursery.py). On its standard input the agent tells it the numbers of jobs; its standard
output is the agent's line.
"""

from __future__ import annotations

import gc
import importlib
import os
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

from tests.nursery import Request, become, preload

JOBS = Path("/lab/jobs")
# What the commands that tests in a guest use import besides.
MORE = (
    *("cli.reviewed", "cli.recorded", "effects.plan_store", "effects.signatures"),
    *("report.lines", "report.progress", "report.summary", "report.verdict"),
)
RUNBOOK = Path(__file__).resolve().parents[2] / "runbooks" / "freeze-copy-backup.yaml"


def serve(main: Callable[[Sequence[str]], int], append: Any) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the keepers
    for line in sys.stdin:
        if os.fork() == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            keep(line.strip(), main, append)
            os._exit(0)


def keep(number: str, main: Callable[[Sequence[str]], int], append: Any) -> None:
    """Start the job and tell its end, as the agent does for others."""
    request = Request.parse((JOBS / number / "request").read_text())
    pid = os.fork()
    if pid == 0:
        become(request, main, append)
    (JOBS / number / "pid").write_text(f"{pid}\n")
    _pid, status = os.waitpid(pid, 0)
    for path in (request.said, request.complained):
        os.close(os.open(path, os.O_WRONLY))  # what is written through hostfs is at the host when it is closed
    code = os.waitstatus_to_exitcode(status)
    os.write(1, f"ended {number} {code if code >= 0 else 128 - code}\n".encode())


def warm_up(main: Callable[[Sequence[str]], int]) -> None:
    """What is found out once in a process, each child then knows: the schema, the adapters of other packages."""
    for name in MORE:
        importlib.import_module(f"svmrun.{name}")
    with redirect_stdout(StringIO()):
        main(["validate", str(RUNBOOK)])
    gc.freeze()  # a collection in a child would copy all memory


if __name__ == "__main__":
    svmrun, journal_append = preload()
    warm_up(svmrun)
    serve(svmrun, journal_append)
