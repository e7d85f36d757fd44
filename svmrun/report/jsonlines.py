"""A run as JSON: one object per line, each valid against `schemas/event-v1.schema.json`."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

from svmrun.core.events import Event, RunEnded
from svmrun.plan.model import Plan
from svmrun.report.shapes import Noticed, Progressed
from svmrun.report.sink import Sink


def printed(shape: Event | Progressed | Noticed) -> dict[str, Any]:
    """The JSON object of one line."""
    return {"event": type(shape).__name__, **asdict(shape)}


class JsonLinesReporter:
    """The outputs of the actions are in the files that the events name, not here."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._ended = False

    def plan(self, plan: Plan, past: Sequence[Event] = ()) -> None:
        """It is part of RunStarted."""

    def event(self, event: Event) -> None:
        self._ended = self._ended or isinstance(event, RunEnded)
        self._print(event)

    def output(self, step: str, stream: str, data: bytes) -> None:
        """It is in the action's file."""

    def progress(self, step: str, percent: float | None, text: str) -> None:
        if not self._sink.behind:
            self._print(Progressed(time.time(), step, percent, text))

    def tick(self, now: float) -> None:
        self._sink.flush()

    def notice(self, text: str) -> None:
        self._print(Noticed(time.time(), text))

    @contextmanager
    def suspended(self) -> Iterator[None]:
        self._sink.flush()
        yield

    def done(self, end: RunEnded, folder: str) -> None:
        """A run whose journal was lost ends all the same."""
        if not self._ended:
            self._print(end)
        self._sink.close()

    def _print(self, shape: Event | Progressed | Noticed) -> None:
        # ASCII only: a line must be the same whatever the locale is.
        self._sink.write(json.dumps(printed(shape), separators=(",", ":")) + "\n")
        self._sink.flush()
