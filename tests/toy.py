"""A host of switches for tests of the core: each step turns one on, its handlers turn it off again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from svmrun.core import events as e
from svmrun.core.decide import Perform
from svmrun.core.state import State
from svmrun.errors import JournalError
from svmrun.plan.model import Plan, PlannedAction, PlannedStep

WORDS = ("ok", "fail", "fail-after", "lie", "unknown", "unknown-after", "late")


@dataclass
class Killed(Exception):
    """The runner is gone."""


def step(
    name: str, *, hold: float | None = 60.0, probed: bool = True, handlers: int = 1, attempts: int = 1
) -> PlannedStep:
    action = PlannedAction("toy", {}, 10.0, attempts=attempts, probed=probed)
    rollback = tuple(PlannedAction("toy", {}, 10.0, attempts=3) for _ in range(handlers))
    return PlannedStep(name, name, "toy.yaml:1:1", action, None, rollback, hold if handlers else None)


def release(name: str) -> PlannedStep:
    return PlannedStep(f"release-{name}", f"release {name}", "toy.yaml:1:1", releases=name)


def plan(*steps: PlannedStep) -> Plan:
    return Plan("toy", "toy.yaml", "0", {}, {}, {}, steps)


BACKUP = plan(step("lock"), step("detach"), release("lock"), step("dump", hold=None, handlers=0), release("detach"))


@dataclass
class Memory:
    """A journal in memory; it fails from the record numbered `lost_at` on, and dies before or after `killed_at`."""

    events: list[e.Event] = field(default_factory=list)
    lost_at: int | None = None
    killed_at: float | None = None  # n: before record n is durable; n + 0.5: after

    def append(self, event: e.Event) -> e.Event:
        number = len(self.events)
        if self.killed_at == number:
            raise Killed
        if self.lost_at is not None and number >= self.lost_at:
            raise JournalError("No space left on device")
        event = replace(event, at=1000.0 + number)
        self.events.append(event)
        if self.killed_at == number + 0.5:
            raise Killed
        return event


@dataclass
class ToyHost:
    """Performs the moves of a plan on switches. `fates` says what becomes of the n-th action; "ok" after its end."""

    plan: Plan
    switches: dict[str, bool] = field(default_factory=dict)
    fates: Sequence[str] = ()
    number: int = 0
    log: list[tuple[str, str]] = field(default_factory=list)
    late: list[tuple[str, bool]] = field(default_factory=list)
    surprises: dict[int, Callable[[], e.Event]] = field(default_factory=dict)
    finished: bool = False

    def prepare(self, state: State, move: Perform) -> e.ActionStarted:
        return e.ActionStarted(move.step, move.role, move.part, move.attempt, "toy")

    def perform(self, state: State, intent: e.ActionStarted, record: Callable[[e.Event], None]) -> e.ActionEnded:
        if intent.role == "found" and intent.attempt == 2:  # no fate: tests count the actions without it
            return self._look(intent, "ok")
        fate = self.fates[self.number] if self.number < len(self.fates) else "ok"
        self.number += 1
        self.log.append((intent.step, intent.role))
        if intent.role in ("found", "probe"):
            return self._look(intent, fate)
        last_part = len(self.plan.step(intent.step).rollback) - 1
        on = intent.role == "forward"
        if fate in ("ok", "fail-after", "unknown-after") and (on or intent.part == last_part):
            self.switches[intent.step] = on
        if fate == "late":
            self.late.append((intent.step, on))
        outcome: e.Kind = "succeeded" if fate in ("ok", "lie") else "failed" if fate.startswith("fail") else "unknown"
        return e.ActionEnded(intent.step, intent.role, intent.part, intent.attempt, outcome, fate)

    def _look(self, intent: e.ActionStarted, fate: str) -> e.ActionEnded:
        present = self.switches.get(intent.step, False) if fate == "ok" else None
        outcome: e.Kind = "succeeded" if fate == "ok" else "failed"
        if intent.attempt >= 2:  # a late effect comes while somebody looks again
            self.settle()
        return e.ActionEnded(intent.step, intent.role, intent.part, intent.attempt, outcome, fate, present=present)

    def settle(self) -> None:
        while self.late:
            name, on = self.late.pop()
            self.switches[name] = on

    def arm(self) -> e.GuardArmed:
        return e.GuardArmed(1, "0", "release.sh")

    def news(self, state: State) -> Iterator[e.Event]:
        surprise = self.surprises.pop(self.number, None)
        if surprise is not None:
            yield surprise()

    def goes_on(self, state: State) -> tuple[str, ...]:
        return ()

    def left(self, state: State, steps: tuple[str, ...]) -> tuple[str, ...]:
        return steps

    def finish(self, state: State) -> None:
        self.finished = True
