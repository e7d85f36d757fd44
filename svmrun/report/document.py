"""Documents about runs as text: `history`, `show`, `status`. As JSON they are their shapes."""

from __future__ import annotations

import json
import shlex
from dataclasses import asdict

from svmrun.diagnosis.model import Diagnosis
from svmrun.report.columns import columns
from svmrun.report.shapes import (
    HeldTime,
    History,
    Linted,
    RunSummary,
    Shown,
    ShownAction,
    ShownStep,
    Unfinished,
    UnfinishedRun,
)
from svmrun.report.validated import Validated
from svmrun.report.verified import Verified
from svmrun.report.words import duration, moment, printable
from svmrun.review.model import Diff

ALIVE = {True: "alive", False: "dead", None: "not known from here"}

STUCK_NOTES = {
    True: "the guard goes on trying to release this",
    False: "the guard has released this since, unless it was killed; recover looks at what is really there",
    None: "the guard may go on trying to release this",
}
GUARD_NOTES = {
    True: "the guard is about to release this",
    False: "the guard has released this, unless it was killed; recover looks at what is really there",
    None: "the guard releases this when the runner dies; recover looks at what is really there",
}
# The folder of a guard lies in memory, and stays there while a hold stands.
GONE_NOTE = (
    "the guard and its card are gone, as after a reboot, which ends a lock or a freeze, and leaves off a side that is "
    "off; recover looks at what is really there"
)


def as_json(document: Diff | Diagnosis | History | Linted | Shown | Unfinished | Validated | Verified) -> str:
    """One JSON document, valid against its schema in `schemas/`."""
    return json.dumps(asdict(document), indent=2)


def history_text(history: History) -> str:
    if not history.runs:
        return "no run was recorded yet"
    rows = [_summary_row(summary) for summary in history.runs]
    return "\n".join(columns(("RUN", "RUNBOOK", "HOST", "STARTED", "TOOK", "VERDICT"), rows))


def _summary_row(summary: RunSummary) -> tuple[str, ...]:
    if summary.damage:
        return (summary.run, "", "", "", "", f"UNREADABLE: {printable(summary.damage)}")
    took = "" if summary.seconds is None else duration(summary.seconds)
    return (summary.run, summary.runbook, _host(summary), moment(summary.started_at), took, verdict_text(summary))


def _host(summary: RunSummary) -> str:
    return f"{summary.host} (simulated)" if summary.simulated else summary.host


def verdict_text(summary: RunSummary) -> str:
    if summary.verdict is None:
        return "UNFINISHED: svmrun status"
    cause = f": {printable(summary.cause)}" if summary.cause else ""
    return f"{summary.verdict.upper() if summary.verdict == 'stuck' else summary.verdict}{cause}"


def show_text(shown: Shown) -> str:
    summary = shown.summary
    lines = [
        f"run      {summary.run}",
        f"runbook  {summary.runbook} ({summary.file}{_commit(shown)})",
        *([f"with     {', '.join(map(printable, shown.files))}"] if shown.files else []),
        f"host     {_host(summary)}",
        f"started  {moment(summary.started_at)}",
        *([f"took     {duration(summary.seconds)}"] if summary.seconds is not None else []),
        f"verdict  {verdict_text(summary)}",
        f"plan     {shown.plan_hash or shown.digest}",
        *([f"signed   {', '.join(map(printable, shown.signers))}"] if shown.signers else []),
        f"journal  {summary.journal}",
    ]
    if shown.parameters:
        lines += ["", "parameters", *(f"  {name} = {json.dumps(value)}" for name, value in shown.parameters.items())]
    lines += ["", "steps", *columns(("STEP", "STATUS", "STARTED", "TOOK", ""), [_step(s) for s in shown.steps], "  ")]
    lines += ["", "actions", *_actions(shown)]
    lines += (
        ["", "holds", *[f"  {_hold(hold)}{'; STILL HELD' if hold.ended_at is None else ''}" for hold in shown.holds]]
        if shown.holds
        else []
    )
    lines += ["", *shown.last_words] if shown.last_words else []
    return "\n".join(lines)


def _commit(shown: Shown) -> str:
    return f", commit {shown.commit[:12]}{' with changes' if shown.dirty else ''}" if shown.commit else ""


def _step(step: ShownStep) -> tuple[str, ...]:
    started = "" if step.started_at is None else moment(step.started_at)
    took = "" if step.seconds is None else duration(step.seconds)
    return (step.id, step.status, started, took, printable(step.message or step.name))


def _actions(shown: Shown) -> list[str]:
    """Every action in the order in which they were started, over all steps."""
    actions = [(action.started_at, step.id, action) for step in shown.steps for action in step.actions]
    actions.sort(key=lambda entry: entry[0])
    return [line for _, step, action in actions for line in _action(step, action)]


def _action(step: str, action: ShownAction) -> list[str]:
    """Command line and outcome, and the file with its output."""
    what = shlex.join(action.argv) if action.argv else action.adapter
    again = f", attempt {action.attempt}" if action.attempt > 1 else ""
    message = f": {printable(action.message)}" if action.message else ""
    took = "" if action.seconds is None else f" after {duration(action.seconds)}"
    lines = [f"  {step} ({action.role}{again}): {printable(what)}"]
    lines.append(f"      {action.outcome or 'its end is not recorded'}{took}{message}")
    return [*lines, *([f"      output: {action.output}"] if action.output else [])]


def _hold(hold: HeldTime) -> str:
    lifted = "; the guard released it" if hold.lifted_by_guard else ""
    return f"{hold.step} ({hold.name}) for {duration(hold.seconds)}, limit {duration(hold.limit_seconds)}{lifted}"


def status_text(unfinished: Unfinished) -> str:
    if not unfinished.runs:
        return "no unfinished run; nothing is held"
    return "\n\n".join("\n".join(_unfinished(run)) for run in unfinished.runs)


def _unfinished(run: UnfinishedRun) -> list[str]:
    summary = run.summary
    if summary.damage:
        return [f"{summary.run}: its journal cannot be read: {printable(summary.damage)}", f"  next: {run.next}"]
    state = "stuck" if summary.verdict == "stuck" else "unfinished"
    lines = [f"{summary.run}: {summary.runbook} on {_host(summary)}, {state}, started {moment(summary.started_at)}"]
    lines.append(f"  runner: pid {run.runner_pid}, {ALIVE[run.runner_alive]}")
    lines.append(f"  guard:  {_guard(run)}")
    lines += [f"  doing:  {printable(run.doing)}"] if run.doing else []
    held = [hold for hold in run.holds if hold.ended_at is None]
    lines += [f"  held:   {_hold(hold)}, since {moment(hold.since)}{_over(hold)}" for hold in held]
    lines += [f"  left:   {printable(line)}" for line in run.left]
    lines += [] if held or run.left else ["  held:   nothing"]
    lines += [f"  note:   {_note(run)}"] if held and _left_to_guard(run) else []
    lines += [f"  card:   sh {shlex.quote(run.card)} (as root, when nothing else helps)"] if run.card else []
    return [*lines, f"  next:   {run.next}"]


def _left_to_guard(run: UnfinishedRun) -> bool:
    """Its runner does not live, and did not come to an end by itself, or to one that leaves something to the guard."""
    left = run.summary.verdict is None or run.guard == "fired"
    return run.guard_pid is not None and not run.runner_alive and left


def _note(run: UnfinishedRun) -> str:
    if not run.card and not run.guard_alive:
        return GONE_NOTE
    return (STUCK_NOTES if run.summary.verdict == "stuck" else GUARD_NOTES)[run.guard_alive]


def _over(hold: HeldTime) -> str:
    return "; OVER ITS LIMIT" if hold.seconds > hold.limit_seconds else ""


def _guard(run: UnfinishedRun) -> str:
    if run.guard_pid is None:
        return "none was started"
    fired = "it acted; " if run.guard == "fired" else ""
    return f"{fired}pid {run.guard_pid}, {ALIVE[run.guard_alive]}"
