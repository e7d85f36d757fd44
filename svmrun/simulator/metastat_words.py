"""The words of metastat that are decided: sizes, states of submirrors, what to invoke, percent (meta_mirror.c)."""

from __future__ import annotations

from svmrun.simulator.volumes import BEING_SYNCED, components, progress, resync_active, unavailable
from svmrun.simulator.world import Component, Mirror, Stripe, Submirror, World

BLOCK_BYTES = 512
TERABYTE_BLOCKS = 2**31


def size_number(blocks: int) -> tuple[str, str]:
    """Number and unit, as in `5.0`, `GB`. One decimal below ten units, whole numbers cut off from there on."""
    value, units = float(blocks * BLOCK_BYTES), list(" KMGTPE")
    while value >= 1024 and len(units) > 1:
        value /= 1024
        units.pop(0)
    return (f"{value:.1f}" if value < 10 else str(int(value))), f"{units[0]}B"


def size_text(blocks: int) -> str:
    return " ".join(size_number(blocks))


def percent(world: World, found: Mirror) -> str:
    """Done of to-do, whole percent; one decimal for mirrors above 1 TB. Only with a resync."""
    if found.resync is None:
        return ""
    share = progress(found.resync, world.clock) / found.resync.total if found.resync.total else 1.0
    if found.size > TERABYTE_BLOCKS:
        return f"{int(share * 1000) // 10:2d}.{int(share * 1000) % 10}"
    return str(int(share * 100))


def submirror_state(found: Mirror, side: Submirror, volume: Stripe | None) -> str:
    """There is no word for offline: such a side reads `Needs maintenance` (sm_state_to_name)."""
    if side.state == "running" and volume and unavailable(volume):
        return "Unavailable"
    if side.state == "running":
        return "Okay"
    if side.state in BEING_SYNCED and resync_active(found):
        return "Resyncing"
    return "Resync cancelled" if _cancelled(found) else "Needs maintenance"


def invoke(found: Mirror, side: Submirror, volume: Stripe) -> str:
    """What the administrator is told to type; empty when there is nothing to do (sm_state_to_action)."""
    if side.state == "running" or resync_active(found):
        return ""
    if _cancelled(found):
        return f"metasync {found.name}"
    if bad := _erred_component(volume):
        replacing = f"metareplace {found.name} {bad.device} <new device>"
        return f'after replacing "Maintenance" components:\n\t\t{replacing}' if bad.state == "Last Erred" else replacing
    if side.state in BEING_SYNCED:
        return f"metasync {found.name}"
    return f"metaonline {found.name} {side.name}" if side.state == "offline" else "???"


def _cancelled(found: Mirror) -> bool:
    return found.resync is not None and found.resync.cancelled


def _erred_component(volume: Stripe) -> Component | None:
    return next((c for c in components(volume) if c.state in ("Maintenance", "Last Erred")), None)
