"""Where runs leave their records: `$SVMRUN_STATE`, else /var/lib/svmrun for root, else the XDG state folder."""

from __future__ import annotations

import fcntl
import os
import re
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from svmrun.effects import clock
from svmrun.effects.journal import JOURNAL_NAME, sync_folder
from svmrun.effects.processes import holders
from svmrun.errors import Busy, StateError

_RUN_NAME = re.compile(r"\d{8}-\d{6}-.*-[0-9a-f]{4}")


def state_root(environ: Mapping[str, str] = os.environ) -> Path:
    """The folder of all state; it need not exist."""
    if environ.get("SVMRUN_STATE"):
        return Path(environ["SVMRUN_STATE"]).absolute()
    if os.geteuid() == 0:
        return Path("/var/lib/svmrun")
    home = Path(environ.get("HOME") or "~").expanduser()
    return Path(environ.get("XDG_STATE_HOME") or home / ".local" / "state") / "svmrun"


def make_folder(path: Path) -> Path:
    """The folder, private to its owner, with its name durable. Raises StateError with what to do."""
    try:
        for folder in (*reversed(path.parents), path):
            if not folder.exists():
                folder.mkdir(mode=0o700, exist_ok=True)
                sync_folder(folder.parent)
    except OSError as error:
        raise unusable(path, error) from error
    return path


def unusable(path: Path, error: OSError) -> StateError:
    return StateError(
        f"the state folder cannot be used: {path}: {error.strerror}; "
        "make room or give it to you, or name another one in SVMRUN_STATE"
    )


@dataclass(frozen=True)
class RunFolder:
    """The folder of one run; its name is the run's."""

    path: Path

    @staticmethod
    def create(root: Path, runbook: str) -> RunFolder:
        """A new run, named by UTC time, runbook and four random digits: sorting by name sorts by time."""
        plain = re.sub(r"[^A-Za-z0-9_.]+", "-", runbook).strip("-.") or "run"
        stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime(clock.now()))
        runs_folder = make_folder(root / "runs")
        path = runs_folder / f"{stamp}-{plain[:60]}-{secrets.token_hex(2)}"
        try:
            path.mkdir(mode=0o700)
            sync_folder(runs_folder)
        except OSError as error:
            raise unusable(path, error) from error
        return RunFolder(path)

    @property
    def run(self) -> str:
        return self.path.name

    @property
    def journal(self) -> Path:
        return self.path / JOURNAL_NAME

    def output(self, step: str, role: str, part: int = 0, attempt: int = 1) -> Path:
        """The file for the output of one action."""
        plain = re.sub(r"[^A-Za-z0-9_.-]+", "-", step)
        return self.path / f"{plain}.{role}.{part}.{attempt}.out"

    def lock(self) -> int:
        """Take the run for this process: a descriptor that children shall inherit (`pass_fds`).

        It is held as long as anyone of them lives, so that a recovery knows of an old command that still runs.
        Raises Busy when somebody holds it.
        """
        try:
            descriptor = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise unusable(self.path, error) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(descriptor)
            pids = ", ".join(map(str, holders(self.path / "lock")))
            who = f" (pid {pids})" if pids else ""
            raise Busy(f"the run {self.run} is still held by its runner or by a command of it{who}") from error
        return descriptor


def runs(root: Path) -> list[RunFolder]:
    """All runs that have a journal, the oldest first."""
    try:
        names = sorted(p for p in (root / "runs").iterdir() if _RUN_NAME.fullmatch(p.name))
    except FileNotFoundError:
        return []
    except OSError as error:
        raise unusable(root, error) from error
    return [RunFolder(path) for path in names if (path / JOURNAL_NAME).is_file()]
