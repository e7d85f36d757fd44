"""Which simulated world is meant when none is named: the one that names the runbook, else the documented cluster."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from svmrun.cli.arguments import DEFAULT_WORLD
from svmrun.runbook import source
from svmrun.simulator.world_file import SHIPPED, world_for

Wish = str | Literal[True]  # True: an option for a world was given, and no world


def own_world(runbook: str) -> str:
    """The name or file of the world for the runbook of that name. Raises InvalidInput when several name it."""
    return world_for(runbook, source.load, SHIPPED) or DEFAULT_WORLD


def world_among(wish: Wish, runbook: str) -> str:
    """As wished; of a folder of worlds the file with the runbook's name, or the one that names it."""
    if wish is True:
        return own_world(runbook)
    if not os.path.isdir(wish):
        return wish
    path = os.path.join(wish, f"{runbook}.yaml")
    return path if os.path.exists(path) else world_for(runbook, source.load, Path(wish)) or path
