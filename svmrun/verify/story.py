"""One story told from its start: what happened at each turn, and how lock and mirror stood after it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from svmrun.core import events as e
from svmrun.simulator.volumes import resync_active
from svmrun.simulator.world import World
from svmrun.verify.desk import Desk
from svmrun.verify.ending import findings
from svmrun.verify.explore import MOST_TURNS, Branch, branches, first_scene, undisturbed
from svmrun.verify.kinds import KINDS, Injection
from svmrun.verify.moments import next_step
from svmrun.verify.scene import Finding, Scene
from svmrun.verify.turn import Turn, take

ROLES = {"found": "look first", "probe": "look", "rollback": "undo", "release": "release", "forward": "do"}


@dataclass(frozen=True)
class Line:
    """`seconds` since the run began, at the end of what happened. `what` is an event or a failure in words."""

    turn: int
    seconds: float
    what: str
    injected: str
    locks: str
    mirror: str
    step: str = ""
    position: str = ""


@dataclass(frozen=True)
class Story:
    id: str
    lines: tuple[Line, ...]
    findings: tuple[Finding, ...]
    verdict: str
    exit_code: int | None
    left: tuple[str, ...] = ()


def code_of(injections: Sequence[Injection]) -> str:
    return "+".join(one.code for one in injections) or "undisturbed"


def parse(code: str) -> list[Injection]:
    """Raises ValueError for what is no story's id."""
    if code == "undisturbed":
        return []
    return sorted(Injection.parse(part) for part in code.split("+"))


@dataclass(frozen=True)
class Step:
    """One step of a story: the scene before and after it, and what was made to go wrong."""

    before: Scene
    after: Scene
    injected: Injection | None
    events: tuple[e.Event, ...] = ()  # when nothing goes wrong in it


def steps(desk: Desk, injections: Sequence[Injection]) -> Iterator[Step]:
    """The story in which just this goes wrong, from its start. Raises ValueError when it cannot happen."""
    scene = first_scene(desk)
    waiting = list(injections)
    while not scene.over and scene.turn < MOST_TURNS:
        wanted = waiting.pop(0) if waiting and waiting[0].turn == scene.turn else None
        branch = _with(desk, scene, wanted) if wanted else undisturbed(desk, scene)
        yield Step(scene, branch.scene, wanted, branch.events)
        scene = branch.scene
    if waiting:
        raise ValueError(f"the story ends before {waiting[0].code}")


def _with(desk: Desk, scene: Scene, wanted: Injection) -> Branch:
    for branch in branches(desk, scene):
        if branch.injection == wanted:
            return branch
    raise ValueError(f"{wanted.code} cannot happen in this story")


def tell(desk: Desk, injections: Sequence[Injection]) -> Story:
    """The whole story, line by line. Raises ValueError when it cannot happen."""
    began = desk.world.clock
    lines: list[Line] = []
    scene = first_scene(desk)
    for step in steps(desk, injections):
        lines += _told(desk, step, began)
        scene = step.after
    wrong = tuple(findings(desk, scene)) if scene.over else (Finding("ends", "it does not end"),)
    ended = scene.state.ended
    verdict = ended.verdict if ended else "not ended"
    code = ended.exit_code if ended else None
    return Story(code_of(injections), tuple(lines), wrong, verdict, code, ended.left if ended else ())


def events_of(desk: Desk, step: Step) -> tuple[e.Event, ...]:
    """The records that became durable in this step."""
    injected = step.injected
    if injected is None:
        return step.events
    if KINDS[injected.kind].where == "action":
        return take(desk, step.before, injected.kind).events
    if injected.kind == "journal":
        return take(desk, step.before, lost_record=injected.record).events
    if not injected.record:
        return ()
    return take(desk, step.before).events[: injected.record - (0 if injected.after else 1)]


def _told(desk: Desk, told: Step, began: float) -> Iterator[Line]:
    before, after, injected = told.before, told.after, told.injected
    kind = KINDS[injected.kind] if injected else None
    acts = kind is not None and kind.where == "action"
    seconds = after.world.clock - began
    locks, mirror = locks_of(after.world), mirror_of(after.world)

    def line(what: str, injected_words: str, step: str) -> Line:
        return Line(before.turn, seconds, what, injected_words, locks, mirror, step, position(desk, step))

    turn: Turn | None = None
    if kind is None or acts:
        turn = take(desk, before, injected.kind if injected else "")
    elif injected is not None and injected.record:
        turn = take(desk, before)
    words = kind.words if kind else ""
    if turn is None:
        yield line(words, words, next_step(desk, before))
        return
    parts = [(part, step) for event in events_of(desk, told) for part, step in _event(event)]
    if turn.guard_step:
        parts.append((f"the guard releases {turn.guard_step}", turn.guard_step))
    if injected is not None and injected.record:
        event = turn.events[injected.record - 1]
        side = "after" if injected.after else "before"
        parts.append((f"{words} {side} the record {type(event).__name__}", getattr(event, "step", "")))
    for number, (part, step) in enumerate(parts):
        yield line(part, words if number == len(parts) - 1 else "", step)


def _event(event: e.Event) -> Iterator[tuple[str, str]]:
    match event:
        case e.ActionEnded():
            again = f", attempt {event.attempt}" if event.attempt > 1 else ""
            seen = {True: ": it is in effect", False: ": it is not in effect", None: ""}[event.present]
            message = f": {event.message}" if event.message else ""
            yield f"{ROLES[event.role]} {event.step}{again}: {event.outcome}{seen}{message}", event.step
        case e.StepSkipped():
            yield f"{event.step} is skipped: {event.reason}", event.step
        case e.CancelRequested():
            yield event.reason, ""
        case e.RollbackStarted():
            yield f"the run goes back: {event.cause}", event.step
        case e.LimitPassed():
            yield f"the limit of {event.step} has passed", event.step
        case e.GuardArmed():
            yield "the guard is armed", ""
        case e.GuardFired():
            yield f"the runner hears of the guard: {event.reason}", ""
        case e.JournalLost():
            yield f"the journal is lost: {event.reason}", ""
        case e.RecoveryStarted():
            yield "svmrun recover takes the run over", ""
        case e.RunEnded():
            left = f"; left: {'; '.join(event.left)}" if event.left else ""
            yield f"the run has ended: {event.verdict}, exit code {event.exit_code}{left}", ""
        case _:
            return


def position(desk: Desk, step: str) -> str:
    """FILE:LINE:COLUMN of a step; empty for what is none."""
    return next((s.position for s in desk.plan.steps if s.id == step), "")


def locks_of(world: World) -> str:
    locked = [f"{f.mount_point} {f.lock}-locked" for f in world.file_systems if f.lock != "unlock"]
    return ", ".join(locked) or "no lock"


def mirror_of(world: World) -> str:
    told = []
    for mirror in world.mirrors:
        states = {"running": "", "attached-resync": " resyncing", "offline": " offline"}
        sides = [f"{s.name.rpartition('/')[2]}{states.get(s.state, f' {s.state}')}" for s in mirror.submirrors]
        running = ", resync cancelled" if mirror.resync and not resync_active(mirror) else ""
        told.append(f"{mirror.name}: {' '.join(sides)}{running}")
    for array in world.linux_mirrors:
        legs = [f"{leg.device}{'' if leg.state == 'in-sync' else f' {leg.state}'}" for leg in array.legs]
        told.append(f"{array.name}: {' '.join(legs)}")
    return "; ".join(told)
