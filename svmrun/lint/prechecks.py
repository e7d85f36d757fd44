"""What must be looked at before anything is changed, because nobody can mend it afterwards.

Source: lockfs(1M) (the file system that *contains* the path is locked), metaset(1M), metastat(1M).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from svmrun.lint.book import MIRROR_READERS, SIDES, Book, argument_place, at, same
from svmrun.lint.rule import Found, Rule
from svmrun.runbook.model import Fact, Path, Step
from svmrun.runbook.order import roots_of
from svmrun.runbook.pieces import has_template

SYSTEM = ("/", "/usr", "/var", "/etc")
_LOCKS = ("lockfs", "fsfreeze")
_ROOT = re.compile(r"""(['"])/\1""")


def unchecked_mount_point(book: Book) -> Iterator[Found]:
    for step, mount_point, path in _locks(book):
        if not _judged(book, "df", "findmnt", about=mount_point):
            message = f"nothing checks what is mounted on {mount_point}: {step.id!r} would lock what lies below it, "
            hint = "read it as a fact (df or findmnt of that path), and compare its mount point and device in a check"
            yield Found(f"{message}often /", path, hint)


def system_file_system(book: Book) -> Iterator[Found]:
    for step, mount_point, path in _locks(book):
        if mount_point.rstrip("/") in [name.rstrip("/") for name in SYSTEM]:
            yield Found(f"{step.id!r} locks {mount_point}: the machine would hang", path, "dump it from a snapshot")
        elif has_template(mount_point) and not _refused(book, mount_point):
            message = f"nothing keeps {step.id!r} from locking / or /var, which hangs the machine"
            yield Found(message, path, f"add a check: {_expression(mount_point)} not in ['/', '/usr', '/var']")


def somebody_elses_lock(book: Book) -> Iterator[Found]:
    for step, mount_point, path in _locks(book):
        if step.action.adapter == "lockfs" and not _judged(book, "lockfs", about=mount_point):
            message = (
                f"nothing checks that {mount_point} is unlocked: {step.id!r} would later lift somebody else's lock"
            )
            yield Found(message, path, "read it as a fact (lockfs, mode: status), and check that it says unlock")


def unchecked_health(book: Book) -> Iterator[Found]:
    for _, side in book.sides:
        if not _mentioned(book, MIRROR_READERS, r"\b(state|health|sync_percent)\b"):
            message = f"nothing checks that every side is Okay before {side.id!r} takes one off"
            hint = "read the mirror as a fact (metastat, mdadm, lvs), and check the states"
            yield Found(message, at(side.action), hint)


def last_side(book: Book) -> Iterator[Found]:
    for _, side in book.sides:
        if not _mentioned(book, MIRROR_READERS, rf"{SIDES}.*\b(length|count)\b"):
            message = f"nothing checks that the mirror has another side than the one that {side.id!r} takes off"
            hint = "check that the list of its sides (of metastat, mdadm, lvs) has a length of 2 or more"
            yield Found(message, at(side.action), hint)


def unchecked_owner(book: Book) -> Iterator[Found]:
    for _, side in book.sides:
        if side.action.arguments.get("diskset") and not _mentioned(book, ("metaset",), r"\bowner\b|\bmaster\b"):
            message = f"nothing checks that this host owns the disk set before {side.id!r}"
            yield Found(message, argument_place(side.action, "diskset"), "read metaset as a fact, and check the owner")


def unchecked_tape(book: Book) -> Iterator[Found]:
    for _, step in book.steps:
        device = str(book.arguments(step.action).get("dump_device", "")) if step.action.adapter == "ufsdump" else ""
        asked = any(_is_about(fact, device) for fact in book.facts("mt").values())
        if device and not asked and (has_template(device) or device.startswith("/dev/rmt/")):
            message = f"nothing looks for a tape in {device} before anything is changed"
            yield Found(message, argument_place(step.action, "dump_device"), "read mt of that device as a fact")


def _locks(book: Book) -> Iterator[tuple[Step, str, Path]]:
    for _, step in book.steps:
        if step.action.adapter in _LOCKS and book.blocks_writers(step.action):
            path = argument_place(step.action, "mount_point")
            yield step, str(step.action.arguments.get("mount_point", "")), path


def _judged(book: Book, *adapters: str, about: str) -> bool:
    """Whether a check uses a fact that these adapters read of this very path."""
    facts = {name for name, fact in book.facts(*adapters).items() if _is_about(fact, about)}
    return any(condition.roots & facts for condition in book.conditions if condition.index < 0)


def _is_about(fact: Fact, path: str) -> bool:
    return any(same(value, path) for value in fact.action.arguments.values())


def _mentioned(book: Book, adapters: Sequence[str], pattern: str) -> bool:
    """Whether a check uses a fact of one of the adapters, and a word of its result."""
    facts = set(book.facts(*adapters))
    checks = [condition for condition in book.conditions if condition.index < 0 and condition.roots & facts]
    return any(re.search(pattern, check.text, re.DOTALL) for check in checks)


def _refused(book: Book, mount_point: str) -> bool:
    """Whether a check speaks of the same names and of `/` as a text."""
    names = roots_of(mount_point)
    return any(c.roots >= names and _ROOT.search(c.text) for c in book.conditions if c.index < 0)


def _expression(text: str) -> str:
    return text.removeprefix("{{").removesuffix("}}").strip()


RULES = (
    Rule("SR020", "unchecked-mount-point", "error", "A lock without a look at what is mounted", unchecked_mount_point),
    Rule("SR021", "system-file-system", "error", "A lock that may hit a system file system", system_file_system),
    Rule("SR022", "somebody-elses-lock", "warning", "A lock without a look at the lock as found", somebody_elses_lock),
    Rule("SR023", "unchecked-health", "warning", "A side is taken off an unchecked mirror", unchecked_health),
    Rule("SR024", "last-side", "warning", "The last side may be taken off", last_side),
    Rule("SR025", "unchecked-owner", "warning", "A disk set's owner is not checked", unchecked_owner),
    Rule("SR026", "unchecked-tape", "note", "Nobody looks for a tape before the mirror is split", unchecked_tape),
)
