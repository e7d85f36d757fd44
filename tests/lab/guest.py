"""A guest: a machine with disks that tests run programs in, cut off, hang and start again."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import sys
import tempfile
import time
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.lab.machine import FIRST_DISK, HERE, KERNEL, MODULES_FOLDER, Hardware, Lost, Machine
from tests.nursery import Kill, Request

MEMORY = Path("/dev/shm")
SPARE_BYTES = 64 * 1024**2
ADDRESS = "10.0.2.100"  # the guest's in its own net, if it has one
PROJECT = HERE.parents[1]
TIMEOUT_SECONDS = 60.0
PATIENCE_SECONDS = 180.0  # until a run comes to a moment: thirty commands, and others on the same machine
STOPPED = "while ! grep -q '^State:.T' /proc/PID/status; do test -d /proc/PID; sleep 0.2; done"
USUAL_SECONDS = 0.08  # what the shortest job takes on two cores that nobody else uses (measured: 0.06)
PATH = f"{Path(sys.executable).parent}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
SVMRUN_FOLDERS = {"SVMRUN_STATE": "/lab/state", "SVMRUN_MEMORY": "/run"}
LIVING: weakref.WeakSet[Guest] = weakref.WeakSet()  # for the report of a test that failed

What = str | Sequence[str]
Environment = Mapping[str, str]
Moment = tuple[str, str, str]  # a question (a regular expression), a script to run then, and what is typed


@dataclass(frozen=True)
class Completed:
    """How a job ended. A job that was killed has 128 and the signal's number as status."""

    what: str
    status: int
    stdout: str
    stderr: str
    seconds: float

    @property
    def said(self) -> str:
        return self.stdout + self.stderr


class Guest:
    """Off until `boot`. What it writes to its disks and to `share` (there: /lab) outlives a power cut."""

    def __init__(self, hardware: Hardware, modules: Sequence[str] = ()) -> None:
        self.hardware = hardware
        self.disks = [f"/dev/ubd{chr(ord('a') + number)}" for number, _file in enumerate(hardware.disks, FIRST_DISK)]
        self.share = hardware.folder / "share"
        self._machine: Machine | None = None
        self._zygote_of: Machine | None = None
        self._jobs = 0
        (self.share / "jobs").mkdir(parents=True)
        settings = {"PATH": PATH, "MODULES": " ".join(modules), "ADDRESS": ADDRESS if hardware.network else ""}
        lines = [f"{name}={shlex.quote(value)}\n" for name, value in settings.items()]
        (self.share / "settings").write_text("".join(lines))
        LIVING.add(self)

    # -- the machine ---------------------------------------------------------------------------------------------

    @property
    def machine(self) -> Machine:
        if self._machine is None:
            raise Lost("the guest is off: boot() it")
        return self._machine

    def boot(self) -> None:
        """Power on, until it takes orders. Raises Lost with the console's words."""
        assert self._machine is None, "the guest runs already"
        self._machine = Machine(self.hardware)

    def power_cut(self) -> None:
        """Everything in it stops at once. What it had not written to its disks is lost."""
        machine, self._machine = self.machine, None
        machine.cut()

    def hang(self) -> None:
        """The whole machine stands still, until `go_on`."""
        self.machine.manage("stop")

    def go_on(self) -> None:
        self.machine.manage("go")

    def remove_disk(self, number: int) -> None:
        """Pull `disks[number]` out. Raises console.Refused while somebody has it open."""
        self.ok(["udevadm", "settle"])  # udev looks at what was just written to
        self.machine.manage(f"remove ubd{FIRST_DISK + number}")

    def add_disk(self, number: int) -> None:
        """Put it in again, with what was on it."""
        self.machine.manage(f"config ubd{FIRST_DISK + number}={self.hardware.disks[number]}")

    def console(self) -> str:
        """What its kernel and its first programs said since it was booted."""
        return "" if self._machine is None else self._machine.said()

    # -- programs in it ------------------------------------------------------------------------------------------

    def start(self, what: What, *, stdin: str = "", environment: Environment | None = None) -> Job:
        """Begin a script (a text) or a program (its words); it runs as root, in a session of its own, in `/`."""
        exports = [f"export {name}={shlex.quote(value)}\n" for name, value in (environment or {}).items()]
        script = what if isinstance(what, str) else f"exec {shlex.join(what)}"
        return self._begin("run", what, script="".join([*exports, script, "\n"]), stdin=stdin)

    def _begin(self, order: str, what: What, **files: str) -> Job:
        self._jobs += 1
        job = Job(self, self.machine, self._jobs, what if isinstance(what, str) else shlex.join(what))
        job.folder.mkdir()
        for name, text in files.items():
            (job.folder / name).write_text(text)
        self.machine.begin(job.number, order)
        return job

    def run(
        self,
        what: What,
        *,
        timeout_seconds: float = TIMEOUT_SECONDS,
        stdin: str = "",
        environment: Environment | None = None,
    ) -> Completed:
        """Run it to its end, whatever the status. Raises AssertionError when the time is over (it is killed)."""
        return self.start(what, stdin=stdin, environment=environment).wait(timeout_seconds)

    def ok(self, what: What, *, timeout_seconds: float = TIMEOUT_SECONDS, stdin: str = "") -> str:
        """Run it, demand status 0, and return its standard output without blanks around it."""
        done = self.run(what, timeout_seconds=timeout_seconds, stdin=stdin)
        assert done.status == 0, f"{done.what}: status {done.status}\n{done.said}"
        return done.stdout.strip()

    def slowness(self) -> float:
        """How many times slower it is now than alone on its CPU, at least 1: what a deadline is to be stretched by."""
        tries = sorted(self.run(["true"]).seconds for _try in range(3))
        return max(1.0, tries[1] / USUAL_SECONDS)

    def with_person(self, argv: Sequence[str], *moments: Moment) -> Completed:
        """Run it with a person at its terminal, who waits for each question, does the script, and types the answer."""
        (self.share / "story.json").write_text(json.dumps({"argv": list(argv), "moments": moments}))
        start = f"cd {PROJECT}; exec python3 -m tests.lab.person /lab/story.json"
        return self.run(start, environment=SVMRUN_FOLDERS)

    def svmrun(self, *words: str, kill: Kill | None = None, environment: Environment | None = None) -> Completed:
        """This working tree's svmrun, to its end; its state is in /lab/state, its memory in /run."""
        return self.start_svmrun(*words, kill=kill, environment=environment).wait()

    def start_svmrun(self, *words: str, kill: Kill | None = None, environment: Environment | None = None) -> Job:
        """Beside other things. With `kill` it is killed at an exact record of its journal (see tests/nursery.py)."""
        self._wake_the_zygote()
        folder = f"/lab/jobs/{self._jobs + 1}"
        given = {"PATH": PATH, "HOME": "/root", "LC_ALL": "C.UTF-8", **SVMRUN_FOLDERS}
        request = Request(words, {**given, **(environment or {})}, "/", f"{folder}/stdout", kill, f"{folder}/stderr")
        return self._begin("svmrun", ["svmrun", *words], request=request.line().decode())

    def _wake_the_zygote(self) -> None:
        if self._zygote_of is not self.machine:
            self.start(f"cd {PROJECT}; exec python3 -m tests.lab.zygote </run/zygote >/dev/tty1 2>/dev/console")
            self._zygote_of = self.machine

    def events(self) -> list[dict[str, Any]]:
        """The journal of svmrun's last run; a record that is just being written is left out."""
        journals = sorted((self.share / "state" / "runs").glob("*/journal.jsonl"))
        return [json.loads(line) for line in journals[-1].read_text().split("\n")[:-1]] if journals else []

    def event(self, kind: str, **values: Any) -> dict[str, Any]:
        """The last record of this kind in that journal, with these values."""
        wanted = {"event": kind, **values}
        return [event for event in self.events() if wanted.items() <= event.items()][-1]

    def when(self, kind: str, step: str, role: str = "forward") -> float:
        """The time of such a record, by the guest's clock: seconds since the epoch."""
        return float(self.event(kind, step=step, role=role)["at"])


@dataclass
class Job:
    """A program that was started in a guest."""

    guest: Guest
    machine: Machine
    number: int
    what: str

    def __post_init__(self) -> None:
        self.folder = self.guest.share / "jobs" / str(self.number)
        self.began = time.monotonic()

    @property
    def pid(self) -> int:
        """In the guest; it leads a process group and a session."""
        assert eventually(lambda: self._text("pid").endswith("\n"), every_seconds=0.01), f"{self.what} did not start"
        return int(self._text("pid"))

    def so_far(self) -> str:
        """What it has printed on standard output by now."""
        return self.guest.run(["cat", f"/lab/jobs/{self.number}/stdout"]).stdout

    def kill(self) -> None:
        """SIGKILL to all of its session's first group. Who waits inside the kernel does not notice."""
        if self.pid:  # else it would be killed before it is there
            self.machine.kill(self.number)

    @contextmanager
    def standing_still(self) -> Iterator[None]:
        """From when it has stopped itself (see `Kill`, victims `stop`); it goes on afterwards."""
        stopped = STOPPED.replace("PID", str(self.pid))
        assert self.guest.run(stopped, timeout_seconds=PATIENCE_SECONDS).status == 0, f"it has ended: {self.so_far()}"
        yield
        self.guest.ok(f"kill -s CONT {self.pid}")

    def wait(self, timeout_seconds: float = TIMEOUT_SECONDS) -> Completed:
        """Raises AssertionError with what it has said when it takes longer, and kills it."""
        try:
            status = self.machine.status_of(self.number, timeout_seconds)
        except TimeoutError:
            self.kill()
            said = self._text("stdout") + self._text("stderr")
            raise AssertionError(f"{self.what}: not ended after {timeout_seconds:g} s\n{said}") from None
        seconds = time.monotonic() - self.began
        return Completed(self.what, status, self._text("stdout"), self._text("stderr"), seconds)

    def _text(self, name: str) -> str:
        path = self.folder / name
        return path.read_text(errors="replace") if path.exists() else ""


def eventually(condition: Callable[[], object], seconds: float = 45.0, every_seconds: float = 0.2) -> bool:
    """True as soon as it holds. It is looked at seldom: each look into a guest takes time from what runs in it."""
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            return False
        time.sleep(every_seconds)
    return True


@contextmanager
def booted(
    *, disks: int = 0, disk_mb: int = 64, memory_mb: int = 256, modules: Sequence[str] = (), network: bool = False
) -> Iterator[Guest]:
    """A running guest with so many empty disks; it and its disks are gone afterwards. Skips where none can be."""
    if reason := why_not(memory_mb):
        pytest.skip(reason)
    if network and shutil.which("slirp4netns") is None:
        pytest.skip("NOT TESTED: a guest's network needs slirp4netns: install it")
    folder = Path(tempfile.mkdtemp(prefix="svmrun-lab-", dir=MEMORY))
    try:
        files = tuple(_disk(folder / f"disk{number}", disk_mb) for number in range(FIRST_DISK, FIRST_DISK + disks))
        guest = Guest(Hardware(folder, files, memory_mb, own_cpu(), network), modules)
        guest.boot()
        try:
            yield guest
        finally:
            if guest._machine is not None:
                guest.power_cut()
    finally:
        shutil.rmtree(folder)


def _disk(path: Path, megabytes: int) -> Path:
    with path.open("wb") as file:
        file.truncate(megabytes * 1024**2)
    return path


def own_cpu() -> int:
    """By the number of this pytest-xdist worker; without one, any that we may use."""
    cpus = sorted(os.sched_getaffinity(0))
    worker = os.environ.get("PYTEST_XDIST_WORKER", str(os.getpid())).removeprefix("gw")
    return cpus[int(worker) % len(cpus)]


def why_not(memory_mb: int) -> str:
    """Why no guest can run here, in a sentence; empty where it can."""
    if not Path(KERNEL).exists() or not MODULES_FOLDER.is_dir():
        return f"NOT TESTED: real disks need {KERNEL}: install user-mode-linux (as root, bootstrap.py test does it)"
    if not MEMORY.is_dir() or os.statvfs(MEMORY).f_flag & os.ST_NOEXEC:
        return f"NOT TESTED: a guest's memory cannot be in {MEMORY}: mount a tmpfs there, with exec"
    if shutil.disk_usage(MEMORY).free < memory_mb * 1024**2 + SPARE_BYTES:
        return f"NOT TESTED: a guest needs {memory_mb} MB free in {MEMORY}: enlarge it (docker: --shm-size)"
    return ""
