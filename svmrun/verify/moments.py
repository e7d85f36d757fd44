"""What can befall a run between two of its actions: each as a new scene at the same time."""

from __future__ import annotations

from collections.abc import Iterator

from svmrun.core.decide import GoBack, Move, Perform, Skip, decide, outstanding
from svmrun.simulator import disruptions
from svmrun.simulator.host import look
from svmrun.simulator.reboot import rebooted
from svmrun.simulator.world import World
from svmrun.values import replace
from svmrun.verify.desk import Desk
from svmrun.verify.kinds import BOOT_SECONDS
from svmrun.verify.performer import fired
from svmrun.verify.scene import Scene


def next_step(desk: Desk, scene: Scene) -> str:
    """The step that the run is about to work on."""
    if scene.guard is not None and scene.guard.acting:
        return scene.guard.todo[0]
    if scene.phase == "dead":
        return "recovery"
    move = decide(desk.plan, scene.state)
    return _named(move)


def _named(move: Move) -> str:
    if isinstance(move, Perform | Skip):
        return move.step
    if isinstance(move, GoBack):
        return move.step or "rollback"
    return {"ArmGuard": "guard", "Settle": "recovery"}.get(type(move).__name__, "end")


def befallen(desk: Desk, scene: Scene) -> Iterator[tuple[str, Scene]]:
    """Each kind that can happen at this moment, with the scene after it."""
    if scene.guard is not None and scene.guard.acting:
        return
    if scene.phase == "run":
        yield from _to_the_runner(desk, scene)
    if scene.phase != "dead":
        yield "reboot", _rebooted(scene)
    for kind, world in _to_the_world(desk, scene):
        if kind not in scene.watch.disturbed and world is not scene.world:
            watch = replace(scene.watch, disturbed=scene.watch.disturbed | {kind})
            yield kind, _unlocked(desk, scene, replace(scene, world=world, watch=watch))
    yield from _strangers(desk, scene)


def _to_the_runner(desk: Desk, scene: Scene) -> Iterator[tuple[str, Scene]]:
    guard = scene.guard
    if guard is not None and guard.alive and not guard.reason:
        yield "guard-killed", replace(scene, guard=replace(guard, alive=False))
        if guard.outstanding and not _would_meet_a_stranger(desk, scene):
            moment = max(desk.guard_deadline(guard.outstanding), scene.world.clock)
            world = look(replace(scene.world, clock=moment))
            yield "stalled", replace(scene, world=world, guard=fired(guard, "a limit passed"))
    if scene.state.cause is None and not scene.interrupted and scene.state.ended is None:
        yield "interrupt", replace(scene, interrupted=True)


def _would_meet_a_stranger(desk: Desk, scene: Scene) -> bool:
    """The guard was not told yet that a lock is somebody else's, and no look can tell it."""
    steps = [step for step, _ in scene.guard.outstanding] if scene.guard else []
    return any(desk.unseen(step) and desk.locks.get(step) in scene.watch.strangers for step in steps)


def _rebooted(scene: Scene) -> Scene:
    down = replace(scene.world, clock=scene.world.clock + BOOT_SECONDS)
    world = rebooted(replace(down, tapes=tuple(replace(t, file_number=0) for t in down.tapes)))
    watch = replace(scene.watch, locked=(), strangers=frozenset(), unguarded_since=world.clock)
    state = scene.durable or scene.state
    return replace(
        scene,
        state=state,
        durable=None,
        world=world,
        guard=None,
        phase="dead",
        held=(),
        sessions=frozenset(),
        interrupted=False,
        watch=watch,
    )


def _to_the_world(desk: Desk, scene: Scene) -> Iterator[tuple[str, World]]:
    world = scene.world
    for diskset in desk.disk_sets:
        yield "failover", disruptions.failed_over(world, diskset)
    for _step, mirror, submirror in desk.sides:
        others = desk.others_of(mirror, submirror)
        if others:
            yield "other-fails", disruptions.disk_fails(world, others[0])
        yield "taken-fails", disruptions.disk_fails(world, submirror)
        yield "resync", disruptions.resync_starts(world, mirror)
    move = decide(desk.plan, scene.state) if scene.phase != "dead" and scene.state.ended is None else None
    if isinstance(move, Perform) and move.role == "forward":
        for device, blocks in desk.tapes(move.step):
            yield "tape-end", disruptions.tape_short(world, device, blocks)
            yield "tape-error", disruptions.tape_bad(world, device, blocks)
            yield "no-tape", disruptions.tape_gone(world, device)


def _unlocked(desk: Desk, before: Scene, after: Scene) -> Scene:
    """A failover takes locks away: what the invariants remember of them goes, too."""
    if before.world.file_systems is after.world.file_systems:
        return after
    watch, standing = after.watch, desk.blocked(after.world)
    locked = tuple(one for one in watch.locked if one.name in standing)
    return replace(after, watch=replace(watch, locked=locked, strangers=watch.strangers & standing))


def _not_looked_at_again(desk: Desk, scene: Scene, step: str) -> bool:
    """The run is about to take the lock, and would not see that somebody else has it by now."""
    known = scene.state.step(step)
    if not known.found or known.started or known.status != "waiting" or scene.state.cause is not None:
        return False
    return known.found > 1 or step in desk.looked_at_once


def _strangers(desk: Desk, scene: Scene) -> Iterator[tuple[str, Scene]]:
    """Two locks are one, and nothing tells whose it is: a stranger's is tried only where the run claims none."""
    if scene.world.later:
        return
    claimed = {s.id for s in outstanding(desk.plan, scene.state)} | set(scene.held)
    if scene.guard is not None:
        claimed |= {step for step, _ in scene.guard.outstanding}
    for step, mount in desk.locks.items():
        if (
            _not_looked_at_again(desk, scene, step)
            or step in claimed
            or scene.state.doing is not None
            or mount in scene.watch.strangers
        ):
            continue
        if any(f.mount_point == mount and f.lock == "unlock" for f in scene.world.file_systems):
            world = disruptions.locked_by_somebody(scene.world, mount)
            watch = replace(scene.watch, strangers=scene.watch.strangers | {mount})
            yield "stranger", replace(scene, world=world, watch=watch)
