"""The JSON shapes that svmrun prints. `schemas/` is generated from these classes and from the events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from svmrun.core.events import Verdict
from svmrun.errors import Problem

Json = Any


@dataclass(frozen=True)
class Progressed:
    """How far the running action has come; printed between the events, never journalled."""

    at: float
    step: str
    percent: float | None
    text: str


@dataclass(frozen=True)
class Noticed:
    """A sentence for the person; printed between the events, never journalled."""

    at: float
    text: str


@dataclass(frozen=True)
class RunSummary:
    """A run in one line. Times are seconds since the epoch; `verdict` is null while the run is unfinished."""

    run: str
    runbook: str
    file: str
    host: str
    simulated: bool
    started_at: float
    ended_at: float | None
    seconds: float | None
    verdict: Verdict | None
    exit_code: int | None
    cause: str
    journal: str
    damage: str  # why the journal cannot be read; empty when it can


@dataclass(frozen=True)
class History:
    """Past runs, the newest first."""

    runs: tuple[RunSummary, ...]


@dataclass(frozen=True)
class ShownAction:
    """One action that was started. `outcome` is null when its end is not recorded."""

    role: str
    part: int
    attempt: int
    adapter: str
    argv: tuple[str, ...]
    started_at: float
    seconds: float | None
    outcome: Literal["succeeded", "failed", "unknown"] | None
    message: str
    output: str  # path of the file with the whole output; empty when there is none


@dataclass(frozen=True)
class ShownStep:
    """A step of the plan, and what became of it. `result` is the typed result of its forward action."""

    id: str
    name: str
    status: str
    started_at: float | None
    seconds: float | None
    message: str
    result: Json
    actions: tuple[ShownAction, ...]


@dataclass(frozen=True)
class HeldTime:
    """How long a hold lasted (so far) against its limit. `ended_at` is null while it lasts."""

    step: str
    name: str
    since: float
    ended_at: float | None
    seconds: float
    limit_seconds: float
    lifted_by_guard: bool


@dataclass(frozen=True)
class Shown:
    """One run."""

    summary: RunSummary
    parameters: Mapping[str, Json]
    digest: str
    files: Mapping[str, str]  # what else the runbook brought in, with the digests
    plan_hash: str  # empty in a journal of an older svmrun
    signers: tuple[str, ...]  # who approved the plan
    commit: str | None
    dirty: bool
    steps: tuple[ShownStep, ...]
    holds: tuple[HeldTime, ...]
    left: tuple[str, ...]
    last_words: tuple[str, ...]


@dataclass(frozen=True)
class UnfinishedRun:
    """A run that has not ended, or that ended with something left to undo."""

    summary: RunSummary
    runner_pid: int
    runner_alive: bool | None  # null: it runs on another host, nothing can tell
    guard: Literal["none", "armed", "fired"]
    guard_pid: int | None
    guard_alive: bool | None
    doing: str
    holds: tuple[HeldTime, ...]
    left: tuple[str, ...]
    card: str  # empty: none was made, or it is gone with its guard, as after a reboot
    next: str  # what to type


@dataclass(frozen=True)
class Unfinished:
    """Everything that is not at its end."""

    runs: tuple[UnfinishedRun, ...]


@dataclass(frozen=True)
class LintFinding:
    """What a rule found. `mendable`: `--fix` would mend it."""

    rule: str
    name: str
    severity: Literal["error", "warning", "note"]
    problem: Problem
    mendable: bool


@dataclass(frozen=True)
class Linted:
    """All findings of all files, and the problems of those that are invalid; `ok` when there is nothing."""

    ok: bool
    findings: tuple[LintFinding, ...]
    problems: tuple[Problem, ...]
