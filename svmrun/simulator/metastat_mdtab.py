"""The lines of `metastat -p`, in both ways to name a device (meta_mirror.c, meta_stripe.c)."""

from __future__ import annotations

from svmrun.simulator.metastat_order import Volume
from svmrun.simulator.svm_names import DISK_NAME
from svmrun.simulator.volumes import volume
from svmrun.simulator.world import Component, Mirror, Stripe, World

OPTION_OF_READ = {"geometric (-g)": " -g", "first (-r)": " -r"}
OPTION_OF_WRITE = {"serial (-S)": " -S"}


def line(world: World, found: Volume) -> str:
    """The definition of one volume; its first word is always the short name."""
    if isinstance(found, Mirror):
        return f"{found.name} -m {_sides(world, found)}{_options(found)} {found.pass_number}\n"
    if isinstance(found, Stripe):
        return f"{found.name} {len(found.rows)} {_rows(world, found)}\n"
    return f"{found.name} {found.words}\n"


def raw_path(world: World, device: str) -> str:
    """The raw device of a volume, a disk's slice, a DID device, or the path itself."""
    if volume(world, device):
        of_set, _, unit = device.rpartition("/")
        return f"/dev/md/{of_set}/rdsk/{unit}" if of_set else f"/dev/md/rdsk/{unit}"
    if device.startswith("/"):
        return device.replace("/dsk/", "/rdsk/", 1)
    return f"/dev/rdsk/{device}" if device.startswith("c") else f"/dev/did/rdsk/{device}"


def _sides(world: World, found: Mirror) -> str:
    names = [s.name for s in found.submirrors]
    return " ".join(names if world.era == "A" else [raw_path(world, n) for n in names])


def _options(found: Mirror) -> str:
    return OPTION_OF_READ.get(found.read_option, "") + OPTION_OF_WRITE.get(found.write_option, "")


def _rows(world: World, found: Stripe) -> str:
    pool = f" -h {found.hot_spare_pool}" if found.hot_spare_pool else ""
    return " \\\n\t".join(_row(world, found, row) for row in found.rows) + pool


def _row(world: World, found: Stripe, row: tuple[Component, ...]) -> str:
    interlace = f" -i {found.interlace}b" if len(row) > 1 else ""
    return f"{len(row)} {' '.join(_component(world, c.device) for c in row)}{interlace}"


def _component(world: World, device: str) -> str:
    """Era A shortens what lies below /dev/rdsk, and nothing else."""
    if world.era == "A" and DISK_NAME.fullmatch(device) and device.startswith("c"):
        return device
    return raw_path(world, device)
