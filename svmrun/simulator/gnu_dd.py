"""What dd(1) of the GNU coreutils says where Solaris' dd says something else."""

from __future__ import annotations

from svmrun.simulator.file_systems import containing, mounted_on, normal, on_device
from svmrun.simulator.image_files import image_file
from svmrun.simulator.world import World

OPERANDS = ("if", "of", "bs", "ibs", "obs", "cbs", "skip", "seek", "count", "status", "conv", "iflag", "oflag")
SIZES = {"": 1, "c": 1, "w": 2, "b": 512, "K": 2**10, "M": 2**20, "G": 2**30, "kB": 10**3, "MB": 10**6, "GB": 10**9}
UNITS = {1000: ("bytes", "kB", "MB", "GB", "TB"), 1024: ("bytes", "KiB", "MiB", "GiB", "TiB")}
SMALL = 10.0  # below it one digit is shown behind the point


def refused_operand(words: list[str]) -> str:
    """The complaint about the first word that is no operand, empty when all are."""
    bad = next((word for word in words if "=" not in word or word.split("=", 1)[0] not in OPERANDS), None)
    return "" if bad is None else f"unrecognized operand '{bad}'\nTry 'dd --help' for more information."


def open_words(world: World, source: str, target: str) -> str:
    """Why one of both cannot be opened, empty when both can. A file's folder is taken to be there."""
    known = on_device(world, source) or image_file(world, source)
    if not known and source != "/dev/zero":
        return f"failed to open '{source}': No such file or directory"
    if mounted_on(world, normal(target)) or containing(world, target) is None:
        return f"failed to open '{target}': Is a directory"
    return ""


def copied_words(size: int, block: str, seconds: float) -> str:
    """The three lines after a copy of `size` bytes, in blocks of `bs=BLOCK`."""
    number = block.rstrip("cwbKMGB" + "k")
    step = int(number or "512") * SIZES.get(block[len(number) :], 1)
    whole, rest = divmod(size, step)
    records = f"{whole}+{1 if rest else 0}"
    rate = f", {_human(size / seconds, 1000)}/s" if seconds else ""
    sizes = f"{size} bytes ({_human(size, 1000)}, {_human(size, 1024)})"
    return f"{records} records in\n{records} records out\n{sizes} copied, {seconds:g} s{rate}\n"


def _human(size: float, base: int) -> str:
    power = 0
    while size >= base and power < len(UNITS[base]) - 1:
        size, power = size / base, power + 1
    return f"{size:.1f} {UNITS[base][power]}" if power and size < SMALL else f"{size:.0f} {UNITS[base][power]}"
