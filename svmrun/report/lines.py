"""A run as plain timestamped lines, for pipes, files and terminals that can do nothing else."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from svmrun.core.events import ActionEnded, ActionStarted, Event, RollbackStarted, RunEnded
from svmrun.plan.model import Plan
from svmrun.report.output_lines import OutputLines
from svmrun.report.progress import Progress
from svmrun.report.sentences import by_hand, plan_sentence, sentence
from svmrun.report.sink import Sink
from svmrun.report.verdict import last_words
from svmrun.report.words import duration, printable, stamp

SILENCE_SECONDS = 1.0  # text without a line end is printed after so long: it may be a question
PERCENT_STEP = 10.0
WARN_AT = 0.8  # of a hold's limit


class LinesReporter:
    """Nothing is wrapped, coloured or left out, unless the reader stands still: then output that is in a file too."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._progress: Progress | None = None
        self._streams: dict[tuple[str, str], OutputLines] = {}
        self._heard_at = 0.0
        self._left_out = 0
        self._percent_said: dict[str, float] = {}
        self._warned: set[str] = set()

    def plan(self, plan: Plan, past: Sequence[Event] = ()) -> None:
        self._progress = Progress(plan, past)
        self._say(plan_sentence(plan, past))

    def event(self, event: Event) -> None:
        if self._progress:
            self._progress.apply(event)
        if isinstance(event, ActionStarted | ActionEnded):
            self._finish_output()
        if text := sentence(event):
            self._say(text, event.at)
        if isinstance(event, RollbackStarted) and self._progress and (card := self._progress.state.card):
            self._say(by_hand(card), event.at)

    def output(self, step: str, stream: str, data: bytes) -> None:
        self._heard_at = time.time()
        lines = self._streams.setdefault((step, stream), OutputLines())
        self._print_output(step, lines.feed(data))

    def progress(self, step: str, percent: float | None, text: str) -> None:
        if percent is None:
            return
        said = self._percent_said.get(step, -PERCENT_STEP)
        if percent - said >= PERCENT_STEP or (percent >= 100 > said):
            self._percent_said[step] = percent
            told = f"{percent:.0f} %"
            self._say(f"{step}: {', '.join(filter(None, (told, text.removeprefix(told))))}")

    def tick(self, now: float) -> None:
        if self._streams and now - self._heard_at > SILENCE_SECONDS:
            self._finish_output()
        for hold in self._progress.holds() if self._progress else ():
            used = hold.span.seconds(now)
            if hold.span.until is None and hold.step not in self._warned and used > WARN_AT * hold.limit_seconds:
                self._warned.add(hold.step)
                self._say(f"{hold.step}: held for {duration(used)}, the limit is {duration(hold.limit_seconds)}", now)
        self._sink.flush()

    def notice(self, text: str) -> None:
        for line in text.splitlines():
            self._say(line)

    @contextmanager
    def suspended(self) -> Iterator[None]:
        self._finish_output()
        self._sink.flush()
        yield

    def done(self, end: RunEnded, folder: str) -> None:
        self._finish_output()
        if self._progress:
            for line in last_words(self._progress, end, folder):
                self._say(line, end.at)
        self._sink.close()

    def _say(self, text: str, at: float = 0.0) -> None:
        self._sink.write(f"{stamp(at or time.time())} {printable(text)}\n")
        self._sink.flush()

    def _finish_output(self) -> None:
        for (step, _), lines in self._streams.items():
            self._print_output(step, lines.finish())
        self._streams.clear()

    def _print_output(self, step: str, lines: list[str]) -> None:
        if self._sink.full:
            self._left_out += len(lines)
            return
        if self._left_out:
            self._say(f"{step}: {self._left_out} lines of output are left out here: the reader stood still")
            self._left_out = 0
        at = stamp(time.time())
        self._sink.write("".join(f"{at} {step} | {line}\n" for line in lines))
        self._sink.flush()
