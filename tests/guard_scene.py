"""What the tests of the guard share: a folder with fake release commands, and a runner that may be killed."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from svmrun.effects.guard import Guard, release_body
from svmrun.plan.release import Already, HeldRelease, release_program

SHELLS = ("dash", "bash --posix", "busybox sh", "ksh", "mksh")

# Logs its arguments and obeys: `fails N` times, `hangs N` times; a `state` file holds what is held.
COMMAND = """#!/bin/sh
here={here}
case $1 in
status) cat "$here/state"; exit 0 ;;
esac
count=0
[ ! -f "$here/count.$2" ] || read -r count <"$here/count.$2"
count=$((count + 1))
echo "$count" >"$here/count.$2"
echo "$*" >>"$here/log"
fails=0 hangs=0
[ ! -f "$here/fails.$2" ] || read -r fails <"$here/fails.$2"
[ ! -f "$here/hangs.$2" ] || read -r hangs <"$here/hangs.$2"
if [ "$count" -le "$hangs" ]; then sleep 30; fi
if [ "$count" -le "$fails" ]; then echo "$2: cannot" >&2; exit 1; fi
echo "$2   released  now" >"$here/state.$2"
cat "$here"/state.* >"$here/state" 2>/dev/null
exit 0
"""

RUNNER = """
import sys, time, subprocess
from pathlib import Path
from tests.guard_scene import Scene
scene = Scene(Path(sys.argv[1]), sys.argv[2])
guard = scene.arm(float(sys.argv[3]))
for step in ("lock", "detach"):
    guard.hold(step)
if len(sys.argv) > 4:
    child = subprocess.Popen(["/bin/sh", "-c", sys.argv[4]], start_new_session=True)
    guard.child(child.pid, sys.argv[5])
    print(child.pid)
else:
    print(0)
print(guard.pid, flush=True)
time.sleep(60)
"""


@dataclass
class Scene:
    root: Path
    shell: str = "dash"

    @property
    def folder(self) -> Path:
        return self.root / "memory"

    @property
    def card(self) -> Path:
        return self.folder / "release.sh"

    @property
    def words(self) -> tuple[str, ...]:
        program, *rest = self.shell.split()
        return (next(f"{p}/{program}" for p in ("/usr/bin", "/bin") if Path(f"{p}/{program}").exists()), *rest)

    @property
    def command(self) -> str:
        path = self.root / "command"
        if not path.exists():
            path.write_text(COMMAND.format(here=self.root))
            path.chmod(0o755)
        return str(path)

    def hold(self, step: str, limit_seconds: float = 20.0, asked: bool = True, urgent: bool = False) -> HeldRelease:
        already = Already((self.command, "status"), (step, "released")) if asked else None
        releases = ((self.command, "undo", step),)
        return HeldRelease(step, f"Take the {step}", limit_seconds, releases, already, bound_seconds=1, urgent=urgent)

    def holds(self, limit_seconds: float = 20.0) -> list[HeldRelease]:
        (self.root / "state").touch()
        return [self.hold("lock", limit_seconds), self.hold("detach")]

    def program(self, holds: list[HeldRelease]) -> str:
        return release_program("a-run", "localhost", holds, str(self.card), release_body(), self.words, 0.2)

    def arm(self, limit_seconds: float = 20.0, holds: list[HeldRelease] | None = None) -> Guard:
        self.folder.mkdir(exist_ok=True)
        return Guard.arm(self.program(holds or self.holds(limit_seconds)), self.folder, self.words)

    def log(self) -> list[str]:
        path = self.root / "log"
        return path.read_text().splitlines() if path.exists() else []

    def comes_to(self, log: list[str]) -> bool:
        return eventually(lambda: self.log() == log)

    def behave(self, step: str, **times: int) -> None:
        for what, count in times.items():
            (self.root / f"{what}.{step}").write_text(f"{count}\n")

    def runner(self, *arguments: str, limit_seconds: float = 20.0) -> Runner:
        argv = [sys.executable, "-c", RUNNER, str(self.root), self.shell, str(limit_seconds), *arguments]
        process = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, start_new_session=True, cwd=HERE)
        assert process.stdout is not None
        with process.stdout as said:
            return Runner(process, int(said.readline()), int(said.readline()))

    def by_hand(self) -> subprocess.CompletedProcess[str]:
        argv = [*self.words, str(self.card)]
        return subprocess.run(argv, capture_output=True, text=True, timeout=30, check=False, cwd="/")


HERE = Path(__file__).resolve().parent.parent


@dataclass
class Runner:
    process: subprocess.Popen[str]
    child: int
    guard: int

    def kill(self, number: int = signal.SIGKILL) -> None:
        os.kill(self.process.pid, number)
        if number == signal.SIGKILL:
            self.process.wait()

    def kill_group(self) -> None:
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def eventually(condition: Callable[[], bool], seconds: float = 15.0) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if condition():
            return True
        time.sleep(0.01)
    return condition()


def runs(pid: int) -> bool:
    """True when the process lives and is no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


def gone(pid: int) -> bool:
    return eventually(lambda: not runs(pid))


def released_lines(*steps: str) -> list[str]:
    return [f"undo {step}" for step in steps]


def kill_all(runners: list[Runner]) -> None:
    time.sleep(0.05)  # their commands set their traps
    for runner in runners:
        runner.kill()


def end_guards(root: Path) -> None:
    """Whatever a failed test left: no guard outlives its test."""
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            ours = any(word.startswith(f"{root}/".encode()) for word in entry.read_bytes().split(b"\0"))
            if ours and int(entry.parent.name) != os.getpid():
                os.kill(int(entry.parent.name), signal.SIGKILL)
        except OSError:
            continue


@contextmanager
def traced(scene: Scene, trace: Path) -> Iterator[None]:
    """The system calls of all the guard's processes meanwhile, in the file `trace`."""
    listening = guards(scene)
    argv = ["strace", "-f", "-o", str(trace), *(f"-p{pid}" for pid in listening)]
    with subprocess.Popen(argv, stderr=subprocess.PIPE, text=True) as strace:
        assert strace.stderr is not None
        for _attached in listening:
            strace.stderr.readline()
        yield
        strace.send_signal(signal.SIGINT)


def strace_is_here() -> bool:
    if shutil.which("strace") is None:
        print("strace is not here: what an armed guard opens was not looked at", file=sys.__stderr__)
        return False
    return True


def guards(scene: Scene) -> list[int]:
    """The processes that run the card."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = entry.read_bytes().split(b"\0")
        except OSError:
            continue
        if str(scene.card).encode() in words and {b"guard", b"guard-as-root"} & set(words):
            found.append(int(entry.parent.name))
    return found


@pytest.fixture(params=SHELLS)
def scene_of_a_shell(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Scene]:
    made = Scene(tmp_path, request.param)
    yield made
    end_guards(tmp_path)


@pytest.fixture
def scene_of_each_shell(tmp_path: Path) -> Iterator[list[Scene]]:
    """One of each shell, to wait for all of them together."""
    made = [Scene(tmp_path / shell.split()[0], shell) for shell in SHELLS]
    for one in made:
        one.root.mkdir()
    yield made
    end_guards(tmp_path)
