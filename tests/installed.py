"""Simulated commands installed in a folder, for tests with real processes."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from svmrun.simulator import state_file
from svmrun.simulator.install import install
from svmrun.simulator.world import World

PATIENCE_SECONDS = 20.0


def until(condition: Callable[[], Any], what: str) -> None:
    """Wait until something holds; a loaded machine gets its time."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < end, f"never happened: {what}"
        time.sleep(0.02)


class Installed:
    def __init__(self, folder: Path, world: World, **values: Any) -> None:
        self.folder = folder
        install(folder, replace(world, **{"time_scale": 0.0, **values}))

    @property
    def environment(self) -> dict[str, str]:
        return {"PATH": f"{self.folder / 'bin'}:/usr/bin:/bin", "LC_ALL": "C"}

    @property
    def world(self) -> World:
        return state_file.read(str(self.folder))

    def program(self, name: str) -> str:
        return str(self.folder / "bin" / name)

    def run(self, command: str, stdin: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
        words = command.split()
        return subprocess.run(
            [self.program(words[0]), *words[1:]],
            input=stdin,
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS * 2,
            env={**self.environment, **environment},
        )

    def start(self, command: str) -> subprocess.Popen[str]:
        """In a group of its own."""
        words = command.split()
        return subprocess.Popen(
            [self.program(words[0]), *words[1:]],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=self.environment,
            start_new_session=True,
        )

    def has_open(self, device: str) -> set[int]:
        return {one.pid for one in self.world.opens if one.device == device}


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return b") Z" not in Path(f"/proc/{pid}/stat").read_bytes()
