"""verify tries failures in memory: the same failures on a simulated host, with real processes, must go the same way.

Compared is what the journal tells of both: which actions were done in which role and attempt, how they ended, what a
look found, when the run turned back, its verdict and exit code. Times, texts and process numbers are each one's own.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from svmrun.core import events as e
from svmrun.effects.journal import Journal
from svmrun.verify.desk import Desk
from svmrun.verify.kinds import Injection
from svmrun.verify.story import events_of, steps, tell
from svmrun.verify.turn import take
from tests.installed import until
from tests.kill_stories import Nursery, nursery
from tests.nursery import Kill
from tests.running import Scene, memory_folder
from tests.verifying import preparation

WINDOW = Path(__file__).parent / "cases" / "conformance" / "window.yaml"
LIMIT_SECONDS = 1.5  # of a step that hangs, in both
INTERRUPT, TERMINATE = signal.SIGINT, signal.SIGTERM


@dataclass(frozen=True)
class Case:
    """`goes_wrong`: step, role and kind in memory. `faults`: what makes the same happen to the commands of a host.

    `signal` is sent to the runner while the last of them hangs, `kill`: who dies when its start is durable.
    """

    goes_wrong: Sequence[tuple[str, str, str]]
    faults: Sequence[str] = ()
    signal: int = 0
    kill: str = ""

    def __str__(self) -> str:
        told = ", ".join(dict.fromkeys(" ".join(one) for one in self.goes_wrong))
        return f"{told}{f' ({signal.Signals(self.signal).name})' if self.signal else ''}"


STUCK = [("check", "forward", "fail"), *[("detach", "rollback", "fail")] * 6]
CASES = [
    Case([("lock", "found", "fail")], ["lockfs /global/schost-1#1=fail"]),
    Case([("lock", "forward", "fail")], ["lockfs -w=fail"]),
    Case([("lock", "forward", "lie")], ["lockfs -w=lie"]),
    Case([("lock", "forward", "garbage")], ["lockfs -w=garbage"]),
    Case([("lock", "forward", "timeout-after")], ["lockfs -w=hang-after"]),
    Case([("detach", "forward", "fail-after")], ["metadetach=fail-after"]),
    Case([("detach", "forward", "timeout")], ["metadetach=hang"]),
    Case([("detach", "forward", "cancelled")], ["metadetach=hang"], signal=INTERRUPT),
    Case([("detach", "forward", "cancelled-after")], ["metadetach=hang-after"], signal=TERMINATE),
    Case([("detach", "forward", "killed-1a")], kill="runner"),
    Case([("detach", "forward", "both-killed-1a")], kill="both"),
    Case([("still-locked", "forward", "garbage")], ["lockfs /global/schost-1#4=garbage"]),
    Case([("check", "forward", "prompt")], ["fsck=prompt"]),
    Case([("lock", "release", "fail-after")], ["lockfs -u#1=fail-after"]),
    Case([("lock", "release", "lie")], ["lockfs -u#1=lie"]),
    Case(
        [("check", "forward", "fail"), ("detach", "rollback", "fail-after")],
        ["fsck=fail", "metattach#1=fail-after"],
    ),
    Case(
        [("detach", "forward", "fail"), ("lock", "probe", "garbage")],
        ["metadetach=fail", "lockfs /global/schost-1#4=garbage"],
    ),
    Case(STUCK, ["fsck=fail", "metattach=fail"]),
]


@pytest.fixture(scope="module")
def runner() -> Iterator[Nursery]:
    with nursery() as made:
        yield made


@pytest.fixture(scope="module")
def undisturbed(runner: Nursery, tmp_path_factory: pytest.TempPathFactory) -> list[e.Event]:
    """What a run on a host records in which nothing goes wrong."""
    with memory_folder() as memory:
        scene = Scene(tmp_path_factory.mktemp("undisturbed"), memory)
        scene.host()
        assert runner.run(scene, "execute", str(WINDOW), "--simulate", str(scene.folder / "host")).code == 0
        return recorded(scene)


def test_without_a_failure_both_go_the_same_way(undisturbed: list[e.Event]) -> None:
    assert [line for event in undisturbed for line in told(event)] == list(in_memory(preparation(WINDOW).desk(), []))


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_host_goes_the_way_that_verify_foretells(
    runner: Nursery, undisturbed: list[e.Event], scene: Scene, case: Case
) -> None:
    runbook = limited(case, scene.folder)
    foretold = list(in_memory(preparation(runbook).desk(), case.goes_wrong))
    scene.host("schost", *case.faults)
    kill = Kill(record_of(undisturbed, case), "after", case.kill)
    host = ("--simulate", str(scene.folder / "host"))
    pid = runner.start(scene, "execute", str(runbook), *host, kill=kill if case.kill else None)
    if case.signal:
        scene.until_called("metadetach")
        if "metadetach=hang-after" in case.faults:
            until(lambda: scene.world.mirrors != scene.before.mirrors, "it has detached")
        os.kill(pid, case.signal)
    code = runner.end(scene).code
    if case.kill:
        assert (code, runner.run(scene, "recover").code) == (-signal.SIGKILL, 0)
    happened = [line for event in recorded(scene) for line in told(event)]
    assert happened == [line.replace("rolled back 130", f"rolled back {128 + case.signal}") for line in foretold]
    assert case.kill or happened[-1].split(" left")[0].endswith(f" {code}")


def test_verify_knows_that_the_guard_goes_on_after_a_stuck_run() -> None:
    backup = preparation(WINDOW).desk()
    lines = tell(backup, placed(backup, STUCK)).lines
    assert lines[-2].what.startswith("the run has ended: stuck, exit code 4; left: detach")
    assert (lines[-2].mirror, lines[-1].what) == ("schost-1/d0: d10 d20", "the guard releases detach")
    assert lines[-1].mirror == "schost-1/d0: d10 d20 d30 resyncing"


def record_of(undisturbed: list[e.Event], case: Case) -> int:
    """The number of the record, from 1, that tells of the start of the action at which something goes wrong."""
    step, role, _kind = case.goes_wrong[-1]
    starts = (
        n for n, x in enumerate(undisturbed, 1) if isinstance(x, e.ActionStarted) and (x.step, x.role) == (step, role)
    )
    return next(starts, 0)


def limited(case: Case, folder: Path) -> Path:
    """The runbook, in which the steps that hang may do so only for a moment."""
    hanging = {step for step, _role, kind in case.goes_wrong if kind.startswith("timeout")}
    lines = []
    for line in WINDOW.read_text().splitlines():
        lines.append(line)
        if line.removeprefix("  - id: ") in hanging:
            lines.append(f"    timeout: {LIMIT_SECONDS}s")
    copy = folder / WINDOW.name
    copy.write_text("\n".join(lines) + "\n")
    return copy


def in_memory(desk: Desk, goes_wrong: Sequence[tuple[str, str, str]]) -> Iterator[str]:
    for step in steps(desk, placed(desk, goes_wrong)):
        for event in events_of(desk, step):
            yield from told(event)


def placed(desk: Desk, goes_wrong: Sequence[tuple[str, str, str]]) -> list[Injection]:
    """The turns at which the actions come first at which something goes wrong."""
    found: list[Injection] = []
    for step, role, kind in goes_wrong:
        turns = [s.before for s in steps(desk, found) if not found or s.before.turn > found[-1].turn]
        acting = ((t.turn, take(desk, t).intent) for t in turns)
        turn = next(n for n, intent in acting if intent and (intent.step, intent.role) == (step, role))
        found.append(Injection.parse(f"{turn}:{kind}"))
    return found


def recorded(scene: Scene) -> list[e.Event]:
    (journal,) = (scene.state / "runs").glob("*/journal.jsonl")
    return Journal.read(journal)[0]


def told(event: e.Event) -> Iterator[str]:
    match event:
        case e.RunStarted() | e.ProcessStarted():
            return
        case e.ActionStarted():
            yield f"{event.role} {event.step} part {event.part} attempt {event.attempt}: {event.adapter}"
        case e.ActionEnded():
            yield f"{event.role} {event.step} {event.outcome} present {event.present} untouched {event.untouched}"
        case e.RunEnded():
            yield f"{event.verdict} {event.exit_code} left {len(event.left)}"
        case _:
            yield f"{type(event).__name__} {getattr(event, 'step', '')}"
