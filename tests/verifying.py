"""Runbooks and worlds of the tests of `verify`."""

from __future__ import annotations

from pathlib import Path

from svmrun.adapters.registry import adapters
from svmrun.effects.runbook_files import Beside
from svmrun.report.verified import Verified
from svmrun.runbook.load import load_runbook
from svmrun.runbook.parameters import Origins, given
from svmrun.runbook.source import load
from svmrun.simulator.world_file import load_world
from svmrun.verify.desk import Desk
from svmrun.verify.prepare import Preparation
from svmrun.verify.verification import verify

DEFECTS = Path(__file__).parent / "cases" / "defects"
RUNBOOKS = Path(__file__).parent.parent / "runbooks"


def preparation(path: Path, world: str = "schost", *assignments: str) -> Preparation:
    runbook = load_runbook(str(path), path.read_bytes(), adapters(), Beside(path))
    found = load_world(world, load)
    origins = Origins(
        assignments=assignments,
        file=None,
        environment={},
        fallback=found.parameters,
        read_file=lambda name: Path(name).read_text(encoding="utf-8"),
        ask=None,
    )
    return Preparation(runbook, adapters(), found, given(runbook, origins))


def desk(name: str = "mirror-backup", world: str = "schost", *assignments: str) -> Desk:
    return preparation(RUNBOOKS / f"{name}.yaml", world, *assignments).desk()


def verified(path: Path, world: str = "schost", *assignments: str, depth: int = 1) -> Verified:
    return verify(preparation(path, world, *assignments), depth, 1)
