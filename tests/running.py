"""Runs the real `svmrun` executable on a simulated host of its own, and looks at what became of that host."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from svmrun.simulator import state_file
from svmrun.simulator.fault_text import parse_fault
from svmrun.simulator.install import install
from svmrun.simulator.world import World
from tests.installed import until
from tests.simulated_host import shipped

SVMRUN = str(Path(sys.executable).with_name("svmrun"))
RUNBOOKS = Path(__file__).parent.parent / "runbooks"
PATIENCE_SECONDS = 60.0
AT_WORK = ("running", "attached-resync", "offline-resync")  # a mirror of such sides becomes whole by itself
ONLY_LOOKING = ("df ", "fuser ", "id", "metaset ", "metastat ", "mt -f", "scstat ", "svcs ", "cluster status")


@dataclass
class Ended:
    """How a started svmrun ended, and what it said."""

    code: int
    out: str
    err: str

    @property
    def said(self) -> str:
        return self.out + self.err

    def instructions(self) -> list[str]:
        """The command lines that end what is left, as they were printed."""
        return list(dict.fromkeys(re.findall(r"to end it: (.+)$", self.said, re.MULTILINE)))


@dataclass
class Scene:
    """A simulated host, a state folder, and a memory-backed folder for guards."""

    folder: Path
    memory: Path
    before: World = field(default_factory=shipped)
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def host(self, world: str | World = "schost", *faults: str, **values: Any) -> None:
        """Make the host (anew); `faults` are written as for `svmrun simulate --fault`."""
        made = shipped(world) if isinstance(world, str) else world
        values = {"time_scale": 0.0, "faults": tuple(parse_fault(text) for text in faults), **values}
        install(self.folder / "host", replace(made, **values))
        self.before = self.world

    @property
    def world(self) -> World:
        return state_file.read(str(self.folder / "host"))

    @property
    def state(self) -> Path:
        return self.folder / "state"

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("HOME", "PATH", "LANG", "PYTHONPATH") if name in os.environ}
        return {**kept, "SVMRUN_STATE": str(self.state), "SVMRUN_MEMORY": str(self.memory)}

    # -- running -------------------------------------------------------------------------------------------------

    def execute(self, runbook: str | Path, *arguments: str, **environment: str) -> Ended:
        return self.run("execute", str(runbook), "--simulate", str(self.folder / "host"), *arguments, **environment)

    def run(self, *arguments: str, **environment: str) -> Ended:
        return self.command(SVMRUN, *arguments, **environment)

    def command(self, *argv: str, **environment: str) -> Ended:
        done = subprocess.run(
            argv,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=PATIENCE_SECONDS,
            env={**self.environment, **environment},
            cwd=self.folder,
        )
        return Ended(done.returncode, done.stdout.decode(), done.stderr.decode())

    def start(self, runbook: str | Path, *arguments: str) -> subprocess.Popen[bytes]:
        """In a session of its own; what it says goes to a file, see `ended`."""
        with open(self.folder / "said.txt", "wb") as said:
            process = subprocess.Popen(
                [SVMRUN, "execute", str(runbook), "--simulate", str(self.folder / "host"), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                env=self.environment,
                cwd=self.folder,
                start_new_session=True,
            )
        self.started.append(process)
        return process

    def ended(self, process: subprocess.Popen[bytes]) -> Ended:
        code = process.wait(timeout=PATIENCE_SECONDS)
        return Ended(code, (self.folder / "said.txt").read_text(), "")

    def kill_with_guard(self, runner: subprocess.Popen[bytes]) -> str:
        """Both at once, so that neither undoes anything; the name of the run that is left."""
        guard = os.getpgid(next(e["pid"] for e in self.events() if e["event"] == "GuardArmed"))
        os.killpg(guard, signal.SIGSTOP)  # so that it does nothing between the two deaths
        os.kill(runner.pid, signal.SIGKILL)
        os.killpg(guard, signal.SIGKILL)
        runner.wait()
        return next(str(e["run"]) for e in self.events() if e["event"] == "RunStarted")

    def shell(self, command: str) -> subprocess.CompletedProcess[str]:
        """What a person types at the host who was told to."""
        return subprocess.run(["sh", "-c", command], capture_output=True, text=True, timeout=PATIENCE_SECONDS)

    # -- looking -------------------------------------------------------------------------------------------------

    def events(self) -> list[dict[str, Any]]:
        """The records of the last run's journal."""
        journals = sorted((self.state / "runs").glob("*/journal.jsonl"))
        return [json.loads(line) for line in journals[-1].read_text().splitlines()] if journals else []

    def began(self, step: str, role: str = "forward") -> bool:
        """Whether a command of this step's action was started; the last record may still be being written."""
        try:
            events = self.events()
        except ValueError:
            return False
        starts = [e for e in events if e["event"] == "ActionStarted"]
        return any(e["step"] == step and e["role"] == role for e in starts)

    def until_called(self, line: str) -> None:
        until(lambda: any(call.startswith(line) for call in self.world.calls), line)

    def running(self) -> list[str]:
        """The simulated commands and guards of this host that still run."""
        listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
        return [line for line in listed.splitlines() if f"{self.folder}/host/" in line or f"{self.memory}/" in line]

    def calls(self) -> tuple[str, ...]:
        """What was called, but for what only looks."""
        return tuple(c for c in self.world.calls if not c.startswith(ONLY_LOOKING) and not _looks(c))


def _looks(call: str) -> bool:
    return bool(re.fullmatch(r"lockfs /\S*", call)) or call.endswith(" status") or " status " in call


def differences(before: World, after: World) -> list[str]:
    """What is not as it was found, or will not become so by itself."""
    pairs: list[tuple[str, Any, Any]] = [
        ("locks", _locks(before), _locks(after)),
        ("mirrors", _sides(before), _sides(after)),
        ("sides that do not work", [], _broken(after)),
        ("services", _services(before), _services(after)),
        ("owners", before.sets, after.sets),
        ("volumes", [s.name for s in before.stripes], [s.name for s in after.stripes]),
        ("other volumes", before.others, after.others),
        ("legs", _legs(before), _legs(after)),
        ("devices laid over others", [v.name for v in before.views], [v.name for v in after.views]),
        ("who has what open", set(before.opens), {o for o in after.opens if not o.command}),
    ]
    return [f"{what}: {was} -> {now}" for what, was, now in pairs if was != now]


def _locks(world: World) -> dict[str, str]:
    return {f.mount_point: f.lock for f in world.file_systems}


def _legs(world: World) -> dict[str, list[tuple[str, bool, bool]]]:
    """A leg that is copied to will be in sync by itself."""
    return {
        m.name: [(leg.device, leg.state in ("in-sync", "recovering"), leg.differs) for leg in m.legs]
        for m in world.linux_mirrors
    }


def _services(world: World) -> dict[str, str]:
    return {s.fmri: s.state for s in world.services}


def _sides(world: World) -> dict[str, list[str]]:
    return {m.name: sorted(s.name for s in m.submirrors) for m in world.mirrors}


def _broken(world: World) -> list[str]:
    sides = [side for mirror in world.mirrors for side in mirror.submirrors]
    return [f"{side.name} {side.state}" for side in sides if side.state not in AT_WORK]


def with_short_timeouts(runbook: str, step: str, folder: Path, seconds: float = 1.5) -> Path:
    """A copy of a shipped runbook in which this step, and its rollback handler, may take only that long."""
    lines = (RUNBOOKS / f"{runbook}.yaml").read_text().splitlines()
    copy = folder / f"{runbook}.yaml"
    copy.write_text("\n".join(_shortened(lines, step, seconds)) + "\n")
    return copy


def _shortened(lines: list[str], step: str, seconds: float) -> Iterator[str]:
    inside = False
    for line in lines:
        if line.startswith("  - "):
            inside = line == f"  - id: {step}"
        if inside and line.lstrip().startswith("timeout:"):
            continue
        yield line
        if inside and line == f"  - id: {step}":
            yield f"    timeout: {seconds}s"
        elif inside and line == "    rollback:":
            yield f"      timeout: {seconds}s"


@contextmanager
def memory_folder() -> Iterator[Path]:
    """A private folder in memory; a guard accepts no other."""

    place = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    path = Path(tempfile.mkdtemp(prefix="svmrun-test-", dir=place))
    yield path
    shutil.rmtree(path, ignore_errors=True)
