"""What must hold after every story, each with an id and words; and how it is seen that it does not."""

from __future__ import annotations

from collections.abc import Iterator

from svmrun.core import events as e
from svmrun.core.state import State
from svmrun.names import canonical
from svmrun.simulator.volumes import resync_active
from svmrun.simulator.world import DumpImage, Mirror, World
from svmrun.values import replace
from svmrun.verify import waits
from svmrun.verify.commands import Limits
from svmrun.verify.copies import untold_copies
from svmrun.verify.desk import Desk
from svmrun.verify.kinds import RECOVERY_SECONDS
from svmrun.verify.left_files import left_files
from svmrun.verify.legs import broken_mirrors, left_views, material_of_mirrors, strange_legs
from svmrun.verify.scene import Finding, Locked, Scene, Watch
from svmrun.verify.turn import Turn

INVARIANTS = {
    "writable": "the file system becomes writable within the hold's limit",
    "whole": "the mirror becomes whole",
    "instruction": "what a stuck run tells to do makes it whole",
    "not-ours": "nothing is lifted, attached or started that the run did not take",
    "truth": "verdict and exit code are true",
    "consistent": "only an image of one locked, flushed moment is called a good dump",
    "no-way-forward": "no forward action after a rollback began",
    "once": "no second effect of one action",
    "replay": "the journal replayed is the live state",
    "secret": "nothing secret in any output",
    "works": "when nothing goes wrong the run succeeds",
    "ends": "every run comes to an end",
    "untouched": "a run that fails before its first step has changed nothing",
    "yours": "what the runbook's own invariants say",
}
FORWARD = ("forward", "found", "release")
HOLLOW = ("fail", "lie", "prompt")  # kinds without an effect that an action may yet call a success


def watched(desk: Desk, before: Scene, turn: Turn, kind: str = "", changes: bool = True) -> Scene:
    """The scene after a turn, with what the invariants see in it. `changes`: the action does something if it works."""
    after = turn.scene
    watch = waits.granted(desk, before, turn, kind)
    nobody = before.phase == "dead" and not turn.guard_step
    if nobody:
        watch, finding = _meanwhile(desk, before.world, after.world, watch)
    else:
        watch, finding = seen_in_world(desk, before.world, after.world, watch)
    finding = finding or _forward_again(before, turn) or _secret(desk, turn)
    if turn.end is not None and turn.intent is not None and turn.intent.role == "forward":
        watch, twice = _effects(desk, before, turn, kind, changes, watch)
        finding = finding or twice
    if watch is after.watch and finding is None:
        return after
    return replace(after, watch=watch, finding=before.finding or finding)


def _meanwhile(desk: Desk, before: World, after: World, watch: Watch) -> tuple[Watch, Finding | None]:
    """Nobody was there until a recovery began: a lock that came late has to be undone by it at once."""
    if watch.locked:
        desk.allowed.note("recovery", RECOVERY_SECONDS)
    late = desk.blocked(after) - desk.blocked(before) - watch.strangers
    if late:
        desk.allowed.note("recovery", RECOVERY_SECONDS)
        came = (Locked(name, after.clock, after.clock) for name in sorted(late))
        watch = replace(watch, locked=(*watch.locked, *came))
    return seen_in_world(desk, after, after, watch)


def seen_in_world(desk: Desk, before: World, after: World, watch: Watch) -> tuple[Watch, Finding | None]:
    """Locks taken and lifted, sides attached, services started between two moments."""
    finding = None
    if any(getattr(before, part) is not getattr(after, part) for part in ("file_systems", "opens", "switches")):
        watch, finding = waits.taken_and_lifted(desk, before, after, watch)
    if finding is None and watch.locked and watch.unguarded_since is None:
        finding = waits.overdue(desk, after.clock, watch)
    if finding is None and before.mirrors is not after.mirrors:
        finding = _strange_sides(desk, after)
    if finding is None and before.linux_mirrors is not after.linux_mirrors:
        finding = strange_legs(desk, after)
    if finding is None and before.services is not after.services:
        finding = _strange_services(desk, after)
    return watch, finding


def _strange_sides(desk: Desk, after: World) -> Finding | None:
    found = {m.name: {s.name for s in m.submirrors} for m in desk.world.mirrors}
    for mirror in after.mirrors:
        strange = {s.name for s in mirror.submirrors} - found.get(mirror.name, set())
        if strange:
            names = ", ".join(sorted(strange))
            return Finding("not-ours", f"{names} was attached to {mirror.name}, and was no side of it before")
    return None


def _strange_services(desk: Desk, after: World) -> Finding | None:
    found = {s.fmri: s.state for s in desk.world.services}
    for service in after.services:
        if service.state == "online" and found.get(service.fmri) == "disabled":
            return Finding("not-ours", f"{service.fmri} was started, and did not run before")
    return None


def _forward_again(before: Scene, turn: Turn) -> Finding | None:
    back = before.state.cause is not None
    for event in turn.events:
        back = back or isinstance(event, e.RollbackStarted)
        if back and isinstance(event, e.ActionStarted) and event.role in FORWARD:
            return Finding("no-way-forward", f"{event.step} was begun after the rollback had", event.step)
    return None


def _secret(desk: Desk, turn: Turn) -> Finding | None:
    for secret in desk.setting.secrets:
        for event in turn.events:
            if secret and secret in repr(event):
                return Finding("secret", f"a secret stands in {type(event).__name__}")
    return None


def _effects(
    desk: Desk, before: Scene, turn: Turn, kind: str, changes: bool, watch: Watch
) -> tuple[Watch, Finding | None]:
    """What the forward action did to the world, and whether it says so."""
    intent, end = turn.intent, turn.end
    assert intent is not None, "only after a forward action"
    assert end is not None, "only after a forward action"
    step = intent.step
    if kind in HOLLOW and changes and end.outcome == "succeeded":
        return replace(watch, hollow=watch.hollow | {step}), None
    if _material(before.world) == _material(turn.scene.world):
        return watch, None
    action = desk.plan.step(step).action
    assert action is not None, "only steps with an action are performed"
    adapter = desk.setting.adapters[action.adapter]
    if step in watch.effects and not adapter.repeatable(desk.arguments(action)):
        return watch, Finding("once", f"{step} was done a second time", step)
    return replace(watch, effects=watch.effects | {step}, hollow=watch.hollow - {step}), None


def _material(world: World) -> tuple[object, ...]:
    sides = tuple((m.name, tuple((s.name, s.state) for s in m.submirrors)) for m in world.mirrors)
    services = tuple((s.fmri, s.state) for s in world.services)
    opens = tuple(o for o in world.opens if not o.command)
    kept = (world.stripes, world.file_systems, world.tapes, world.files, world.dumpdates, world.switches)
    files = (world.subvolumes, world.backup_sessions)
    return (sides, services, opens, *kept, *files, *material_of_mirrors(world))


def changed(before: World, after: World) -> bool:
    """Whether a command did anything that lasts."""
    return _material(before) != _material(after)


# -- at the end ------------------------------------------------------------------------------------------------------


def at_the_end(desk: Desk, scene: Scene, settled: World) -> Iterator[Finding]:
    """Of a run that has ended. `settled` is the world when all that was under way has ended, too."""
    ended = scene.state.ended
    assert ended is not None, "judged at the end"
    codes = {"succeeded": ended.exit_code == 0, "stuck": ended.exit_code == 4}
    if not codes.get(ended.verdict, ended.exit_code not in (0, 4)):
        yield Finding("truth", f"the verdict is {ended.verdict}, and the exit code {ended.exit_code}")
    yield from untold_copies(desk, scene)
    if ended.verdict == "stuck":
        return
    yield from left_behind(desk, scene, settled)
    if ended.verdict == "succeeded":
        yield from _claims(desk, scene, settled)


def left_behind(desk: Desk, scene: Scene, world: World) -> Iterator[Finding]:
    """What is not as it was found."""
    yield from _locked(desk, scene, world)
    for old in desk.world.mirrors:
        new = next((m for m in world.mirrors if m.name == old.name), None)
        yield from _not_whole(desk, old, new) if new else ()
    yield from broken_mirrors(desk, scene, world)
    yield from left_views(desk, world)
    yield from _switches(desk, world)
    yield from left_files(desk, world)
    running = {s.fmri for s in world.services if s.state == "online"}
    for service in desk.world.services:
        if service.state == "online" and service.fmri not in running:
            yield Finding("truth", f"{service.fmri} ran before, and does not run any more")


def _switches(desk: Desk, world: World) -> Iterator[Finding]:
    for name in sorted(desk.world.switches.keys() | world.switches.keys()):
        old, new = desk.world.switches.get(name, ""), world.switches.get(name, "")
        if old != new:
            yield Finding(
                "truth", f"{name} is {new or 'not set'}, and was {old or 'not set'} before", desk.setter(name)
            )


def _locked(desk: Desk, scene: Scene, world: World) -> Iterator[Finding]:
    """Locks that were lifted though they were not ours are told when it happens."""
    ours = desk.blocked(world) - desk.blocked(desk.world) - scene.watch.strangers
    for name in sorted(ours):
        yield Finding("writable", f"{name} is locked, and nobody unlocks it", desk.blocker(name))


def _not_whole(desk: Desk, old: Mirror, new: Mirror) -> Iterator[Finding]:
    taken = {side: step for step, mirror, side in desk.sides if mirror == new.name}
    sides = {s.name: s for s in new.submirrors}
    for side in old.submirrors:
        left = sides.get(side.name)
        if left is None:
            yield Finding("whole", f"{side.name} is no side of {new.name} any more", taken.get(side.name, ""))
        elif left.state.startswith("offline") and not side.state.startswith("offline"):
            yield Finding("whole", f"{side.name} is {left.state} in {new.name}", taken.get(side.name, ""))
    if new.resync is not None and not resync_active(new) and not (old.resync and old.resync.cancelled):
        yield Finding("whole", f"the resync of {new.name} was cancelled and goes on only by metasync")


def _is_done(desk: Desk, step: str, world: World) -> bool:
    """Somebody else did it meanwhile: done once more it would succeed, and change nothing."""
    action = desk.plan.step(step).action
    adapter = desk.setting.adapters[action.adapter] if action else None
    if action is None or adapter is None or adapter.performer != "program":
        return False
    try:
        command = adapter.command_line(desk.arguments(action))
    except ValueError:
        return False
    after, done = desk.runner.run(world, command, Limits(adapter.timeout_seconds))
    return done.status == 0 and not changed(world, after)


def _claims(desk: Desk, scene: Scene, world: World) -> Iterator[Finding]:
    for step in sorted(name for name in scene.watch.hollow if not _is_done(desk, name, world)):
        yield Finding("truth", f"{step} is told as done, and nothing happened", step)
    images = new_images(desk.world, world)
    for image in images:
        if not image.consistent:
            step = _dumper(desk, image)
            why = "is not complete" if not image.complete else "is not one locked, flushed moment"
            yield Finding(
                "consistent", f"the run succeeded, and its image of {image.device} {why}", _dumper(desk, image)
            )
    for planned in desk.plan.steps:
        if planned.action is None or planned.action.adapter != "ufsdump" or not _succeeded(scene.state, planned.id):
            continue
        device = canonical(str(desk.arguments(planned.action)["device"]))
        if not any(image.device == device for image in images):
            yield Finding("truth", f"{planned.id} succeeded, and there is no dump of {device}", planned.id)


def _succeeded(state: State, step: str) -> bool:
    return state.step(step).status == "succeeded"


def _dumper(desk: Desk, image: DumpImage) -> str:
    device = image.device.rpartition("/")[2]
    steps = [(s.id, s.action) for s in desk.plan.steps if s.action is not None and device in repr(s.action.arguments)]
    copying = [i for i, a in steps if desk.setting.adapters[a.adapter].copies(desk.arguments(a))]
    return next(iter(copying), "")


def new_images(before: World, after: World) -> list[DumpImage]:
    """The dumps that were not there before, on tapes and in files."""
    old = {*_images(before)}
    return [image for image in _images(after) if image not in old]


def _images(world: World) -> Iterator[DumpImage]:
    yield from world.files
    for tape in world.tapes:
        yield from tape.contents
