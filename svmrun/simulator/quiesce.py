"""`svmsim-quiesce`: a database vendor's command that keeps the writers of a raw volume still, and lets them go on."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from typing import Any

from svmrun.simulator.requests import Call, Change, Look, Print
from svmrun.simulator.volumes import canonical
from svmrun.simulator.world import World

Run = Generator[Any, Any, int]


def quiesce(call: Call) -> Run:
    """`svmsim-quiesce suspend|resume|status VOLUME`: for those who have the volume open, and live outside svmrun.

    To suspend or resume twice changes nothing. `status` prints `running` or `suspended`.
    """
    if len(call.argv) != 3 or call.argv[1] not in ("suspend", "resume", "status"):
        yield Print("usage: svmsim-quiesce suspend|resume|status VOLUME\n", "err")
        return 2
    deed, name = call.argv[1], canonical(call.argv[2])
    world: World = yield Look()
    opens = [o for o in world.opens if o.device == name and not o.command]
    if not opens:
        yield Print(f"svmsim-quiesce: nobody has {name} open\n", "err")
        return 1
    if deed == "status":
        yield Print("running\n" if any(o.writing for o in opens) else "suspended\n")
        return 0
    if call.user != "root":
        yield Print("svmsim-quiesce: Permission denied\n", "err")
        return 1
    yield Change(lambda now: _writing(now, name, writing=deed == "resume"))
    return 0


def _writing(world: World, name: str, *, writing: bool) -> World:
    ours = (replace(o, writing=writing) if o.device == name and not o.command else o for o in world.opens)
    return replace(world, opens=tuple(ours))
