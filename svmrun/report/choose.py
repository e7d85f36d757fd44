"""Which reporter fits where the output goes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TextIO

from svmrun.report.observer import Observer
from svmrun.report.sink import Sink


def choose_observer(output: Literal["text", "json"], stream: TextIO, environment: Mapping[str, str]) -> Observer:
    """JSON lines when asked for; a live picture on a terminal that can draw; else plain lines."""
    sink = Sink(stream)
    if output == "json":
        from svmrun.report.jsonlines import JsonLinesReporter

        return JsonLinesReporter(sink)
    if sink.isatty() and environment.get("TERM", "dumb") not in ("dumb", "unknown", ""):
        from svmrun.report.live import LiveReporter

        return LiveReporter(sink)
    from svmrun.report.lines import LinesReporter

    return LinesReporter(sink)
