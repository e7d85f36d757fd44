"""systemctl(1): show, is-active, stop and start. Its words are those of systemd 252."""

from __future__ import annotations

from collections.abc import Generator
from functools import partial
from typing import Any, Literal

from svmrun.simulator.requests import Call, Change, Look, Print
from svmrun.simulator.world import Service, World
from svmrun.values import replace

Run = Generator[Any, Any, int]
NOT_FOUND = 5
NOT_ACTIVE = 3
ACTIVE = {"online": "active", "disabled": "inactive", "maintenance": "failed", "offline": "activating"}
SUB = {"active": "running", "inactive": "dead", "failed": "failed", "activating": "start"}
FREE = ("--no-ask-password", "--quiet", "-q")
UNKNOWN = {"stop": "not loaded", "start": "not found"}


def systemctl(call: Call) -> Run:
    words = [word for word in call.argv[1:] if word not in FREE]
    properties = next((w.partition("=")[2].split(",") for w in words if w.startswith("--property=")), [])
    words = [word for word in words if not word.startswith("--property=")]
    verbs = {"show": _show, "is-active": _is_active, "stop": _switch, "start": _switch}
    if not words or words[0] not in verbs:
        yield Print(f"Unknown command verb {words[0] if words else ''}.\n", "err")
        return 1
    units = tuple(name if "." in name else f"{name}.service" for name in words[1:])
    return (yield from verbs[words[0]](call, words[0], units, properties))


def _find(world: World, unit: str) -> Service | None:
    return next((s for s in world.services if s.fmri == unit), None)


def _state(found: Service | None) -> str:
    return ACTIVE[found.state] if found else "inactive"


def _show(_call: Call, _verb: str, units: tuple[str, ...], properties: list[str]) -> Run:
    world = yield Look()
    blocks = []
    for unit in units:
        found = _find(world, unit)
        state = _state(found)
        values = {"Id": unit, "LoadState": "loaded" if found else "not-found", "ActiveState": state}
        values["SubState"] = SUB[state]
        blocks.append("".join(f"{k}={v}\n" for k, v in values.items() if k in properties or not properties))
    yield Print("\n".join(blocks))
    return 0


def _is_active(_call: Call, _verb: str, units: tuple[str, ...], _properties: list[str]) -> Run:
    world = yield Look()
    states = [_state(_find(world, unit)) for unit in units]
    yield Print("".join(f"{state}\n" for state in states))
    return 0 if "active" in states else NOT_ACTIVE


def _switch(call: Call, verb: str, units: tuple[str, ...], _properties: list[str]) -> Run:
    """Every unit that is known, although another one is not."""
    world = yield Look()
    status = 0
    for unit in units:
        if _find(world, unit) is None:
            yield Print(f"Failed to {verb} {unit}: Unit {unit} {UNKNOWN[verb]}.\n", "err")
            status = NOT_FOUND
        elif call.user != "root":
            yield Print(f"Failed to {verb} {unit}: Interactive authentication required.\n", "err")
            yield Print(f"See system logs and 'systemctl status {unit}' for details.\n", "err")
            status = 1
        else:
            yield Change(partial(_put, unit=unit, state="online" if verb == "start" else "disabled"))
    return status


def _put(world: World, unit: str, state: Literal["online", "disabled"]) -> World:
    """A boot starts again what is stopped: it stays enabled. What has failed stays so when it is stopped."""
    changed = tuple(
        replace(s, state=state, since=world.clock, temporary=state == "disabled")
        if s.fmri == unit and s.state != state and (s.state, state) != ("maintenance", "disabled")
        else s
        for s in world.services
    )
    return replace(world, services=changed)
