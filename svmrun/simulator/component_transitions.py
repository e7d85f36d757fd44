"""What happens to single components of a mirror: errors, and their replacement (mirror_ioctl.c, mirror.c)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from svmrun.simulator.mirror_sources import others_readable
from svmrun.simulator.mirror_transitions import changeable, syncing
from svmrun.simulator.refusal import Refusal
from svmrun.simulator.volumes import BEING_SYNCED, components, put_mirror, put_stripe, stripe
from svmrun.simulator.world import Component, Mirror, Stripe, Submirror, SubmirrorState, World


def replace_component(world: World, name: str, old: str, new: str) -> World:
    """metareplace; with `new` the same as `old` it is metareplace -e. A resync of that component starts."""
    found = changeable(world, name)
    member, volume, component = _find(world, found, old)
    if component.state == "Last Erred" and _other_maintenance(world, found, old):
        raise _refusal(name, old, 'component in invalid state to replace - Replace "Maintenance" components first')
    if member.state in ("offline", "attached"):
        raise Refusal(name, "attempt operation on a submirror in illegal state")
    if not others_readable(world, found, member.name):
        raise _refusal(name, old, "attempt to replace a component on the last running submirror")
    _require_free(world, old, new)
    volume = _with_component(volume, old, lambda c: replace(c, device=new, state="Resyncing"))
    found = _with_state(world, found, member, _state(member, volume))
    return put_mirror(put_stripe(world, replace(volume, image="mixed")), syncing(world, found, world.resync_seconds))


def component_fails(world: World, name: str, device: str) -> World:
    """An input/output error: Maintenance while the other sides have the blocks, else Last Erred."""
    found = changeable(world, name)
    member, volume, _ = _find(world, found, device)
    rest = others_readable(world, found, member.name)
    volume = _with_component(volume, device, lambda c: replace(c, state="Maintenance" if rest else "Last Erred"))
    return put_mirror(put_stripe(world, volume), _with_state(world, found, member, _state(member, volume)))


def _state(member: Submirror, volume: Stripe) -> SubmirrorState:
    """A side without current data stays what it is, whatever happens to its components."""
    if member.state not in ("running", "component-erred", "component-resync"):
        return member.state
    return "component-resync" if any(c.state == "Resyncing" for c in components(volume)) else "component-erred"


def _refusal(name: str, device: str, text: str) -> Refusal:
    return Refusal(f"{name}: {device}", text)


def _find(world: World, found: Mirror, device: str) -> tuple[Submirror, Stripe, Component]:
    for member in found.submirrors:
        volume = stripe(world, member.name)
        component = next((c for c in components(volume) if c.device == device), None) if volume else None
        if volume and component:
            return member, volume, component
    raise _refusal(found.name, device, "can't find component in unit")


def _other_maintenance(world: World, found: Mirror, device: str) -> bool:
    volumes = [volume for s in found.submirrors if (volume := stripe(world, s.name))]
    return any(c.state == "Maintenance" and c.device != device for volume in volumes for c in components(volume))


def _require_free(world: World, old: str, new: str) -> None:
    user = next((s for s in world.stripes if any(c.device == new for c in components(s))), None)
    if user and new != old:
        raise Refusal(new, f"overlaps with device in {user.name}")


def _with_component(volume: Stripe, device: str, change: Callable[[Component], Component]) -> Stripe:
    rows = tuple(tuple(change(c) if c.device == device else c for c in row) for row in volume.rows)
    return replace(volume, rows=rows)


def _with_state(world: World, found: Mirror, member: Submirror, state: SubmirrorState) -> Mirror:
    changed = replace(member, state=state, changed=world.clock)
    sides = tuple(changed if s is member else s for s in found.submirrors)
    waiting = any(s.state in BEING_SYNCED for s in sides)
    return replace(found, submirrors=sides, resync=found.resync if waiting else None)
