"""The SMF services without which metastat and metaset end in an error after their normal output (metastat.c)."""

from __future__ import annotations

from svmrun.simulator.refusal import Refusal
from svmrun.simulator.world import World

NEEDED = ("/system/metainit", "/system/mdmonitor")
SERVICES_DOWN = Refusal("", "service(s) not online in SMF")


def services_down(world: World) -> bool:
    """Whether a needed service is known to the world and not online."""
    return any(s.state != "online" and any(n in s.fmri for n in NEEDED) for s in world.services)
