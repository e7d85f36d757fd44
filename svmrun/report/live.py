"""A run on a terminal: a picture that is drawn again four times a second, and a log of notices above it.

There is no thread: the interpreter's ticks draw. Nothing is drawn while the terminal stands still, and every text
that was not written here is drawn as it is, never read as markup.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import IO, cast

from rich.console import Console
from rich.live import Live
from rich.text import Text

from svmrun.core.events import ActionStarted, Event, RollbackStarted, RunEnded
from svmrun.plan.model import Plan
from svmrun.report.output_lines import OutputLines
from svmrun.report.picture import VERDICT_STYLES, Paper, Running, draw
from svmrun.report.progress import Progress
from svmrun.report.sentences import by_hand, plan_sentence, sentence
from svmrun.report.sink import Sink
from svmrun.report.verdict import last_words
from svmrun.report.words import printable

FRAME_SECONDS = 0.25
TAIL_LINES = 5


class LiveReporter:
    def __init__(self, sink: Sink, width: int | None = None) -> None:
        self._sink = sink
        self._console = Console(
            file=cast(IO[str], sink), force_terminal=True, markup=False, highlight=False, emoji=False, width=width
        )
        self._live: Live | None = None
        self._progress: Progress | None = None
        self._running = Running()
        self._streams: dict[str, OutputLines] = {}
        self._tail: deque[str] = deque(maxlen=TAIL_LINES)
        self._drawn_at = 0.0
        self._told = (time.time(), time.monotonic())

    def plan(self, plan: Plan, past: Sequence[Event] = ()) -> None:
        self._progress = Progress(plan, past)
        self._print(plan_sentence(plan, past), "bold")
        self._start()

    def event(self, event: Event) -> None:
        if self._progress is None:
            return
        self._progress.apply(event)
        if isinstance(event, ActionStarted):
            self._running = Running(sentence(event) or "")
            self._tail.clear()
            self._streams.clear()
        elif type(event).__name__ in LOGGED and (text := sentence(event)):
            self._print(text, LOGGED[type(event).__name__])
            if isinstance(event, RollbackStarted) and (card := self._progress.state.card):
                self._print(by_hand(card), "yellow")
        self._draw_when_due(event.at)

    def output(self, step: str, stream: str, data: bytes) -> None:
        lines = self._streams.setdefault(stream, OutputLines())
        self._tail.extend(line for line in lines.feed(data) if line.strip())
        self._draw_when_due(self._now())

    def progress(self, step: str, percent: float | None, text: str) -> None:
        self._running = Running(self._running.sentence, percent, text)
        self._draw_when_due(self._now())

    def tick(self, now: float) -> None:
        self._sink.flush()
        self._draw_when_due(now)

    def notice(self, text: str) -> None:
        for line in text.splitlines():
            self._print(line, "yellow")

    @contextmanager
    def suspended(self) -> Iterator[None]:
        self._stop()
        self._sink.flush()
        yield
        self._start()

    def done(self, end: RunEnded, folder: str) -> None:
        self._running = Running()
        self._tail.clear()
        self._draw(end.at)
        self._stop()
        if self._progress:
            first, *rest = last_words(self._progress, end, folder)
            self._print(first, VERDICT_STYLES[end.verdict])
            for line in rest:
                self._print(line, "")
        self._sink.close()

    def _start(self) -> None:
        self._live = Live(
            console=self._console,
            auto_refresh=False,
            redirect_stdout=False,
            redirect_stderr=False,
            vertical_overflow="crop",
        )
        self._live.start()
        self._console.show_cursor(True)  # a runner that is killed must not leave a terminal without a cursor

    def _stop(self) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _now(self) -> float:
        """The time that was told last, and what has passed since then."""
        told, steady = self._told
        return told + time.monotonic() - steady

    def _draw_when_due(self, now: float) -> None:
        """Not with every event: drawing takes milliseconds, and writers may be waiting."""
        self._told = (now, time.monotonic())
        if abs(now - self._drawn_at) >= FRAME_SECONDS:
            self._draw(now)

    def _draw(self, now: float) -> None:
        if self._live is None or self._progress is None or self._sink.behind:
            return
        self._drawn_at = now
        paper = Paper(*self._console.size, self._console.options.ascii_only)
        self._live.update(draw(self._progress, self._running, tuple(self._tail), now, paper), refresh=True)

    def _print(self, text: str, style: str) -> None:
        # The terminal wraps: a command that is copied from it then stays one line.
        self._console.print(Text(printable(text), style=style), soft_wrap=True)


LOGGED = {
    "RunStarted": "",
    "CancelRequested": "bold yellow",
    "RollbackStarted": "bold red",
    "LimitPassed": "bold red",
    "GuardArmed": "dim",
    "GuardFired": "bold red",
    "JournalLost": "bold red",
    "RecoveryStarted": "bold",
    "RunResumed": "bold",
}
