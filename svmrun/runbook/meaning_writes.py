"""A leg of a mirror that something wrote to while it was off must not be taken back by its bitmap.

The mirror copies back what it has noted itself. What a file system check, a mount or a copy wrote to the leg is not
among it: the mirror then holds different data on its legs, and every state word calls it whole (md(4), lvmraid(7)).
Devices are followed as they are written: two texts are one device when they are the same but for blanks in braces.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from svmrun.runbook.model import Action, Release, Step
from svmrun.runbook.subject import Subject

_BRACES = re.compile(r"\{\{\s*(.*?)\s*\}\}", re.DOTALL)


@dataclass(frozen=True)
class _Write:
    """`devices`: the one that is named, and all below that the write reaches."""

    action: Action
    step: str
    devices: tuple[str, ...]


def check_writes(subject: Subject) -> None:
    if any(True for action, _ in subject.actions() if _rejoined(subject, action)):
        below = dict(_passing(subject))
        for index, step in enumerate(subject.runbook.steps):
            if isinstance(step, Step):
                _check_forward(subject, index, step, below)
                _check_handlers(subject, index, step, below)


def _check_forward(subject: Subject, index: int, step: Step, below: dict[str, str]) -> None:
    device = _rejoined(subject, step.action)
    if not device:
        return
    for earlier in subject.runbook.steps[:index]:
        if isinstance(earlier, Step) and not _forgotten_since(subject, earlier, index, device):
            _report(subject, step.action, step.id, device, _writes(subject, [earlier], below))


def _forgotten_since(subject: Subject, write: Step, index: int, device: str) -> bool:
    between = subject.runbook.steps[subject.runbook.steps.index(write) : index]
    return any(_forgotten(subject, s.action) == device for s in between if isinstance(s, Step))


def _check_handlers(subject: Subject, index: int, step: Step, below: dict[str, str]) -> None:
    """A handler may run at any time until its hold is released: every write in between counts."""
    forgotten: set[str] = set()
    for handler in step.rollback:
        forgotten |= {device for device in [_forgotten(subject, handler)] if device}
        device = _rejoined(subject, handler)
        if device and device not in forgotten:
            _report(subject, handler, step.id, device, _writes(subject, _while_held(subject, index, step), below))


def _while_held(subject: Subject, index: int, step: Step) -> list[Step]:
    later = subject.runbook.steps[index + 1 :]
    ends = [n for n, other in enumerate(later) if isinstance(other, Release) and other.step == step.id]
    return [other for other in later[: min(ends, default=len(later))] if isinstance(other, Step)]


def _report(subject: Subject, action: Action, step: str, device: str, writes: Iterator[_Write]) -> None:
    found = next((write for write in writes if device in write.devices), None)
    if found is None:
        return
    line = subject.runbook.source.position(found.action.path).line
    message = (
        f"{found.step!r} (line {line}) may write to {device}, and {step!r} gives it back to the mirror, which does not "
        "know of that: its copies would differ for ever"
    )
    hint = (
        "let it work on a view that keeps what is written (dmsetup, target snapshot), or only look, or make the device "
        "be copied whole (mdadm: zero-superblock, then add)"
    )
    subject.report(message, (*action.path, action.adapter), hint, of_key=True)


def _writes(subject: Subject, steps: Sequence[Step], below: dict[str, str]) -> Iterator[_Write]:
    for step in steps:
        for action in (step.action, *step.rollback):
            judged = subject.judged(action)
            device = judged and judged[0].writes_device(judged[1])
            if device:
                yield _Write(action, step.id, _reached(_plain(device), below))


def _reached(device: str, below: dict[str, str]) -> tuple[str, ...]:
    found = [device]
    while found[-1] in below and below[found[-1]] not in found:
        found.append(below[found[-1]])
    return tuple(found)


def _passing(subject: Subject) -> Iterator[tuple[str, str]]:
    for step in subject.steps():
        judged = subject.judged(step.action)
        pair = judged and judged[0].passes_writes(judged[1])
        if pair:
            yield _plain(pair[0]), _plain(pair[1])


def _rejoined(subject: Subject, action: Action) -> str:
    judged = subject.judged(action)
    return _plain((judged and judged[0].rejoins_device(judged[1])) or "")


def _forgotten(subject: Subject, action: Action) -> str:
    judged = subject.judged(action)
    return _plain((judged and judged[0].forgets_device(judged[1])) or "")


def _plain(text: str) -> str:
    return _BRACES.sub(r"{{\1}}", text).strip()
