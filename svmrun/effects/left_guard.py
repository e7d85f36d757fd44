"""The guard that a dead runner left behind: does it live, what did it do, and how to finish its work."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from svmrun.effects import clock
from svmrun.effects.group import KillAsRoot, Tree, kill_words
from svmrun.effects.guard import CARD_NAME, GUARD_NAME, SHELL, fired, outstanding, released_by_guard
from svmrun.effects.processes import alive

_POLL_SECONDS = 0.05


@dataclass(frozen=True)
class LeftGuard:
    """What lies in a guard's folder (the one that the card of GuardArmed lies in), read anew each time."""

    folder: Path

    @property
    def card(self) -> Path:
        return self.folder / CARD_NAME

    @property
    def alive(self) -> bool:
        """True while a process of the guard runs; that of a dead runner is then releasing.

        Not only the one that was armed: when it was killed, another takes its work over.
        """
        return bool(self._processes())

    @property
    def pid(self) -> int | None:
        """Of the process that releases, or of another one of the guard; None when none lives."""
        return next(iter(self._processes()), None)

    @property
    def fired(self) -> str | None:
        """Why it released the holds; None while it did not."""
        return fired(self.folder)

    @property
    def outstanding(self) -> tuple[str, ...]:
        """Steps whose holds nobody has released yet."""
        return outstanding(self.folder)

    @property
    def released(self) -> tuple[str, ...]:
        """Steps whose holds the guard, or a person with the card, has released."""
        return released_by_guard(self.folder)

    def forget(self, kill_as_root: KillAsRoot | None = None) -> None:
        """The run has ended otherwise: end a guard that still repeats a release, and remove the folder.

        A guard that is root and that nobody may kill ends by itself when it sees that its folder is gone.
        """
        for pid in self._processes():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
            except PermissionError:
                if kill_as_root is not None:
                    kill_as_root(kill_words(signal.SIGKILL, str(pid)))
        shutil.rmtree(self.folder, ignore_errors=True)

    def _processes(self) -> list[int]:
        try:
            pid, group, started = (self.folder / GUARD_NAME).read_text().strip().split(" ", 2)
        except (FileNotFoundError, ValueError):
            return []
        armed = [int(pid)] if alive(int(pid), started) else []
        # Numbers are used again: who else is in that group must also run this very card.
        return armed + [p for p in Tree(int(group)).group_members() if p != int(pid) and _runs(p, self.card)]


def _runs(pid: int, program: Path) -> bool:
    """False also where the system does not show the words of a command line in proc(5)."""
    try:
        return os.fsencode(program) in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False


def await_end(left: LeftGuard, timeout_seconds: float, cancel: clock.Interruption) -> bool:
    """Wait until the guard has done its work; False when it still lives after that time, or on a signal."""
    until = clock.steady() + timeout_seconds
    while left.alive:
        if clock.steady() >= until or not clock.pause(_POLL_SECONDS, cancel):
            return False
    return True


def run_card(left: LeftGuard, shell: Sequence[str] = SHELL, timeout_seconds: float = 600.0) -> tuple[bool, str]:
    """Do by program what `sh CARD` does by hand: whether everything is released, and what the card said."""
    argv = [*shell, str(left.card)]
    try:
        done = subprocess.run(
            argv,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout_seconds,
            check=False,
            cwd="/",
            start_new_session=True,
        )
    except subprocess.TimeoutExpired:
        return False, f"{left.card} did not end within {timeout_seconds:g} s"
    return done.returncode == 0, done.stdout + done.stderr
