"""Starts svmrun again and again without its start-up time, and kills it at an exact record of its journal.

`python -m tests.nursery` has everything imported and forks a process for each request: a real process with a session
of its own, that is really killed. It looks at itself the way a debugger does (sys.setprofile), from the moment on in
which a journal is opened (before, it would be twice as slow for nothing), so nothing in svmrun knows of it. One request
is one line of JSON on standard input (see `Request`); the answers are `pid N` and, when that process has ended, `ended
STATUS` (negative: the signal that ended it).
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

PRELOADED = ("cli.main", "cli.execute", "cli.running", "cli.recover", "cli.recovering", "recovery", "report.choose")
ROOM_BYTES = 10  # a part of a record still fits on the full disk
JOURNAL_NAME = "journal.jsonl"  # and a part of the name that a new one has at first
LIBRARIES = ("jinja2", "yaml", "concurrent.futures")


@dataclass(frozen=True)
class Kill:
    """`record` is counted from 1; `moment` is `before` or `after` it is durable.

    `victims`: see `kill_victims`; or `full`, and it is not killed, but its disk full. With `step` only the records
    that name this step are counted.
    """

    record: int
    moment: str
    victims: str = "runner"
    step: str = ""


@dataclass(frozen=True)
class Request:
    argv: Sequence[str]
    environment: dict[str, str]
    folder: str
    said: str
    kill: Kill | None = None
    complained: str = ""  # where standard error goes, if not to `said`

    def line(self) -> bytes:
        return json.dumps(asdict(self)).encode() + b"\n"

    @staticmethod
    def parse(line: str) -> Request:
        fields = json.loads(line)
        kill = fields.pop("kill")
        return Request(**fields, kill=Kill(**kill) if kill else None)


def kill_victims(victims: str, runner: int, memory: Path) -> None:
    """`victims`: runner, its whole group, guard, guard-alone (not what listens for it), both (first the guard), all.

    With `stop` the runner is not killed but stopped.
    """
    if victims == "stop":
        os.kill(runner, signal.SIGSTOP)
        return
    if victims in ("guard", "both", "all"):
        kill_guard(memory, whole=True)
    if victims == "guard-alone":
        kill_guard(memory, whole=False)
    if victims == "all":
        kill_children(runner)
    with suppress(ProcessLookupError):
        if victims == "group":
            os.killpg(runner, signal.SIGKILL)
        elif not victims.startswith("guard"):
            os.kill(runner, signal.SIGKILL)


def kill_guard(memory: Path, *, whole: bool) -> None:
    for path in memory.glob("svmrun-*/*/guard"):
        with suppress(OSError, ValueError):
            pid = int(path.read_text().split()[0])
            (os.killpg if whole else os.kill)(os.getpgid(pid) if whole else pid, signal.SIGKILL)


def kill_children(runner: int) -> None:
    """Each of them leads a group of its own."""
    with suppress(OSError):
        for pid in map(int, Path(f"/proc/{runner}/task/{runner}/children").read_text().split()):
            with suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)


class _Watch:
    """A profile function that counts what is appended to the journal."""

    def __init__(self, kill: Kill, append: Any, memory: Path) -> None:
        self._kill, self._code, self._memory = kill, append.__code__, memory
        self._count = 0

    def __call__(self, frame: FrameType, event: str, _argument: Any) -> None:
        if frame.f_code is not self._code or event not in ("call", "return"):
            return
        if self._kill.step and getattr(frame.f_locals["event"], "step", "") != self._kill.step:
            return
        self._count += event == "call"
        if self._count == self._kill.record and event == {"before": "call", "after": "return"}[self._kill.moment]:
            sys.setprofile(None)
            self._act(frame.f_locals["self"].path)

    def _act(self, journal: Path) -> None:
        if self._kill.victims == "full":
            # No file can grow beyond what the journal has by now: the same error as on a full disk, from the system.
            size = journal.stat().st_size + ROOM_BYTES
            resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
        else:
            kill_victims(self._kill.victims, os.getpid(), self._memory)


def watch_journals(watch: _Watch) -> None:
    """From the first one on that is opened. An audit hook costs little, and cannot be taken off."""
    waiting = [watch]

    def hear(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open" and waiting and JOURNAL_NAME in str(arguments[0]):
            sys.setprofile(waiting.pop())

    sys.addaudithook(hear)


def serve(main: Callable[[Sequence[str]], int], append: Any) -> None:
    for line in sys.stdin:
        request = Request.parse(line)
        pid = os.fork()
        if pid == 0:
            become(request, main, append)
        print("pid", pid, flush=True)
        _pid, status = os.waitpid(pid, 0)
        print("ended", os.waitstatus_to_exitcode(status), flush=True)


def become(request: Request, main: Callable[[Sequence[str]], int], append: Any) -> NoReturn:
    """This process goes on as the svmrun that is asked for."""
    os.setsid()
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(_made(request.said), 1)
    os.dup2(_made(request.complained) if request.complained else 1, 2)
    os.closerange(3, 64)
    os.chdir(request.folder)
    os.environ.clear()
    os.environ.update(request.environment)
    if request.kill:
        watch_journals(_Watch(request.kill, append, Path(request.environment["SVMRUN_MEMORY"])))
    code = 70
    try:
        code = main(request.argv)
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(code)


def _made(path: str) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)


def preload() -> tuple[Callable[[Sequence[str]], int], Any]:
    """What `become` needs, with all that svmrun imports on its way."""
    for name in (*LIBRARIES, *(f"svmrun.{module}" for module in PRELOADED)):
        importlib.import_module(name)
    main = importlib.import_module("svmrun.cli.main").main
    return main, importlib.import_module("svmrun.effects.journal").Journal.append


if __name__ == "__main__":
    serve(*preload())
