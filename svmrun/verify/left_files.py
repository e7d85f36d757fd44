"""What a run may leave behind on a file system of Linux: mounts, snapshots, the session of a backup."""

from __future__ import annotations

from collections.abc import Iterator

from svmrun.simulator.world import World
from svmrun.verify.desk import Desk
from svmrun.verify.scene import Finding


def left_files(desk: Desk, world: World) -> Iterator[Finding]:
    """What is not as it was found."""
    found = desk.world
    yield from _mounts(desk, found, world)
    for path in sorted({s.path for s in world.subvolumes} - {s.path for s in found.subvolumes}):
        yield Finding("truth", f"the snapshot {path} is still there", _step(desk, path))
    for path in sorted({s.path for s in found.subvolumes} - {s.path for s in world.subvolumes}):
        yield Finding("not-ours", f"the subvolume {path} was there before, and is deleted", _step(desk, path))
    for name in sorted({s.name for s in world.backup_sessions} - {s.name for s in found.backup_sessions}):
        yield Finding("truth", f"the database session {name} is still there", _step(desk, name))
    for name in sorted({s.name for s in found.backup_sessions} - {s.name for s in world.backup_sessions}):
        yield Finding("not-ours", f"the database session {name} was somebody else's, and is ended", _step(desk, name))


def _mounts(desk: Desk, found: World, world: World) -> Iterator[Finding]:
    before = {(f.special, f.mount_point) for f in found.file_systems}
    after = {(f.special, f.mount_point) for f in world.file_systems}
    for special, mount_point in sorted(after - before):
        yield Finding("truth", f"{special} is still mounted on {mount_point}", _step(desk, mount_point))
    for special, mount_point in sorted(before - after):
        message = f"{special} was mounted on {mount_point} before, and is not any more"
        yield Finding("not-ours", message, _step(desk, mount_point))


def _step(desk: Desk, word: str) -> str:
    """The first step that speaks of it."""
    steps = [(s.id, s.action) for s in desk.plan.steps if s.action is not None]
    return next((step for step, action in steps if word in repr(action.arguments)), "")
