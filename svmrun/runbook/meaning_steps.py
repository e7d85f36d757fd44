"""Steps together: unique ids, holds and their releases."""

from __future__ import annotations

from svmrun.runbook.model import Path, Release, Step
from svmrun.runbook.near import meant
from svmrun.runbook.subject import Subject


def check_steps(subject: Subject) -> None:
    _check_ids(subject)
    _check_releases(subject)
    _check_holds(subject)


def _check_ids(subject: Subject) -> None:
    first: dict[str, Path] = {}
    for step in subject.runbook.steps:
        if isinstance(step, Release):
            continue
        path = (*step.path, "id")
        if step.id in first:
            where = subject.line_of(first[step.id], path)
            subject.report(f"a step is called {step.id!r} already ({where})", path, "choose another id")
        first.setdefault(step.id, path)
        if step.id.startswith("release-") and step.id.removeprefix("release-") in subject.step_ids:
            subject.report(f"{step.id!r} is the name of a release", path, "choose another id")


def _check_releases(subject: Subject) -> None:
    """Each release must follow the hold that it ends, once."""
    seen: set[str] = set()
    released: dict[str, Path] = {}
    runbook, steps = subject.runbook, {step.id: step for step in subject.steps()}
    for step in runbook.steps:
        if isinstance(step, Step):
            seen.add(step.id)
            continue
        path = (*step.path, "release")
        if step.step not in subject.step_ids and subject.lacks_steps:
            continue
        if step.step not in subject.step_ids:
            holds = [s.id for s in steps.values() if s.hold_seconds]
            subject.report(f"there is no step {step.step!r} to release", path, meant(step.step, holds))
        elif step.step in steps and steps[step.step].hold_seconds is None:
            subject.report(f"the step {step.step!r} holds nothing", path, "give it a 'hold', or leave the release away")
        elif step.step in released:
            where = subject.line_of(released[step.step], path)
            subject.report(f"{step.step!r} is released already ({where})", path, "keep one of them")
        elif step.step in steps and runbook.loops_around(step.path) != subject.loops_around_step(step.step):
            message = f"the hold of {step.step!r} and its release do not stand in the same foreach"
            subject.report(message, path, "release it within the same steps")
        elif step.step in steps and step.step not in seen:
            subject.report(f"{step.step!r} is released before it has run", path, "move the release behind it")
        released.setdefault(step.step, path)


def _check_holds(subject: Subject) -> None:
    """Each hold must be released; not judged while a broken step may be the release."""
    released = {step.step for step in subject.runbook.steps if isinstance(step, Release)}
    if subject.has_broken_steps:
        return
    for step in subject.steps():
        if step.hold_seconds is not None and step.id not in released:
            message = f"the hold of {step.id!r} is never released"
            subject.report(message, (*step.path, "hold"), f"add a later step: - release: {step.id}", of_key=True)
