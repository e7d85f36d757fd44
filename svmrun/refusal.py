"""The closure check of a plan: no hold that blocks writers may stop what the run itself needs while it lasts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from svmrun.adapters.base import Adapter
from svmrun.effects import closure, memory_folder, needs
from svmrun.effects.mounts import Mount, MountTable, read_mount_table
from svmrun.effects.setting import Setting
from svmrun.effects.state_folder import state_root
from svmrun.errors import Refused
from svmrun.plan.build import without_later
from svmrun.plan.holds import windows
from svmrun.plan.model import Plan, PlannedAction
from svmrun.target import Target

NO_SHELL = "/bin/sh"


def refuse_dangerous_holds(plan: Plan, setting: Setting, target: Target) -> None:
    """Raises Refused, with every reason, when a lock of this plan would hit what the run needs. Changes nothing."""
    if not any(True for _ in _locks(plan, setting.adapters)):
        return
    needed = needs.of_run([*plan.programs.values(), NO_SHELL], _places())
    found = dangers(plan, setting.adapters, needed, mount_table(target))
    if found:
        raise Refused("\n".join(found))


def dangers(
    plan: Plan, adapters: Mapping[str, Adapter], needed: Sequence[closure.Need], table: MountTable
) -> list[str]:
    """A sentence for each reason why a lock of this plan must not be taken."""
    locked = list(dict.fromkeys(_locks(plan, adapters)))
    found = [problem for path, _device in locked for problem in closure.problems(path, needed, table)]
    found += [problem for path, device in locked if (problem := _other_mirror(path, device, table))]
    return list(dict.fromkeys(found))


def mount_table(target: Target) -> MountTable:
    """What is mounted where. A simulated host's file systems stand beside those of this one."""
    here = read_mount_table()
    if not target.simulated:
        return here
    from svmrun.simulator import state_file

    world = state_file.read(target.simulated)
    there = [Mount(f.mount_point, f.special, f.kind) for f in world.file_systems if f.mount_point != "/"]
    return MountTable((*here.mounts, *there))


def _places() -> Mapping[str, str | Path]:
    state = state_root()
    return {"the journal": state, "the run's folder": state / "runs", "the guard's folder": memory_folder.root()}


def _locks(plan: Plan, adapters: Mapping[str, Adapter]) -> Iterator[tuple[str, str | None]]:
    """Each mount point to be locked, with the mirror that loses a side meanwhile."""
    for _step, inside in windows(plan):
        path = _locked_path(inside[0][1], adapters)
        if path is not None:
            splits = [_split(action, adapters) for _id, action in inside]
            yield path, next((device for device in splits if device is not None), None)


def _locked_path(action: PlannedAction, adapters: Mapping[str, Adapter]) -> str | None:
    return adapters[action.adapter].locked_path(without_later(action.arguments))


def _split(action: PlannedAction, adapters: Mapping[str, Adapter]) -> str | None:
    return adapters[action.adapter].split_device(without_later(action.arguments))


def _other_mirror(path: str, device: str | None, table: MountTable) -> str | None:
    mount = table.at(path.rstrip("/") or "/")
    if device is None or mount is None or mount.source == device:
        return None
    return (
        f"{path} is mounted from {mount.source}, but the side is taken off {device}: "
        "the lock would stop another file system's writers, and the image would not be still"
    )
