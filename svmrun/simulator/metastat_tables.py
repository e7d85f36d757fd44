"""Column widths, the Reloc column, and the table of device ids at the end of metastat (meta_print.c)."""

from __future__ import annotations

import re
from collections.abc import Iterable

from svmrun.simulator.world import World


def width(names: Iterable[str]) -> int:
    """Two more than the longest name, and never less than the word Device needs."""
    return max(6, *map(len, names), 0) + 2


def drive(device: str) -> str:
    """The disk of a slice: `c0t0d0` of `c0t0d0s7`, `d4` of `d4s0`; a whole path stays."""
    return device if device.startswith("/") else re.sub(r"s\d+$", "", device)


def reloc(world: World, device: str) -> str:
    return "Yes" if drive(device) in world.device_ids else "No "


def relocation_table(world: World, devices: Iterable[str]) -> str:
    """Each drive once, in order of first use. Short names are narrower than the head, which overflows."""
    drives = list(dict.fromkeys(drive(d) for d in devices))
    if not drives:
        return ""
    wide = max(map(len, drives)) + 2
    rows = "".join(f"{d:<{wide}} {reloc(world, d):<5}\t{world.device_ids.get(d, '-')}\n" for d in drives)
    return f"Device Relocation Information:\n{'Device  ':<{wide}} {'Reloc':<5}\tDevice ID\n{rows}"
