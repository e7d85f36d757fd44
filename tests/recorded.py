"""Journals of the cases of tests/cases/events in a state folder, written as a run writes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from svmrun.core.events import Event, RunStarted
from svmrun.effects.journal import Journal
from svmrun.effects.state_folder import RunFolder
from tests.replay_report import read_events


def record(root: Path, case: str, records: int | None = None, **of_the_start: object) -> RunFolder:
    """The first `records` events of a case (default: all) as a run of its own."""
    return record_events(root, read_events(case)[:records], **of_the_start)


def record_events(root: Path, events: Sequence[Event], **of_the_start: object) -> RunFolder:
    folder = RunFolder.create(root, "mirror-backup")
    first, *others = events
    assert isinstance(first, RunStarted)
    changes = {"run": folder.run, **of_the_start}
    journal = Journal.create(folder.path, replace(first, **changes))  # type: ignore[arg-type]
    for event in others:
        journal.append(event)
    journal.close()
    return folder
