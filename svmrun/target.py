"""The host that a run's commands run on: this one, or a simulated one."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from svmrun.effects import hostfacts
from svmrun.effects.executables import PINNED_PATH, resolve
from svmrun.effects.state_folder import make_folder
from svmrun.simulator.user import USER_VARIABLE

Json = Any


@dataclass(frozen=True)
class Target:
    """`facts` is the fact `host`. `path` is the pinned PATH of every command; `simulated` is the folder of a simulated
    host, empty for a real one. `parameters` are examples that a world brings; `time_scale` shortens waiting.
    """

    facts: Mapping[str, Json]
    path: str = PINNED_PATH
    simulated: str = ""
    parameters: Mapping[str, Json] = field(default_factory=dict)
    time_scale: float = 1.0
    temporary: bool = False

    @property
    def environment(self) -> dict[str, str]:
        """Of every command: nothing of the caller's own environment can change what a command says or does."""
        names = ("HOME", "TMPDIR", "TZ", *([USER_VARIABLE] if self.simulated else []))
        kept = {name: os.environ[name] for name in names if name in os.environ}
        return {"PATH": self.path, "LC_ALL": "C", "LANG": "C", **kept}

    @property
    def is_root(self) -> bool:
        """Whether commands run as root by themselves, now and by this process."""
        if not self.simulated:
            return os.geteuid() == 0
        from svmrun.simulator import state_file

        return _simulated_user(state_file.read(self.simulated)) == "root"

    def resolve(self, names: list[str]) -> dict[str, str]:
        """The absolute path of each program. Raises Refused with all that are missing."""
        return resolve(names, self.path)

    def passing(self, seconds: float) -> float:
        """The real seconds of a pause. A simulated host without real time lets its own clock jump instead."""
        if not self.simulated or seconds <= 0:
            return seconds
        if self.time_scale == 0:
            from svmrun.simulator import state_file

            state_file.advance(self.simulated, seconds)
        return seconds * self.time_scale

    def dispose(self) -> None:
        """Remove a simulated host that was made for one run."""
        if self.temporary:
            shutil.rmtree(self.simulated, ignore_errors=True)


def local(become: str) -> Target:
    """This host. `become` tells how commands that need root get it."""
    return Target({**hostfacts.host_facts(), "become": become, "path": PINNED_PATH, "simulated": ""})


def simulated(wish: str, root: Path, become: str, time_scale: float | None) -> Target:
    """A simulated host: a folder that `svmrun simulate` made, else one made now from a world's name or file."""
    from svmrun.simulator import state_file

    if is_installed(wish):
        return _of_folder(Path(wish).resolve(), state_file.read(wish), become, temporary=False)
    from svmrun.runbook.source import load
    from svmrun.simulator.install import install
    from svmrun.simulator.world_file import load_world

    world = load_world(wish, load)
    if time_scale is not None:
        world = replace(world, time_scale=time_scale)
    folder = make_folder(root / "simulated") / f"{world.name}-{secrets.token_hex(4)}"
    install(folder, world)
    return _of_folder(folder, world, become, temporary=True)


def is_installed(wish: str) -> bool:
    """True for a folder that `svmrun simulate` made; else it is a world's name or file."""
    return os.path.isdir(f"{wish}/bin")


def of_plan(host: Mapping[str, Json]) -> Target:
    """The target of a journalled plan."""
    simulated_folder = str(host.get("simulated") or "")
    scale = 1.0
    if simulated_folder and os.path.isdir(simulated_folder):
        from svmrun.simulator import state_file

        scale = state_file.read(simulated_folder).time_scale
    return Target(host, str(host.get("path") or PINNED_PATH), simulated_folder, time_scale=scale)


def _of_folder(folder: Path, world: Any, become: str, *, temporary: bool) -> Target:
    path = f"{folder}/bin:{PINNED_PATH}"
    user = _simulated_user(world)
    facts = {"name": world.host, "os": world.os, "release": world.release, "user": user}
    facts |= {"uid": 0 if user == "root" else 100, "become": become, "path": path, "simulated": str(folder)}
    return Target(facts, path, str(folder), world.parameters, world.time_scale, temporary)


def _simulated_user(world: Any) -> str:
    return str(os.environ.get(USER_VARIABLE, world.user))
