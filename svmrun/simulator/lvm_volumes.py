"""What LVM's commands ask of a world: the raid1 volumes of a group, their images, and why nothing may be changed.

Words and exit codes are those of lvm2 2.03. A disk that is gone forbids every change of its group.
"""

from __future__ import annotations

from collections.abc import Iterator

from svmrun.simulator.attempt import Refused
from svmrun.simulator.linux_disks import Leg, LinuxMirror
from svmrun.simulator.linux_lookup import device_paths
from svmrun.simulator.world import World

REFUSED = 5
NOT_ROOT = (
    "  WARNING: Running as a non-root user. Functionality may be unavailable.\n"
    "  /run/lock/lvm: mkdir failed: Permission denied\n"
    "  File locking initialisation failed.\n"
)


class LvmRefused(Refused):
    """The lines that are printed on standard error, each without its indentation. `seconds` pass before."""

    def __init__(self, *lines: str, seconds: float = 0.0) -> None:
        super().__init__("".join(f"  {line}\n" for line in lines), REFUSED)
        self.seconds = seconds


def of_group(world: World, group: str) -> tuple[LinuxMirror, ...]:
    return tuple(m for m in world.linux_mirrors if m.kind == "lvm" and m.name.partition("/")[0] == group)


def volume(world: World, name: str, *, changing: bool = True) -> LinuxMirror:
    """The volume `GROUP/NAME`. LvmRefused when there is none, and for a change when a disk of the group is gone."""
    group = name.partition("/")[0]
    mirrors = of_group(world, group)
    if not mirrors:
        raise LvmRefused(f'Volume group "{group}" not found', f"Cannot process volume group {group}")
    if changing and any(leg.state == "missing" for one in mirrors for leg in one.legs):
        raise LvmRefused(
            *warnings_of(mirrors),
            f"Cannot change VG {group} while PVs are missing.",
            "See vgreduce --removemissing and vgextend --restoremissing.",
            f"Cannot process volume group {group}",
        )
    found = next((m for m in mirrors if m.name == name), None)
    if found is None:
        raise LvmRefused(f'Failed to find logical volume "{name}"')
    return found


def owner_of(world: World, image: str) -> tuple[LinuxMirror, Leg]:
    """The mirror that an image belongs to, and the image."""
    group = image.partition("/")[0]
    for mirror in of_group(world, group):
        for leg in mirror.legs:
            if leg.device == image:
                return volume(world, mirror.name), leg
    volume(world, image)
    raise LvmRefused(f'Failed to find logical volume "{image}"')


def on_disks(found: LinuxMirror, disks: list[str]) -> list[Leg]:
    """The images on these physical volumes. LvmRefused for one that is not of the group."""
    for disk in disks:
        if not any(leg.disk == disk for leg in found.legs):
            group = found.name.partition("/")[0]
            raise LvmRefused(f'Physical Volume "{disk}" not found in Volume Group "{group}".')
    return [leg for leg in found.legs if leg.disk in disks]


def warnings_of(mirrors: tuple[LinuxMirror, ...]) -> Iterator[str]:
    """What is said of disks that are gone."""
    for mirror in mirrors:
        for number, leg in enumerate(mirror.legs):
            if leg.state == "missing":
                unique = f"AbCdEf-{number:04d}-GhIj-KlMn-OpQr-StUv-WxYz01"
                group = mirror.name.partition("/")[0]
                yield f"WARNING: Couldn't find device with uuid {unique}."
                yield f"WARNING: VG {group} is missing PV {unique} (last written to {leg.disk})."


def is_open(world: World, name: str) -> bool:
    paths = device_paths(name)
    return any(f.special in paths for f in world.file_systems) or any(o.device in paths for o in world.opens)


def is_split(leg: Leg) -> bool:
    return leg.split or leg.state == "out"


def mapper_name(name: str) -> str:
    return device_paths(name)[-1].rpartition("/")[2]
