"""A runbook that shall run by itself, and a file that says so to the system."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

MARK = "Written by svmrun install-units"  # in every file: one without it is somebody else's, and is not overwritten


@dataclass(frozen=True)
class Job:
    """`program` starts svmrun (absolute path first); `arguments` follow the runbook's absolute path.

    `path` is the pinned PATH, `environment` what must be the same as now (where journals and guards lie).
    `calendar` is in the form of systemd.time(7), `cron` the five fields of crontab(1). `user` is whose it is; empty
    for root.
    """

    name: str
    description: str
    program: tuple[str, ...]
    runbook: str
    arguments: tuple[str, ...]
    path: str
    calendar: str
    cron: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    user: str = ""

    @property
    def execute(self) -> tuple[str, ...]:
        """Nobody is there to recover what an earlier run left, so it begins with that."""
        return (*self.program, "execute", self.runbook, "--recover-first", *self.arguments)

    @property
    def recover(self) -> tuple[str, ...]:
        return (*self.program, "recover")

    @property
    def variables(self) -> dict[str, str]:
        return {"PATH": self.path, **self.environment}


@dataclass(frozen=True)
class UnitFile:
    name: str
    text: str
