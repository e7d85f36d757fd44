"""A side that is taken off a mirror: when, how long, and what proves that the copy of it is good.

Source: Solaris Volume Manager Administration Guide, "Online Backups for Mirrors"; metadetach(1M), lockfs(1M).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from svmrun.lint.book import MIRROR_READERS, Book, argument_place, at
from svmrun.lint.rule import Found, Rule
from svmrun.runbook.model import Action, Release, Step

_STEP_IN_USE = re.compile(r"steps(?:\.(\w+)|\[\s*['\"]([\w-]+)['\"]\s*\])")
_ATTACHING = ("metattach", "metaonline")


def off_while_written(book: Book) -> Iterator[Found]:
    for index, step in book.sides:
        if not any(book.blocks_writers(held.action) for held in book.held_at(index)):
            message = f"{step.id!r} takes a side off while programs may write: its image is that of a crashed machine"
            yield Found(message, at(step.action), "lock the file system (or quiesce its user) before, unlock after")


def lock_kept_longer(book: Book) -> Iterator[Found]:
    """Only what proves something may stand inside: every second, every writer waits."""
    for index, lock in book.steps:
        end = book.release_of(lock)
        if end is None or not book.blocks_writers(lock.action):
            continue
        inside = [step for i, step in book.steps if index < i < end]
        if not any(book.takes_a_side_off(step.action) for step in inside):
            continue
        for step in inside:
            proves = book.read_only(step.action) or _judges(book, step)
            if not (book.takes_a_side_off(step.action) or proves or _is_demanded(book, step.action)):
                message = f"{step.id!r} runs while {lock.id!r} keeps every writer waiting, and need not"
                yield Found(message, at(step.action), f"move it behind the release of {lock.id!r}, or before the lock")


def copied_without_proof(book: Book) -> Iterator[Found]:
    """Told of the first step that reads the side: a proof before it serves the others, too."""
    for index, side in book.sides:
        readers = (pair for pair in book.steps if pair[0] > index and _reads_side(book, pair[1], side))
        for place, step in islice(readers, 1):
            if not _proved(book, index, place):
                message = f"{step.id!r} reads the side, and nothing has proved by then that {side.id!r} took it off"
                hint = "read the mirror with a metastat step behind it, and judge its result with an assert"
                yield Found(message, at(step.action), hint)


def copied_when_attached(book: Book) -> Iterator[Found]:
    for index, side in book.sides:
        end = book.release_of(side)
        for place, step in book.steps:
            if (place < index or (end is not None and place > end)) and _reads_side(book, step, side):
                message = f"{step.id!r} reads the side while it is part of the mirror: what it copies is moving"
                yield Found(message, at(step.action), f"move it between {side.id!r} and its release")


def no_wait_for_resync(book: Book) -> Iterator[Found]:
    for _, side in book.sides:
        end = book.release_of(side) if side.hold_seconds is not None else _attached_at(book)
        if end is not None and not any(i > end and _waits_for_mirror(book, step.action) for i, step in book.steps):
            message = f"nothing waits until the mirror that {side.id!r} took a side off is whole again"
            last = book.runbook.steps[end]
            path = (*last.path, "release") if isinstance(last, Release) else at(last.action)
            hint = "end with a wait_for that polls its state (metastat, mdadm, lvs)"
            yield Found(message, path, hint, of_key=isinstance(last, Step))


def _attached_at(book: Book) -> int | None:
    """Where a step of its own gives the side back."""
    return next((i for i, step in book.steps if step.action.adapter in _ATTACHING), None)


def forced(book: Book) -> Iterator[Found]:
    for action, _ in book.actions():
        if book.takes_a_side_off(action) and book.arguments(action).get("force") is True:
            message = f"{action.adapter} -f takes a side off although another one may be in error: the last good one"
            yield Found(message, argument_place(action, "force"), "leave `force` away, and mend the mirror first")


def _is_demanded(book: Book, action: Action) -> bool:
    """Some other action loses data unless this one stands before it."""
    demanded = [judged[0].preceded_by(judged[1]) for other, _ in book.actions() if (judged := book.judged(other))]
    return any(before is not None and before.adapter == action.adapter for before in demanded)


def _judges(book: Book, step: Step) -> bool:
    return book.adapter(step.action).performer == "judge"


def _reads_side(book: Book, step: Step, side: Step) -> bool:
    """Whether a step checks or copies the very side: its device is made of the same submirror."""
    if not (book.copies(step.action) or step.action.adapter == "fsck"):
        return False
    submirror = _names(side.action.arguments.get("submirror"))
    return bool(submirror & _names([step.action.arguments.get(key) for key in ("device", "argv")]))


def _names(value: object) -> set[str]:
    """The names in templates, and the plain last parts of paths."""
    text = str(value)
    inside = {word for braces in re.findall(r"\{\{(.*?)\}\}", text) for word in re.findall(r"[A-Za-z_]\w*", braces)[:1]}
    return inside or set(re.findall(r"\bd[0-9]+\b", text))


def _proved(book: Book, index: int, place: int) -> bool:
    """An assert before `place` over the result of a metastat step behind `index`."""
    reading = {step.id for i, step in book.steps if index < i < place and step.action.adapter in MIRROR_READERS}
    judging = [condition.text for condition in book.conditions if index < condition.index < place]
    used = {name for text in judging for pair in _STEP_IN_USE.findall(text) for name in pair}
    return bool(reading & used)


def _waits_for_mirror(book: Book, action: Action) -> bool:
    inner = book.subject.polled(action)
    return inner is not None and inner.adapter in MIRROR_READERS


def unlocked_first(book: Book) -> Iterator[Found]:
    """The side must be off before the writers go on; asked only where both stand under one lock's name."""
    for index, step in enumerate(book.runbook.steps):
        if not isinstance(step, Release):
            continue
        lock = next((s for _, s in book.steps if s.id == step.step), None)
        if lock is None or not book.blocks_writers(lock.action):
            continue
        begin = next(i for i, s in book.steps if s is lock)
        inside = [s for i, s in book.steps if begin < i < index]
        later = [s for i, s in book.sides if i > index]
        if later and not any(book.takes_a_side_off(s.action) for s in inside):
            message = f"writers go on before {later[0].id!r} takes the side off: the lock was for nothing"
            yield Found(message, (*step.path, "release"), f"move this release behind {later[0].id!r}")


RULES = (
    Rule("SR010", "off-while-written", "warning", "A side is taken off while programs may write", off_while_written),
    Rule("SR011", "lock-kept-longer", "warning", "Writers wait for what need not be done then", lock_kept_longer),
    Rule("SR012", "unproved-copy", "warning", "A side is copied without proof that it is off", copied_without_proof),
    Rule("SR013", "copied-when-attached", "error", "A side is copied while it is attached", copied_when_attached),
    Rule("SR014", "no-wait-for-resync", "warning", "Nothing waits until the mirror is whole", no_wait_for_resync),
    Rule("SR015", "forced", "error", "A side is taken off by force", forced),
    Rule("SR016", "unlocked-first", "error", "The lock ends before the side is off", unlocked_first),
)
