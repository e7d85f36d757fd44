"""Plays a case of tests/cases/events to the reporter that fits standard output.

usage: python -m tests.replay_report CASE [text|json] [SECONDS-PER-CALL]
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any, Literal, cast

from svmrun.core.events import EVENTS, Event, RunEnded
from svmrun.plan.model import Plan
from svmrun.report.choose import choose_observer
from svmrun.report.observer import Observer

FOLDER = Path(__file__).parent / "cases" / "events"


def read_plan() -> Plan:
    return Plan.from_json(json.loads((FOLDER / "plan.json").read_text()))


def read_calls(case: str) -> list[dict[str, Any]]:
    return cast(list[dict[str, Any]], json.loads((FOLDER / f"{case}.json").read_text())["calls"])


def read_events(case: str) -> list[Event]:
    return [as_event(call) for call in read_calls(case) if "event" in call]


def as_event(call: dict[str, Any]) -> Event:
    values: Any = {k: tuple(v) if isinstance(v, list) else v for k, v in call.items() if k != "event"}
    if call["event"] == "RunStarted":
        values["plan"] = read_plan().to_json()
    return EVENTS[call["event"]](**values)


def play(case: str, observer: Observer, pause_seconds: float = 0.0) -> None:
    observer.plan(read_plan())
    end = RunEnded("stuck", 70)
    for call in read_calls(case):
        time.sleep(pause_seconds)
        match call:
            case {"event": _}:
                event = as_event(call)
                observer.event(event)
                end = event if isinstance(event, RunEnded) else end
            case {"tick": at}:
                observer.tick(at)
            case {"output": step, "stream": stream, "text": text}:
                observer.output(step, stream, text.encode())
            case {"progress": step, "percent": percent, "text": text}:
                observer.progress(step, percent, text)
            case {"notice": text}:
                observer.notice(text)
            case {"done": folder}:
                observer.done(end, folder)


if __name__ == "__main__":
    arguments = [*sys.argv[1:], "text", "0"]
    chosen = cast(Literal["text", "json"], arguments[1] if len(sys.argv) > 2 else "text")
    play(sys.argv[1], choose_observer(chosen, sys.stdout, os.environ), float(sys.argv[3]) if len(sys.argv) > 3 else 0.0)
