"""Runs as the documents that `history`, `show` and `status` print, from the events of their journals. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from svmrun.core import events as e
from svmrun.plan.model import Plan
from svmrun.report.progress import HoldRow, Progress, Span, output_path
from svmrun.report.sentences import sentence
from svmrun.report.shapes import HeldTime, RunSummary, Shown, ShownAction, ShownStep
from svmrun.report.verdict import last_words


@dataclass(frozen=True)
class Record:
    """What was read of one run. `damage` says why its journal cannot be read; then there are no events."""

    run: str
    folder: str
    journal: str
    events: tuple[e.Event, ...] = ()
    damage: str = ""

    @property
    def started(self) -> e.RunStarted | None:
        first = self.events[0] if self.events else None
        return first if isinstance(first, e.RunStarted) else None

    def progress(self) -> Progress | None:
        return Progress(Plan.from_json(self.started.plan), self.events) if self.started else None


def is_unfinished(progress: Progress) -> bool:
    """A run that has not ended, or that is stuck: something may be left on the host."""
    end = progress.state.ended
    return end is None or end.verdict == "stuck"


def summarize(record: Record) -> RunSummary:
    progress, started = record.progress(), record.started
    if progress is None or started is None:
        damage = record.damage or "its first record is missing"
        return RunSummary(record.run, "", "", "", False, 0.0, None, None, None, None, "", record.journal, damage)
    end, ended_at = progress.state.ended, progress.ended_at if progress.state.ended else None
    return RunSummary(
        record.run,
        progress.plan.runbook,
        progress.plan.file,
        str(progress.plan.host.get("name", started.host)),
        bool(progress.plan.host.get("simulated")),
        started.at,
        ended_at,
        None if ended_at is None else ended_at - started.at,
        end.verdict if end else None,
        end.exit_code if end else None,
        end.cause if end else progress.state.cause or "",
        record.journal,
        "",
    )


def show(record: Record, progress: Progress, now: float) -> Shown:
    end, plan = progress.state.ended, progress.plan
    return Shown(
        summarize(record),
        plan.parameters,
        plan.digest,
        plan.files,
        plan.hash,
        plan.signers,
        plan.commit,
        plan.dirty,
        tuple(_steps(record, progress, now)),
        tuple(held_time(hold, now) for hold in progress.holds()),
        end.left if end else (),
        tuple(last_words(progress, end, record.folder)) if end else (),
    )


def held_time(hold: HoldRow, now: float) -> HeldTime:
    span = hold.span
    return HeldTime(hold.step, hold.name, span.since, span.until, span.seconds(now), hold.limit_seconds, hold.lifted)


def doing(progress: Progress) -> str:
    """The action whose end is not recorded, in a sentence."""
    return sentence(progress.state.doing) or "" if progress.state.doing else ""


def _steps(record: Record, progress: Progress, now: float) -> list[ShownStep]:
    actions = _actions(record)
    return [
        ShownStep(
            row.id,
            row.name,
            row.status,
            row.span.since if row.span else None,
            _seconds(row.span, progress, now),
            row.note,
            progress.state.step(row.id).result,
            tuple(actions.get(row.id, ())),
        )
        for row in progress.steps()
    ]


def _seconds(span: Span | None, progress: Progress, now: float) -> float | None:
    """An action that runs for ever in the journal of a dead run has no length."""
    if span is None or (span.until is None and progress.state.ended is not None):
        return None
    return span.seconds(now)


def _actions(record: Record) -> dict[str, list[ShownAction]]:
    actions: dict[str, list[ShownAction]] = {}
    open_action: e.ActionStarted | None = None
    for event in record.events:
        if isinstance(event, e.ActionStarted):
            open_action = event
        elif isinstance(event, e.ActionEnded) and open_action:
            actions.setdefault(event.step, []).append(_action(open_action, event, record.folder))
            open_action = None
    if open_action:
        actions.setdefault(open_action.step, []).append(_action(open_action, None, record.folder))
    return actions


def _action(started: e.ActionStarted, ended: e.ActionEnded | None, folder: str) -> ShownAction:
    return ShownAction(
        started.role,
        started.part,
        started.attempt,
        started.adapter,
        tuple(started.argv),
        started.at,
        ended.seconds if ended else None,
        ended.outcome if ended else None,
        ended.message if ended else "",
        output_path(folder, ended.output) if ended else "",
    )


def newest_first(records: Sequence[Record]) -> list[RunSummary]:
    return sorted((summarize(record) for record in records), key=lambda s: s.run, reverse=True)
