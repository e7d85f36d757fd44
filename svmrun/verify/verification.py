"""From a runbook and a world to what `svmrun verify` prints."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict

from svmrun.adapters import session
from svmrun.plan.model import PlannedAction
from svmrun.report.verified import Allowance, Cell, HandlerCoverage, Row, StoryLine, Verified, Violation
from svmrun.verify.allowed import named
from svmrun.verify.commands import session_key
from svmrun.verify.desk import Desk
from svmrun.verify.invariants import INVARIANTS, changed
from svmrun.verify.kinds import BOOT_SECONDS, KINDS, LATE_SECONDS
from svmrun.verify.mend import MEND
from svmrun.verify.prepare import Ended, Opening, Preparation, Prevented
from svmrun.verify.scene import Finding
from svmrun.verify.story import Story, code_of, position, tell
from svmrun.verify.whole import Found, Harvest, harvest

NOT_TRIED = (
    "somebody else's lock between the run's last look and its own lock, or during it: lockfs cannot tell whose it is",
    f"a command that takes effect later than {LATE_SECONDS:g} s after it was killed",
    "a runner that stands still when its guard is dead: nobody is there until it goes on or is recovered",
)
NO_STEP = ("guard", "rollback", "recovery", "end")


def verify(preparation: Preparation, depth: int, jobs: int) -> Verified:
    """Every story with at most `depth` failures. `seconds` are left to who has a clock."""
    try:
        desk = preparation.desk()
    except Prevented as error:
        return _prevented(preparation, depth, str(error))
    total = Harvest()
    for opening in preparation.openings():
        total.add(_opened(desk, opening, depth))
    total.add(harvest(desk, depth, jobs))
    return _verified(preparation, desk, depth, total)


def _prevented(preparation: Preparation, depth: int, why: str) -> Verified:
    runbook = preparation.runbook
    names = (runbook.name, runbook.source.file, preparation.world.name)
    return Verified(False, *names, depth, 0, 0, 0, 0.0, why, (), (), (), (), NOT_TRIED, (), ())


def _opened(desk: Desk, opening: Opening, depth: int) -> Harvest:
    """A failure before the first step ends the run with nothing changed, or the run goes on as planned then."""
    total, cell, result = Harvest(), (opening.where, opening.kind), opening.result
    if isinstance(result, Ended):
        total.stories = 1
        if result.exit_code not in (3, 6) or changed(desk.world, result.world):
            finding = Finding("untouched", f"{opening.where}: {result.message}")
            total.note(Found(finding, (), 1, f"{opening.where}:{opening.kind}"))
            total.violating = 1
    elif result is None or result.plan.steps == desk.plan.steps:
        total.stories = 1
    else:
        total = harvest(result, depth - 1)
        total.stories += 1
        for found in total.found.values():
            found.before = f"{opening.where}:{opening.kind}"
    total.cells[cell] += total.stories
    total.violations[cell] += total.violating
    return total


def _judged_with(total: Harvest) -> Iterator[Allowance]:
    if any(kind == "reboot" for _where, kind in total.cells):
        total.allowed.note("boot", BOOT_SECONDS)
    return named(total.allowed.seconds)


def _verified(preparation: Preparation, desk: Desk, depth: int, total: Harvest) -> Verified:
    runbook = preparation.runbook
    return Verified(
        ok=not total.found,
        runbook=runbook.name,
        file=runbook.source.file,
        world=desk.world.name,
        depth=depth,
        stories=total.stories,
        states=total.states,
        violating=total.violating,
        seconds=0.0,
        prevented="",
        violations=tuple(_violation(desk, found) for found in sorted(total.found.values(), key=lambda one: one.rank)),
        matrix=tuple(_matrix(preparation, desk, total)),
        handlers=tuple(_handlers(desk, total)),
        not_modelled=tuple(_not_modelled(desk, total)),
        not_tried=(*NOT_TRIED, *_unseen(desk)),
        judged_with=tuple(_judged_with(total)),
        mutants=(),
    )


def _violation(desk: Desk, found: Found) -> Violation:
    finding = found.finding
    story = None if found.before else tell(desk, found.story)
    place = finding.step or _first_step(story)
    return Violation(
        finding.invariant,
        INVARIANTS[finding.invariant],
        finding.message,
        place,
        position(desk, place),
        MEND[finding.invariant],
        "+".join(filter(None, (found.before, code_of(found.story) if found.story or not found.before else ""))),
        found.stories,
        shown(story) if story else (),
    )


def _first_step(story: Story | None) -> str:
    lines = story.lines if story else ()
    injected = [line.step for line in lines if line.injected and line.position]
    return injected[0] if injected else next((line.step for line in reversed(lines) if line.position), "")


def shown(story: Story) -> tuple[StoryLine, ...]:
    return tuple(StoryLine(**asdict(line)) for line in story.lines)


def _matrix(preparation: Preparation, desk: Desk, total: Harvest) -> Iterator[Row]:
    """Facts, checks, steps in their order, then what belongs to no step."""
    runbook = preparation.runbook
    facts = [(f.name, str(runbook.source.position(f.path))) for f in runbook.facts]
    checks = [(f"check {n}", str(runbook.source.position(c.path))) for n, c in enumerate(runbook.checks, start=1)]
    steps = [(s.id, s.position) for s in desk.plan.steps]
    for where, place in (*facts, *checks, *steps, *((name, "") for name in NO_STEP)):
        cells = [
            Cell(kind, total.cells[where, kind], total.violations[where, kind])
            for kind in KINDS
            if total.cells[where, kind]
        ]
        if cells:
            yield Row(where, place, tuple(cells))


def _handlers(desk: Desk, total: Harvest) -> Iterator[HandlerCoverage]:
    for step in desk.plan.steps:
        if step.rollback:
            counts = (total.acted[step.id, role] for role in ("release", "rollback", "guard"))
            yield HandlerCoverage(step.id, step.position, *counts)


def _unseen(desk: Desk) -> Iterator[str]:
    for step in desk.plan.steps:
        if step.id in desk.looked_at_once:
            yield f"somebody else's lock before {step.id} ({step.position}), while the run holds another one"
    for step in desk.plan.steps:
        why = desk.unseen(step.id) if step.rollback and step.when is not False else ""
        if why:
            yield f"an undoing of {step.id} ({step.position}) that claims success and does nothing: {why}"
            yield f"a lock of somebody else that {step.id} ({step.position}) meets, its answer being lost: {why}"


def _not_modelled(desk: Desk, total: Harvest) -> Iterator[str]:
    for step in desk.plan.steps:
        for action in (step.action, *step.rollback) if step.action and step.when is not False else ():
            argv = desk.book.argv(action.adapter, action.arguments)
            program = argv[0].rpartition("/")[2] if argv else action.adapter
            if program in total.unknown or _session_without_model(desk, action):
                yield f"{step.id} ({step.position}): {program} fails in every way, and does nothing to disks"


def _session_without_model(desk: Desk, action: PlannedAction) -> bool:
    if action.adapter != "session":
        return False
    return session_key(session.request(desk.arguments(action))) not in desk.runner.models
