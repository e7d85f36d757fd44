"""Process trees: who belongs to a command, and how to signal all of them."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from svmrun.effects.processes import Process, alive, process_started, process_table

__all__ = ["MARKER", "Process", "Tree", "alive", "marker_of", "new_marker", "process_started"]

MARKER = "SVMRUN_ACTION"
HELP_SECONDS = 5.0

KillAsRoot = Callable[[tuple[str, ...]], None]  # runs a kill command line as root, never raises


def new_marker() -> str:
    """The value of the environment variable that all processes of one command carry."""
    return uuid.uuid4().hex


def kill_words(number: int, target: str) -> tuple[str, ...]:
    """The command line that sends a signal to a process, or with a minus to a group."""
    return ("/bin/kill", "-s", signal.Signals(number).name.removeprefix("SIG"), "--", target)


def kill_through(prefix: tuple[str, ...]) -> KillAsRoot | None:
    """How a command that was started with this prefix is signalled; None without one."""

    def kill(words: tuple[str, ...]) -> None:
        argv = [*prefix, *words]
        with contextlib.suppress(OSError, subprocess.SubprocessError):
            subprocess.run(argv, timeout=HELP_SECONDS, capture_output=True, stdin=subprocess.DEVNULL, check=False)

    return kill if prefix else None


@dataclass(frozen=True)
class Tree:
    """The processes of one command, begun as the leader `pid` of a session of its own.

    Found by group, by session, as descendants, and by the marker in the environment (a daemon that made a session
    of its own and lost its parent; Linux only). `kill_as_root` is for commands that became root.
    """

    pid: int
    marker: str = ""
    kill_as_root: KillAsRoot | None = None

    def members(self) -> list[int]:
        """Those that still run."""
        table = [p for p in process_table() if p.pid != os.getpid()]
        family = {self.pid} | {p.pid for p in table if self._carries_our_name(p)}
        while born := {p.pid for p in table if p.parent in family} - family:
            family |= born
        return [p.pid for p in table if p.pid in family and not p.dead]

    def group_members(self) -> list[int]:
        """Those that still run and never left the group."""
        return [p.pid for p in process_table() if p.group == self.pid and not p.dead]

    def stop(self, number: int) -> None:
        """Ask the group to end. Stopped processes are woken, else they would not hear it."""
        self._signal_group(number)
        self._signal_group(signal.SIGCONT)

    def kill(self) -> None:
        """Kill the group, then everybody else who belongs to the command."""
        stragglers = self.members()
        self.kill_group()
        for pid in stragglers:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
            except PermissionError:
                self._ask_for_help(signal.SIGKILL, str(pid))

    def kill_group(self) -> None:
        """Kill the group alone: who left it on purpose lives on."""
        self._signal_group(signal.SIGKILL)

    def _signal_group(self, number: int) -> None:
        try:
            os.killpg(self.pid, number)
        except ProcessLookupError:
            return
        except PermissionError:
            self._ask_for_help(number, f"-{self.pid}")

    def _ask_for_help(self, number: int, target: str) -> None:
        if self.kill_as_root is not None:
            self.kill_as_root(kill_words(number, target))

    def _carries_our_name(self, process: Process) -> bool:
        by_marker = bool(self.marker) and marker_of(process.pid) == self.marker
        return by_marker or self.pid in (process.group, process.session)


def marker_of(pid: int) -> str:
    """The marker that a process carries in its environment; empty when it has none or nobody may look."""
    try:
        environment = Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return ""
    name = f"{MARKER}=".encode()
    values = (entry.removeprefix(name) for entry in environment.split(b"\0") if entry.startswith(name))
    return next(values, b"").decode(errors="replace")
