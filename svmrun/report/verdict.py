"""The last words of a run: the verdict, why, what is left, the command that ends it, and where to look."""

from __future__ import annotations

import shlex

from svmrun.core.events import GUARD_DIED, RunEnded
from svmrun.report.progress import Progress, output_path
from svmrun.report.words import duration, listing

# Of a host that others use, and disks that break, a run can tell no more than what has become of its own deeds.
HEADLINES = {
    "succeeded": "SUCCEEDED",
    "rolled back": "ROLLED BACK: what this run had to undo is undone",
    "stuck": "STUCK: an operator is needed",
}


def last_words(progress: Progress, end: RunEnded, folder: str) -> list[str]:
    """Lines without line ends; the first is the verdict."""
    said = {"succeeded": _succeeded, "rolled back": _rolled_back, "stuck": _stuck}[end.verdict](progress, end)
    return [_headline(progress, end), *_guard(progress), *said, *_where(progress, folder)]


def _headline(progress: Progress, end: RunEnded) -> str:
    text = HEADLINES[end.verdict]
    if end.verdict == "rolled back" and not _changed(progress):
        text = "NOT DONE: nothing was changed"
    took = f" after {duration(end.at - progress.run.at)}" if progress.run and end.at else ""
    return f"{text} ({progress.plan.runbook}{took}, exit code {end.exit_code})"


def _changed(progress: Progress) -> bool:
    """True when a step that changes something was started, and is not proven to have changed nothing."""
    states = [progress.state.step(s.id) for s in progress.plan.steps if s.action and not s.action.read_only]
    return any(state.started and not state.untouched for state in states)


def _succeeded(progress: Progress, end: RunEnded) -> list[str]:
    lines = [f"  note: {end.cause}"] if end.cause else []
    for hold in progress.holds():
        took = duration(hold.span.seconds(end.at))
        lines.append(f"  held: {hold.step} ({hold.name}) for {took}, limit {duration(hold.limit_seconds)}")
    return lines


def _rolled_back(progress: Progress, end: RunEnded) -> list[str]:
    lines = [f"  cause: {end.cause}"]
    if undone := progress.undone():
        lines.append(f"  undone: {listing(undone)}")
    lines += _goes_on(end)
    again = "run it again at will" if progress.state.cancel is not None else "remove the cause, then run it again"
    return [*lines, f"  next: {'wait for that, ' if end.goes_on else ''}{again}"]


def _stuck(progress: Progress, end: RunEnded) -> list[str]:
    """Both causes are told: what failed, and what could not be undone."""
    lines = [f"  cause: {end.cause}"]
    if undone := progress.undone():
        lines.append(f"  undone: {listing(undone)}")
    lines += _goes_on(end)
    lines += ["  could not be undone, and is still there:", *(f"    {line}" for line in end.left or _left(progress))]
    if progress.state.card:
        lines.append(f"  all of it by hand, as root on the host: sh {shlex.quote(progress.state.card)}")
    return [*lines, f"  next: remove the cause, then: svmrun recover {progress.state.run}"]


def _goes_on(end: RunEnded) -> list[str]:
    return [f"  goes on: {sentence}" for sentence in end.goes_on]


def _left(progress: Progress) -> list[str]:
    rows = [row for row in progress.steps() if row.status in ("not undone", "undoing")]
    return [f"{row.id}: {progress.failures.get(row.id) or 'its effect is still there'}" for row in rows]


def _guard(progress: Progress) -> list[str]:
    if progress.state.guard != "fired" or progress.state.guard_reason == GUARD_DIED:  # that is the cause told above
        return []
    lifted = f"; it released {listing(progress.state.lifted)}" if progress.state.lifted else ""
    return [f"  the guard acted: {progress.state.guard_reason}{lifted}"]


def _where(progress: Progress, folder: str) -> list[str]:
    lines = [f"  journal and outputs: {folder}"]
    name = progress.state.causing_step  # none for a signal, a limit, the guard: no command's output tells of those
    if file := progress.output_files.get(name):
        lines.append(f"  output of {name}: {output_path(folder, file)}")
    if progress.state.journal_lost:
        lines.append(f"  the journal is not complete: {progress.state.journal_lost}")
    if progress.state.run:
        lines.append(f"  details: svmrun show {progress.state.run}")
    return lines
