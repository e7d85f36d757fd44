"""What a look at a host finds: the shape that `svmrun doctor` prints."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "locked file system",
    "detached submirror",
    "offline submirror",
    "split image",
    "mirror not whole",
    "copies that differ",
    "resync",
    "mounted view",
    "view",
    "loop device",
    "command of a dead run",
    "guard folder",
    "run at work",
    "unfinished run",
    "stuck run",
    "damaged journal",
]


@dataclass(frozen=True)
class Finding:
    """One thing that is not as it should be. `command` ends it, or shows how it ends by itself; empty: none can.

    `run` is the run that left it, or that has it in hand; null: it is not ours, as far as the journals tell.
    `passing`: a run is at work on it, whose runner lives; nobody needs to do anything.
    """

    kind: Kind
    what: str
    text: str
    run: str | None
    whose: str
    command: str
    passing: bool = False


@dataclass(frozen=True)
class Diagnosis:
    """Everything that was found on a host; `unseen` tells what could not be looked at, and why."""

    host: str
    simulated: bool
    findings: tuple[Finding, ...]
    unseen: tuple[str, ...]

    @property
    def ill(self) -> bool:
        """True when somebody has to do something, or at least to wait."""
        return any(not finding.passing for finding in self.findings)
