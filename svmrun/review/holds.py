"""How long each hold may last on both sides, by the arithmetic that validation uses."""

from __future__ import annotations

from svmrun.review.ledger import Ledger
from svmrun.review.model import Danger, HoldTime
from svmrun.review.side import Side
from svmrun.runbook.meaning_blocking import hold_parts
from svmrun.runbook.model import Release, Step
from svmrun.windows import in_words, worst_case_seconds


def hold_times(ledger: Ledger) -> tuple[HoldTime, ...]:
    """Of every hold on either side, in the order of the steps."""
    old, new = _holds(ledger.before), _holds(ledger.after)
    return tuple(_time(ledger, name, old.get(name), new.get(name)) for name in dict.fromkeys([*old, *new]))


def note_worst_cases(ledger: Ledger, times: tuple[HoldTime, ...]) -> None:
    """A hold that may last longer within its limit is a change of what may happen, too."""
    old, new = _holds(ledger.before), _holds(ledger.after)
    for time in times:
        was, now = time.worst_before, time.worst_after
        if was is not None and now is not None and was != now:
            wider: Danger = "widens-hold" if time.blocks_writers else "widens-limit"
            narrower: Danger = "narrows-hold" if time.blocks_writers else "narrows-limit"
            text = f"worst case of the hold: {in_words(was)} -> {in_words(now)}"
            text += ", while writers wait" if time.blocks_writers else ""
            at = (old[time.step].path, new[time.step].path)
            ledger.note(wider if now > was else narrower, f"step {new[time.step].id}", text, at=at)


def worst_case(side: Side, step: Step) -> float | None:
    """Seconds; None where nothing releases the hold, or a timeout depends on a value that is not known yet."""
    steps = side.runbook.steps
    later = steps[steps.index(step) + 1 :]
    ends = [index for index, other in enumerate(later) if isinstance(other, Release) and other.step == step.id]
    parts = hold_parts(side.subject, step, later[: ends[0]]) if ends else []
    return worst_case_seconds(parts) if parts else None


def _holds(side: Side) -> dict[str, Step]:
    steps = side.steps().items()
    return {name: step for name, step in steps if isinstance(step, Step) and step.hold_seconds is not None}


def _time(ledger: Ledger, name: str, before: Step | None, after: Step | None) -> HoldTime:
    blocks = any(
        side.subject.blocks_writers(step.action)
        for side, step in ((ledger.before, before), (ledger.after, after))
        if step is not None
    )
    return HoldTime(
        name,
        blocks,
        before.hold_seconds if before else None,
        after.hold_seconds if after else None,
        worst_case(ledger.before, before) if before else None,
        worst_case(ledger.after, after) if after else None,
    )
