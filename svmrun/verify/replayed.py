"""Whether the journal of a story, written and read again, gives the state that the run had."""

from __future__ import annotations

from collections.abc import Sequence

from svmrun.core import events as e
from svmrun.core.record import FIRST_CHECKSUM, decode, encode
from svmrun.core.state import State, evolve
from svmrun.verify.desk import Desk
from svmrun.verify.explore import first_scene
from svmrun.verify.kinds import Injection
from svmrun.verify.scene import Finding, Scene
from svmrun.verify.story import Step, code_of, events_of, steps


def replayed(desk: Desk, injections: Sequence[Injection]) -> tuple[Scene, Finding | None]:
    """The last scene of the story, and what is wrong with its journal."""
    scene = first_scene(desk)
    state, checksum, sequence = scene.state, FIRST_CHECKSUM, 0
    for step in steps(desk, injections):
        for event in _durable(desk, step):
            sequence += 1
            line = encode(event, sequence, checksum)
            read, checksum = decode(line.rstrip(b"\n"), sequence, checksum)
            state = evolve(state, read)
        scene = step.after
    return scene, _compared(scene.durable or scene.state, state, injections)


def _durable(desk: Desk, step: Step) -> tuple[e.Event, ...]:
    """The records that were written in this step: none any more once the journal is lost, until a recovery."""
    if step.before.durable is not None:
        return ()
    events = events_of(desk, step)
    lost = [number for number, event in enumerate(events) if isinstance(event, e.JournalLost)]
    return events[: lost[0] - 1] if lost else events


def _compared(live: State, read: State, injections: Sequence[Injection]) -> Finding | None:
    if live == read:
        return None
    return Finding("replay", f"the journal of {code_of(injections)} tells of another state than the run had")
