"""One story: a run on a simulated host is killed; its guard acts; `svmrun recover` ends it; is anything left?"""

from __future__ import annotations

import os
import pty
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from svmrun.core import events as e
from svmrun.effects.journal import Journal
from svmrun.simulator.world import World
from tests.installed import until
from tests.nursery import Kill, Request, kill_victims
from tests.running import SVMRUN, Ended, Scene, differences

ROOT = Path(__file__).parent.parent
WORLDS = {
    "mirror-backup": "schost",
    "mirror-backup-offline": "schost",
    "raw-volume-backup": "raw-volume",
    "mirror-status": "schost",
}
VICTIMS = ("runner", "group", "guard", "guard-alone", "both", "all")
SPARED = ("runner", "group")  # the guard lives, and must have released everything by itself
GUARD_KILLED = ("guard", "both", "all")
GUARD_SECONDS = 20.0
MOST_RECORDS = 58  # a little more than the longest runbook writes that nobody kills
LONGEST_DELAY_SECONDS = 0.2  # a little more than from one record to the next
FORWARD = ("forward", "found", "release")


class Nursery:
    """See tests/nursery.py. One process at a time."""

    def __init__(self) -> None:
        self._running = 0
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.nursery"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        )

    def start(self, scene: Scene, *arguments: str, kill: Kill | None = None) -> int:
        said = str(scene.folder / "said.txt")
        request = Request(arguments, scene.environment, str(scene.folder), said, kill)
        assert self._process.stdin
        self._process.stdin.write(request.line())
        self._process.stdin.flush()
        self._running = self._answer("pid")
        return self._running

    def end(self, scene: Scene) -> Ended:
        code = self._answer("ended")
        self._running = 0
        return Ended(code, (scene.folder / "said.txt").read_text(errors="replace"), "")

    def run(self, scene: Scene, *arguments: str, kill: Kill | None = None) -> Ended:
        self.start(scene, *arguments, kill=kill)
        return self.end(scene)

    def close(self) -> None:
        if self._running:  # what a failed test left
            with suppress(ProcessLookupError):
                os.kill(self._running, signal.SIGKILL)
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()

    def _answer(self, word: str) -> int:
        assert self._process.stdout
        said = self._process.stdout.readline().split()
        assert said[:1] == [word.encode()], said
        return int(said[1])


@contextmanager
def nursery() -> Iterator[Nursery]:
    made = Nursery()
    try:
        yield made
    finally:
        made.close()


def start_and_stop(nursery: Nursery, scene: Scene, runbook: str, record: int) -> int:
    """A run that stands still after this record; its pid. SIGCONT lets it go on."""
    kill = Kill(record, "after", "stop")
    pid = nursery.start(scene, "execute", runbook, "--simulate", str(scene.folder / "host"), kill=kill)
    until(lambda: has_state(pid, "T"), "it stands still")
    return pid


@dataclass(frozen=True)
class RandomKill:
    """From outside, at any moment: so long after the journal has so many records (0: after the start)."""

    records: int
    delay_seconds: float
    victims: str

    @staticmethod
    def choose(dice: random.Random) -> RandomKill:
        return RandomKill(dice.randint(0, MOST_RECORDS), dice.uniform(0, LONGEST_DELAY_SECONDS), dice.choice(VICTIMS))

    def await_moment(self, scene: Scene, runner: int) -> None:
        runs = scene.state / "runs"
        while sum(path.read_bytes().count(b"\n") for path in runs.glob("*/journal.jsonl")) < self.records:
            if has_state(runner, "Z"):
                return
            time.sleep(0.005)
        time.sleep(self.delay_seconds)


def has_state(pid: int, state: str) -> bool:
    """T: it is stopped. Z: it has ended (so does one that is gone)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].startswith(state)
    except OSError:
        return state == "Z"


@dataclass
class Story:
    """What was seen. `problems` is empty when the promise was kept."""

    runbook: str
    kill: Kill | RandomKill
    problems: list[str] = field(default_factory=list)
    held_at_death: bool = False
    held_at_end: bool = False
    released_after_seconds: float = 0.0

    def __str__(self) -> str:
        return f"{self.runbook}, {self.kill}: {'; '.join(self.problems) or 'kept'}"


def tell(nursery: Nursery, scene: Scene, runbook: str, kill: Kill | RandomKill, *faults: str, **more: Kill) -> Story:
    """Play it from the start to its end. With `recovery=Kill(...)` the first recovery is killed, too."""
    story = Story(runbook, kill)
    scene.host(WORLDS[runbook], *faults)
    killed = _start_and_kill(nursery, scene, story)
    _await_guard(scene, story)
    found = differences(scene.before, scene.world)
    if found and killed.code == -9 and kill.victims in SPARED:
        story.problems.append(f"the guard left {found}")
    if killed.code >= 0:
        _judge_end(story, killed)
    if "recovery" in more:
        nursery.run(scene, "recover", kill=more["recovery"])
    _recover(nursery, scene, story)
    return story


def _start_and_kill(nursery: Nursery, scene: Scene, story: Story) -> Ended:
    arguments = ("execute", story.runbook, "--simulate", str(scene.folder / "host"))
    if isinstance(story.kill, Kill):
        return nursery.run(scene, *arguments, kill=story.kill)
    pid = nursery.start(scene, *arguments)
    story.kill.await_moment(scene, pid)
    kill_victims(story.kill.victims, pid, scene.memory)
    return nursery.end(scene)


def _await_guard(scene: Scene, story: Story) -> None:
    began = time.monotonic()
    story.held_at_death = bool(differences(scene.before, scene.world))
    while naming(scene.memory) and time.monotonic() < began + GUARD_SECONDS:
        time.sleep(0.02)
    story.released_after_seconds = time.monotonic() - began
    if naming(scene.memory):
        story.problems.append(f"its guard still runs: {naming(scene.memory)}")


def naming(folder: Path) -> list[int]:
    """The processes whose command line names something in this folder: its guards, or its commands."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if f"{folder}/".encode() in (entry / "cmdline").read_bytes():
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def _recover(nursery: Nursery, scene: Scene, story: Story) -> None:
    first = nursery.run(scene, "recover")
    if first.code not in (0, 4):
        story.problems.append(f"recover ended with {first.code}: {first.said[-500:]}")
    if first.code == 4:
        _do_as_told(scene, first, story)
    story.held_at_end = bool(left := differences(scene.before, scene.world))
    if left:
        story.problems.append(f"recover left {left}: {first.said[-800:]}")
    _judge_journal(scene, story)
    while naming(scene.folder / "host" / "bin"):  # a fact that was being read when the runner died
        time.sleep(0.02)
    before = scene.world.calls
    second = nursery.run(scene, "recover")
    again = scene.world.calls[len(before) :]
    if first.code == 0 and (second.code != 0 or again):
        story.problems.append(f"a second recover ended with {second.code} and called {again}")
    # A guard that was killed before the run's journal knew of it, or after its end, leaves a folder that holds nothing.
    remains = [] if story.kill.victims in GUARD_KILLED else [str(path) for path in scene.memory.glob("svmrun-*/*")]
    if remains or naming(scene.memory):
        story.problems.append(f"in memory remains {remains} {naming(scene.memory)}")


def _do_as_told(scene: Scene, ended: Ended, story: Story) -> None:
    """Word for word, as a person would who was called at night."""
    if not ended.instructions():
        story.problems.append(f"stuck, and nobody is told what to do: {ended.said[-500:]}")
    for line in ended.instructions():
        done = scene.shell(line)
        if done.returncode and differences(scene.before, scene.world):  # else its guard was quicker
            story.problems.append(f"what was told does not work: {line}: {done.stdout}{done.stderr}")


def _judge_end(story: Story, ended: Ended) -> None:
    if ended.code not in (0, 1):
        story.problems.append(f"ended with {ended.code}: {ended.said[-500:]}")


def _judge_journal(scene: Scene, story: Story) -> None:
    for path in (scene.state / "runs").glob("*/journal.jsonl"):
        events, _torn = Journal.read(path)
        story.problems += judged(events, scene.world)


def judged(events: list[e.Event], world: World) -> list[str]:
    """What is wrong with the records of a run that has come to its end."""
    last = events[-1]
    if not isinstance(last, e.RunEnded):
        return ["the journal has no end"]
    back = next((n for n, x in enumerate(events) if isinstance(x, (e.RollbackStarted, e.GuardFired))), len(events))
    late = [f"{x.role} {x.step}" for x in events[back:] if isinstance(x, e.ActionStarted) and x.role in FORWARD]
    problems = [f"went forward after it had turned back: {late}"] if late else []
    if last.verdict == "succeeded" and any(isinstance(x, e.RollbackStarted) for x in events):
        problems.append("a run that turned back is called succeeded")
    return problems


def every_kill(records: int, victims: tuple[str, ...] = VICTIMS) -> Iterator[Kill]:
    for record in range(1, records + 1):
        for moment in ("before", "after"):
            for victim in victims:
                yield Kill(record, moment, victim)


def count_records(nursery: Nursery, scene: Scene, runbook: str, *faults: str) -> int:
    """How many records a run of it writes that nobody kills."""
    scene.host(WORLDS[runbook], *faults)
    ended = nursery.run(scene, "execute", runbook, "--simulate", str(scene.folder / "host"))
    assert ended.code in (0, 1), ended.said
    return len(scene.events())


def on_terminal(scene: Scene, *arguments: str) -> tuple[int, int]:
    """A session leader with a pseudo-terminal of its own: its pid, and the other side."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(scene.folder)
        os.execve(SVMRUN, [SVMRUN, *arguments], {**scene.environment, "TERM": "xterm"})
    return pid, terminal
