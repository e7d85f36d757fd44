"""How long writers wait: when the release of a lock must have begun, and what a try that failed may add to that."""

from __future__ import annotations

from svmrun.plan.release import LIMIT_MARGIN_SECONDS
from svmrun.simulator.world import World
from svmrun.values import replace
from svmrun.verify.allowed import PATIENCE_SECONDS, RELEASE_SECONDS
from svmrun.verify.desk import Desk
from svmrun.verify.guard import nap_seconds
from svmrun.verify.scene import Finding, Locked, Scene, Watch
from svmrun.verify.turn import Turn

ROUNDING_SECONDS = 1e-6


def taken_and_lifted(desk: Desk, before: World, after: World, watch: Watch) -> tuple[Watch, Finding | None]:
    """What became of locks between two moments. What came meanwhile counts from the first of them."""
    finding = None
    old, new = desk.blocked(before), desk.blocked(after)
    for name in sorted(new - old - watch.strangers):
        due = before.clock + _limit(desk, name) + LIMIT_MARGIN_SECONDS
        watch = replace(watch, locked=(*watch.locked, Locked(name, before.clock, due)))
    for name in sorted(old - new):
        if name in watch.strangers:
            finding = Finding("not-ours", f"somebody else's lock of {name} was lifted")
        for lock in [one for one in watch.locked if one.name == name]:
            if watch.unguarded_since is None:
                finding = finding or _lifted(desk, lock, before.clock, after.clock)
            watch = replace(watch, locked=tuple(one for one in watch.locked if one is not lock))
    return watch, finding


def _limit(desk: Desk, name: str) -> float:
    """How long the writers of a mount point or a device may wait until their release begins."""
    limit = desk.limits.get(desk.blocker(name), PATIENCE_SECONDS + 1)
    if limit > PATIENCE_SECONDS:
        desk.allowed.note("patience", PATIENCE_SECONDS)
    return min(limit, PATIENCE_SECONDS)


def _itself(limit: float) -> float:
    """What a release that began in time may take itself: as long as writers bear it, and always a little."""
    return max(PATIENCE_SECONDS - limit, RELEASE_SECONDS)


def _lifted(desk: Desk, lock: Locked, began: float, ended: float) -> Finding | None:
    """What counts is when the release began: how long it takes is its own."""
    limit = _limit(desk, lock.name)
    if ended > lock.due + _itself(limit):
        return _waited(desk, lock, ended, max(PATIENCE_SECONDS, limit))
    if began - lock.since > limit:
        desk.allowed.note("guard", LIMIT_MARGIN_SECONDS)
    if ended > lock.due:
        desk.allowed.note("release", ended - max(began, lock.due))
    return _judged(desk, lock, began)


def overdue(desk: Desk, clock: float, watch: Watch) -> Finding | None:
    """The first lock whose release should have begun, and has not."""
    return next(filter(None, (_judged(desk, lock, clock) for lock in watch.locked)), None)


def _judged(desk: Desk, lock: Locked, clock: float) -> Finding | None:
    return _waited(desk, lock, clock, _limit(desk, lock.name)) if clock > lock.due + ROUNDING_SECONDS else None


def _waited(desk: Desk, lock: Locked, clock: float, limit: float) -> Finding:
    step = desk.blocker(lock.name)
    why = "its limit is" if desk.limits.get(step) == limit else "writers wait for at most"
    return Finding("writable", f"{lock.name} was locked for {clock - lock.since:.0f} s, and {why} {limit:.0f} s", step)


def granted(desk: Desk, before: Scene, turn: Turn, kind: str) -> Watch:
    """What the turn remembers. Locks that still stand are due later by what it took in vain."""
    watch = turn.scene.watch
    if not watch.locked or before.watch.locked is not watch.locked:
        return watch
    start, end = _in_vain(before, turn, kind)
    if all(lock.due >= end for lock in watch.locked):
        return watch
    handled = turn.intent.step if turn.intent and not kind and turn.intent.role in ("release", "rollback") else ""
    return replace(watch, locked=tuple(_later(desk, lock, start, end, handled) for lock in watch.locked))


def _in_vain(before: Scene, turn: Turn, kind: str) -> tuple[float, float]:
    """From when to when this turn undid nothing: a try that failed, a handler's first part, a pause between tries."""
    start, end = before.world.clock, turn.scene.world.clock
    if turn.guard_step:
        return (start if kind else end - nap_seconds(before.guard, turn.scene.guard), end)
    if turn.intent is None or turn.intent.role in ("forward", "found"):
        return (start, start)
    return (start, end if kind or turn.intent.role != "probe" else turn.intent.at)


def _later(desk: Desk, lock: Locked, start: float, end: float, handled: str) -> Locked:
    """Only what lies behind the moment at which it was due counts; of `handled`, a step, what its handler may take."""
    limit = _limit(desk, lock.name)
    most = _itself(limit) if handled == desk.blocker(lock.name) else 0.0 if handled else PATIENCE_SECONDS
    more = min(end - max(start, lock.due), most)
    if more <= 0:
        return lock
    desk.allowed.note("release" if handled else "tries", more)
    return replace(lock, due=lock.due + more)
