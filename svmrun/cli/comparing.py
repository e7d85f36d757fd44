"""Which two texts are compared, and their comparison; a runbook that is broken is compared with nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from svmrun.adapters.registry import adapters
from svmrun.effects import revisions, runbook_files
from svmrun.errors import InvalidInput, Problem, UsageError
from svmrun.review.compare import compare
from svmrun.review.model import Compared
from svmrun.runbook.load import load_runbook
from svmrun.runbook.model import Runbook

SUFFIXES = ("*.yaml", "*.yml")
_IS_RUNBOOK = re.compile(rb"""["']?schema["']?\s*:\s*["']?svmrun/""")


@dataclass(frozen=True)
class Text:
    """One side: the name under which messages speak of it, and its bytes. Nothing on that side has no name."""

    name: str
    data: bytes = b""


Judge = Callable[[Compared, Runbook | None, Runbook | None], Compared]
NOBODY = Text("")


def texts(operands: list[str]) -> Iterator[tuple[Text, Text]]:
    """The pairs that the words of the command line mean: two files, `REV:path`, a range, or the working tree."""
    if len(operands) == 2 and not all(revisions.is_revision(one) and not Path(one).is_file() for one in operands):
        yield _file(operands[0]), _file(operands[1])
        return
    before, after = _range(operands)
    top = revisions.top_folder()
    for changed in revisions.changed_files(before, after, SUFFIXES):
        pair = _old(before, changed.before), _old(after, changed.after) if after else _now(top, changed.after)
        if any(is_runbook(text.data) for text in pair):
            yield pair


def is_runbook(data: bytes) -> bool:
    """True when the bytes say so of themselves, however broken they are."""
    return bool(_IS_RUNBOOK.search(data))


def _range(operands: list[str]) -> tuple[str, str | None]:
    """The two revisions; None stands for the working tree."""
    if len(operands) == 2:
        return operands[0], operands[1]
    text = operands[0] if operands else "HEAD"
    before, dots, after = text.partition("...") if "..." in text else text.partition("..")
    for one in (before, after):
        if one and not revisions.is_revision(one):
            raise UsageError(f"diff: {one} is no revision that git knows here; compare two files, or give A..B")
    if not dots:
        return before, None
    before, after = before or "HEAD", after or "HEAD"
    return (revisions.merge_base(before, after) if dots == "..." else before), after


def _file(name: str) -> Text:
    """A file, a runbook's name, or `REV:path`."""
    if name == "/dev/null":
        return NOBODY
    if not Path(name).exists() and revisions.is_revision(name.partition(":")[0]):
        return Text(name, revisions.content(name))
    path = runbook_files.find(name)
    return Text(str(path), runbook_files.read(path))


def _old(revision: str, path: str) -> Text:
    if not path:
        return NOBODY
    shown = revision[:12] if re.fullmatch(r"[0-9a-f]{40,}", revision) else revision
    return Text(f"{shown}:{path}", revisions.content(f"{revision}:{path}"))


def _now(top: Path, path: str) -> Text:
    if not path:
        return NOBODY
    whole = top / path
    here = Path.cwd()
    return Text(str(whole.relative_to(here) if whole.is_relative_to(here) else whole), runbook_files.read(whole))


def compare_texts(before: Text, after: Text, judge: Judge | None = None) -> Compared:
    """What changes; the problems of both where one of them is broken. `judge` says more of the two runbooks."""
    problems: list[Problem] = []
    runbooks = [_load(text, problems) for text in (before, after)]
    if problems:
        return Compared(before.name, after.name, problems=tuple(problems))
    found = compare(runbooks[0], runbooks[1], adapters())
    return judge(found, *runbooks) if judge else found


def _load(text: Text, problems: list[Problem]) -> Runbook | None:
    if text == NOBODY:
        return None
    try:
        return load_runbook(text.name, text.data, adapters())
    except InvalidInput as error:
        problems += error.problems
        return None
