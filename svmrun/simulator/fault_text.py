"""Faults as a person writes them: `PROGRAM[ WORD...][#FIRST[-LAST]]=EFFECT[:SECONDS]`."""

from __future__ import annotations

import shlex

from svmrun.errors import UsageError
from svmrun.simulator import commands
from svmrun.simulator.faults import EFFECTS
from svmrun.simulator.world import Fault

EVERY_CALL = (1, 1_000_000)


def parse_fault(text: str) -> Fault:
    """`metadetach=fail`, `lockfs -u#1-2=hang` (its first two calls with -u), `metattach=late:5`. Raises UsageError."""
    left, equals, right = text.rpartition("=")
    place, _, numbers = left.partition("#")
    effect, _, seconds = right.partition(":")
    try:
        words = shlex.split(place)
        first, last = _numbers(numbers)
        delay = float(seconds or 0)
    except ValueError:
        words, first, last, delay = [], 0, 0, 0.0
    if not equals or not words or first < 1 or last < first or delay < 0:
        raise UsageError(f"{text!r} is no fault; write PROGRAM[ WORD...][#FIRST[-LAST]]=EFFECT[:SECONDS]")
    if words[0] not in commands.names():
        raise UsageError(f"there is no simulated command {words[0]!r}; known: {', '.join(commands.names())}")
    if effect not in EFFECTS:
        raise UsageError(f"there is no fault {effect!r}; known: {', '.join(EFFECTS)}")
    return Fault(words[0], effect, first, last, tuple(words[1:]), delay)


def _numbers(text: str) -> tuple[int, int]:
    if not text:
        return EVERY_CALL
    first, dash, last = text.partition("-")
    return int(first), int(last) if dash else int(first)
