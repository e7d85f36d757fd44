"""What can happen to a run: one class per record of the journal, named in the past tense.

Times are seconds since the epoch (`at`, set by the journal's writer). A step's actions are told apart by `role`:
`found` (probe before the first hold: is the effect there already?), `forward`, `release`, `probe`, `rollback`.
`part` counts the actions of one role (a step may have several rollback handlers), `attempt` counts from 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from svmrun.values import quick

Json = Any
Role = Literal["found", "forward", "release", "probe", "rollback"]
Verdict = Literal["succeeded", "rolled back", "stuck"]
Kind = Literal["succeeded", "failed", "unknown"]


@dataclass(frozen=True)
class Event:
    at: float = field(default=0.0, kw_only=True)


@dataclass(frozen=True)
class RunStarted(Event):
    run: str
    plan: Mapping[str, Json]
    pid: int
    pid_started: str  # the process's start time as the system tells it: pids are used again
    host: str
    version: str


@quick
@dataclass(frozen=True)
class ActionStarted(Event):
    """The intent, durable before the action is performed."""

    step: str
    role: Role
    part: int
    attempt: int
    adapter: str
    argv: tuple[str, ...] = ()


@dataclass(frozen=True)
class ProcessStarted(Event):
    """A child runs. Recovery ends it by its group when its start time still agrees."""

    step: str
    pid: int
    pid_started: str


@quick
@dataclass(frozen=True)
class ActionEnded(Event):
    """The outcome. `present` is what a probe found (null: it cannot tell)."""

    step: str
    role: Role
    part: int
    attempt: int
    outcome: Kind
    message: str = ""
    result: Json = None
    changed: bool = True
    present: bool | None = None
    seconds: float = 0.0
    untouched: bool = False  # proven: a failed action changed nothing
    output: str = ""  # file in the run's folder, with the whole output


@dataclass(frozen=True)
class StepSkipped(Event):
    step: str
    reason: str


@dataclass(frozen=True)
class CancelRequested(Event):
    """INT, TERM or HUP arrived, or the operator said no. `signal` is its number; 0 for an operator."""

    signal: int
    reason: str = ""


@dataclass(frozen=True)
class RollbackStarted(Event):
    """From here on nothing goes forward. `exit_code` is what the run ends with when everything can be undone."""

    cause: str
    exit_code: int = 1
    step: str = ""


@dataclass(frozen=True)
class LimitPassed(Event):
    """A hold lasted longer than its limit."""

    step: str


@dataclass(frozen=True)
class GuardArmed(Event):
    """The guard acknowledged. `card` is the path of the break-glass card."""

    pid: int
    pid_started: str
    card: str


GUARD_DIED = "the guard died"  # the reason of a GuardFired that released nothing


@dataclass(frozen=True)
class GuardFired(Event):
    """The guard released holds by itself, or died: nothing may go forward any more."""

    reason: str
    released: tuple[str, ...] = ()


@dataclass(frozen=True)
class JournalLost(Event):
    """Records can no longer be made durable; never in the journal itself."""

    reason: str


@dataclass(frozen=True)
class RecoveryStarted(Event):
    """Another process took the run over after its runner died."""

    pid: int
    pid_started: str
    host: str


@dataclass(frozen=True)
class RunResumed(Event):
    """The run goes on forward after its cause was removed. `again` names the steps that are done (again)."""

    plan: Mapping[str, Json]
    again: tuple[str, ...]
    pid: int
    pid_started: str
    host: str


@dataclass(frozen=True)
class RunEnded(Event):
    verdict: Verdict
    exit_code: int
    cause: str = ""
    left: tuple[str, ...] = ()  # one line for each hold that could not be released, with the command that ends it
    goes_on: tuple[str, ...] = ()  # what goes on by itself after what was undone, and how to wait for its end


EVENTS: dict[str, type[Event]] = {
    c.__name__: c
    for c in (
        RunStarted,
        ActionStarted,
        ProcessStarted,
        ActionEnded,
        StepSkipped,
        CancelRequested,
        RollbackStarted,
        LimitPassed,
        GuardArmed,
        GuardFired,
        JournalLost,
        RecoveryStarted,
        RunResumed,
        RunEnded,
    )
}
