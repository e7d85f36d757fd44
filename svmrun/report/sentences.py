"""One sentence for each event."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from svmrun.core import events as e
from svmrun.plan.model import Plan
from svmrun.report.words import count, duration, listing, moment, signal_name

PURPOSES = {"found": "look at ", "forward": "", "release": "release ", "probe": "look at ", "rollback": "undo "}
PRESENCE = {True: "in effect", False: "not in effect", None: "nothing can tell"}
OUTCOMES = {"succeeded": "done", "failed": "FAILED", "unknown": "OUTCOME UNKNOWN"}


def plan_sentence(plan: Plan, past: Sequence[e.Event] = ()) -> str:
    """What will happen; for a run that is taken over (`past`), which one it is."""
    if past and isinstance(past[0], e.RunStarted):
        return f"run {past[0].run} of {moment(past[0].at)}: {plan.runbook} on {plan.host.get('name', '?')}"
    holds = [f"{s.id} (limit {duration(s.hold_seconds)})" for s in plan.steps if s.hold_seconds is not None]
    held = f"; holds {listing(holds)}" if holds else ""
    host = plan.host.get("name", "?")
    return f"plan {(plan.hash or plan.digest)[:12]}: {plan.runbook} on {host}: {count(len(plan.steps), 'step')}{held}"


def by_hand(card: str) -> str:
    """How a person releases everything when nothing else helps."""
    return f"to release all by hand, as root: sh {shlex.quote(card)}"


def sentence(event: e.Event) -> str | None:
    """None for an event that says nothing to a person, and for the end: that one has more than a sentence."""
    match event:
        case e.RunStarted():
            return (
                f"run {event.run} started {moment(event.at)} by pid {event.pid} on {event.host}, svmrun {event.version}"
            )
        case e.ActionStarted():
            return _started(event)
        case e.ActionEnded():
            return _ended(event)
        case e.StepSkipped():
            return f"{event.step}: skipped: {event.reason}"
        case e.CancelRequested():
            return _cancelled(event)
        case e.RollbackStarted():
            return f"GOING BACK: {event.cause}"
        case e.LimitPassed():
            return f"{event.step}: THE HOLD LASTED LONGER THAN ITS LIMIT"
        case e.GuardArmed():
            return f"guard armed (pid {event.pid}); {by_hand(event.card)}"
        case e.GuardFired():
            return _guard_fired(event)
        case e.JournalLost():
            return f"THE JOURNAL CAN NO LONGER BE WRITTEN: {event.reason}"
        case e.RecoveryStarted():
            return f"taken over {moment(event.at)} by pid {event.pid} on {event.host}"
        case e.RunResumed():
            again = f"; to be done: {listing(event.again)}" if event.again else ""
            return f"resumed {moment(event.at)} by pid {event.pid} on {event.host}{again}"
    return None


def _subject(event: e.ActionStarted | e.ActionEnded) -> str:
    return f"{PURPOSES[event.role]}{event.step}"


def _started(event: e.ActionStarted) -> str:
    what = shlex.join(event.argv) if event.argv else event.adapter
    again = f" (attempt {event.attempt})" if event.attempt > 1 else ""
    return f"{_subject(event)}{again}: {what}"


def _ended(event: e.ActionEnded) -> str:
    message = f": {event.message}" if event.message else ""
    if event.role in ("found", "probe") and event.outcome == "succeeded":
        return f"{_subject(event)}: {PRESENCE[event.present]}{message}"
    took = f" in {duration(event.seconds)}" if event.outcome == "succeeded" else f" after {duration(event.seconds)}"
    return f"{_subject(event)}: {_outcome(event)}{took}{message}"


def _outcome(event: e.ActionEnded) -> str:
    if event.outcome == "succeeded" and not event.changed and event.role != "forward":
        return "was so already"
    if event.untouched:
        return "FAILED and changed nothing"
    return OUTCOMES[event.outcome]


def _cancelled(event: e.CancelRequested) -> str:
    return f"CANCELLED by signal {signal_name(event.signal)}" if event.signal else f"CANCELLED: {event.reason}"


def _guard_fired(event: e.GuardFired) -> str:
    if event.reason == e.GUARD_DIED:
        return "THE GUARD DIED: without one nothing goes forward"
    released = f"; released {listing(event.released)}" if event.released else ""
    return f"THE GUARD ACTED: {event.reason}{released}"
