"""The guard: a process of its own that releases what a run holds when the runner dies or a limit passes."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from svmrun.core.events import GUARD_DIED, GuardArmed, GuardFired
from svmrun.effects.become import program_behind
from svmrun.effects.guard_channels import Feed, Report
from svmrun.effects.guard_start import Start, directly
from svmrun.effects.processes import process_started
from svmrun.errors import Refused

CARD_NAME = "release.sh"
FENCE_NAME = "fired"
RUNNING_NAME = "running"
GUARD_NAME = "guard"
ACTING_SECONDS = 10.0  # how long the runner lets an acting guard go on alone
FENCED_STATUS = 125  # of a fenced command that was not started
HELD, RELEASED = "held.", "released."  # begin the names of the marks
SHELL = ("/bin/sh",)


def release_body() -> str:
    """The fixed part of the release program."""
    return resources.files("svmrun.effects").joinpath("release.sh").read_text(encoding="ascii")


@dataclass
class Guard:
    """An armed guard, seen from the runner. Make one with `Guard.arm`.

    `folder` lies in memory-backed storage. It holds the card and, written by the runner alone while the guard is
    armed, a mark for each hold and for the command that runs: what the card goes by when it is used by hand.
    """

    folder: Path
    pid: int
    started: str
    _shell: tuple[str, ...]
    _feed: Feed
    _report: Report
    _timeout_seconds: float
    _told_child: bool = False

    @staticmethod
    def arm(
        program_text: str,
        folder: Path,
        shell: Sequence[str] = SHELL,
        timeout_seconds: float = 5.0,
        start: Start = directly,
    ) -> Guard:
        """Place the program in `folder`, start it, and wait until it says that it is armed.

        Raises Refused when it cannot be placed or started, or does not answer in time.
        """
        card = folder / CARD_NAME
        try:
            _write_private(card, program_text, 0o700)
            feed, report = start(tuple(shell), card, timeout_seconds)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise Refused(f"the guard cannot be started from {card}: {error}; nothing was locked") from error
        armed = report.wait_for(lambda line: line.startswith("armed "), timeout_seconds)
        if armed is None:
            feed.close()
            report.close()
            raise Refused(
                f"the guard ({' '.join(shell)} {card}) did not answer within {timeout_seconds:g} s; nothing was locked"
            )
        pid = int(armed.split()[1])
        started = process_started(pid)
        try:
            _write_private(folder / GUARD_NAME, f"{pid} {os.getpgid(pid)} {started}\n")
        except OSError as error:
            feed.close()
            report.close()
            raise Refused(f"the guard (pid {pid}) cannot be noted in {folder}: {error}; nothing was locked") from error
        return Guard(folder, pid, started, tuple(shell), feed, report, timeout_seconds)

    @property
    def card(self) -> Path:
        """The break-glass card: `sh CARD` releases by hand."""
        return self.folder / CARD_NAME

    @property
    def armed(self) -> GuardArmed:
        return GuardArmed(self.pid, self.started, str(self.card))

    # -- what the runner says ------------------------------------------------------------------------------------

    def hold(self, step: str) -> None:
        """Register a hold, before its command starts. Raises Refused when the guard does not acknowledge it."""
        try:
            (self.folder / f"{RELEASED}{step}").unlink(missing_ok=True)
            _write_private(self._mark(step), "held\n")
        except OSError as error:
            raise Refused(f"the hold of {step} cannot be noted in {self.folder}: {error.strerror}") from error
        said = self._feed.say(f"holds {step}")
        if self.fired() or not said or not self._report.wait_for(f"ok {step}".__eq__, self._timeout_seconds):
            raise Refused(
                f"the guard (pid {self.pid}) did not acknowledge the hold of {step}; its command must not run"
            )

    def released(self, step: str) -> None:
        """The hold is gone; idempotent."""
        self._feed.say(f"released {step}")
        self._mark(step).unlink(missing_ok=True)

    def child(self, group: int, signal: str = "TERM", argv: Sequence[str] = ()) -> None:
        """The command line `argv` runs as process group `group`; `signal` is what ends it.

        What was started as `ready` need not be told: it notes itself, and so does not wake the guard.
        """
        self._told_child = self._feed.say(f"child {group} {signal}")
        _overwrite(self.folder / RUNNING_NAME, f"{group} {signal} {program_behind(argv)}\n")

    def idle(self) -> None:
        """The command that was told of, or has noted itself, has ended."""
        if self._told_child:
            self._feed.say("idle")
        self._told_child = False
        _overwrite(self.folder / RUNNING_NAME, "")

    def leave(self) -> None:
        """Clean end: the guard goes away without acting. Its folder stays, with the card, while anything is held."""
        if self._feed.say("left"):
            self._report.wait_for_end(self._timeout_seconds)
        self._feed.close()
        self._report.close()
        if not outstanding(self.folder):
            shutil.rmtree(self.folder, ignore_errors=True)

    def go_on(self) -> tuple[str, ...]:
        """The run ends with holds that it could not release: from here on the guard tries, until each one is gone.

        Returns the holds; none when the guard does not live any more, or holds nothing.
        """
        self.poll()
        left = outstanding(self.folder)
        listens = bool(left) and not self.dead and self._feed.say("stuck")
        self._feed.close()
        self._report.close()
        return left if listens else ()

    # -- what the guard did --------------------------------------------------------------------------------------

    def fired(self) -> str | None:
        """Why the guard (or somebody, with the card) released the holds; None while it did not. Costs one look-up."""
        return fired(self.folder)

    def fenced(self, argv: tuple[str, ...]) -> tuple[str, ...]:
        """The same command, which however does not start (status 125) once the guard has acted."""
        return (*self._shell, str(self.card), *_noted("run", argv))

    def ready(self, argv: tuple[str, ...], fenced: bool) -> tuple[str, ...]:
        """The same command, started by a line on its standard input, which is not its own: it reads nothing."""
        return (*self._shell, str(self.card), "ready", *_noted("run" if fenced else "free", argv))

    def fileno(self) -> int:
        """Readable when the guard acts or dies."""
        return self._report.descriptor

    def poll(self) -> list[str]:
        """What the guard said since the last call: `fired REASON`, `released STEP`, `done`."""
        return self._report.take()

    @property
    def dead(self) -> bool:
        """True when the guard, or the part of it that listens, does not live any more."""
        return self._report.ended or self._feed.broken

    def news(self) -> GuardFired | None:
        """What must end the run's way forward: the guard acted, or it died.

        An acting guard is given the time to finish, so that it and the runner do not undo the same thing at once.
        """
        lines = self.poll()
        if any(line.startswith("fired ") for line in lines) and "done" not in lines:
            self._report.wait_for("done".__eq__, ACTING_SECONDS)
            lines += self.poll()
        reason = self.fired() or (GUARD_DIED if self.dead else None)
        return GuardFired(reason, tuple(_released(lines))) if reason else None

    def _mark(self, step: str) -> Path:
        return self.folder / f"{HELD}{step}"


def _noted(how: str, argv: tuple[str, ...]) -> tuple[str, ...]:
    return (how, program_behind(argv), *argv)


def outstanding(folder: Path) -> tuple[str, ...]:
    """The holds that the marks in a guard's folder tell of, in no order."""
    return tuple(step for step in _marked(folder, HELD) if step not in _marked(folder, RELEASED))


def released_by_guard(folder: Path) -> tuple[str, ...]:
    """The holds that the guard, or somebody with the card, has released."""
    return tuple(_marked(folder, RELEASED))


def _marked(folder: Path, kind: str) -> list[str]:
    return sorted(path.name.removeprefix(kind) for path in folder.glob(f"{kind}*"))


def _released(lines: Sequence[str]) -> list[str]:
    return [line.removeprefix("released ") for line in lines if line.startswith("released ")]


def fired(folder: Path) -> str | None:
    """Why the holds of the run with this guard's folder were released; None while they were not."""
    try:
        return (folder / FENCE_NAME).read_text(errors="replace").strip() or "the guard acts"
    except FileNotFoundError:
        return None if folder.is_dir() else f"the guard's folder {folder} is gone"


def _write_private(path: Path, text: str, mode: int = 0o600) -> None:
    """With no more system calls than it takes: writers may wait."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    try:
        data = memoryview(os.fsencode(text))
        while data:
            data = data[os.write(descriptor, data) :]
    finally:
        os.close(descriptor)


def _overwrite(path: Path, text: str) -> None:
    """Best effort: the guard itself is told over the pipe."""
    try:
        _write_private(path, text)
    except OSError:
        return
