"""Who watches a run. The interpreter calls an observer; an observer never decides anything and never raises."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

from svmrun.core.events import Event, RunEnded
from svmrun.plan.model import Plan


class Observer(Protocol):
    """Texts and events are already masked: no secret reaches an observer."""

    def plan(self, plan: Plan, past: Sequence[Event] = ()) -> None:
        """What will happen; before the first event. `past` is what happened before this process took the run over."""

    def event(self, event: Event) -> None:
        """One journalled event, in order."""

    def output(self, step: str, stream: str, data: bytes) -> None:
        """Live output of the running action; `stream` is stdout, stderr or terminal."""

    def progress(self, step: str, percent: float | None, text: str) -> None:
        """How far the running action has come."""

    def tick(self, now: float) -> None:
        """Called several times a second while something runs; `now` in seconds since the epoch, like `Event.at`."""

    def notice(self, text: str) -> None:
        """A sentence for the person."""

    def suspended(self) -> AbstractContextManager[None]:
        """While it lasts the terminal belongs to somebody else: a question to the operator."""

    def done(self, end: RunEnded, folder: str) -> None:
        """The end; `folder` holds the journal and the outputs."""


class Silent:
    """Watches and says nothing."""

    def plan(self, plan: Plan, past: Sequence[Event] = ()) -> None: ...

    def event(self, event: Event) -> None: ...

    def output(self, step: str, stream: str, data: bytes) -> None: ...

    def progress(self, step: str, percent: float | None, text: str) -> None: ...

    def tick(self, now: float) -> None: ...

    def notice(self, text: str) -> None: ...

    @contextmanager
    def suspended(self) -> Iterator[None]:
        yield

    def done(self, end: RunEnded, folder: str) -> None: ...
