"""Which two texts are compared, and their comparison; a runbook that is broken is compared with nothing."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from svmrun.adapters.registry import adapters
from svmrun.effects import revisions, runbook_files
from svmrun.errors import InvalidInput, Problem, UsageError
from svmrun.review.compare import compare
from svmrun.review.model import Compared
from svmrun.runbook.files import Files
from svmrun.runbook.load import load_runbook, read_runbook
from svmrun.runbook.model import Runbook

_IS_RUNBOOK = re.compile(rb"""["']?schema["']?\s*:\s*["']?svmrun/""")
_IS_PART = re.compile(rb"""["']?schema["']?\s*:\s*["']?svmrun/v1-steps""")
_BRINGS_IN = re.compile(rb"""\b(include|runbook)["']?\s*:""")


@dataclass(frozen=True)
class Text:
    """One side: the name under which messages speak of it, and its bytes. Nothing on that side has no name.

    `files` are those beside it; without them it is read by itself.
    """

    name: str
    data: bytes = b""
    files: Files | None = None


Judge = Callable[[Compared, Runbook | None, Runbook | None], Compared]
NOBODY = Text("")


def texts(operands: list[str]) -> Iterator[tuple[Text, Text]]:
    """The pairs that the words of the command line mean: two files, `REV:path`, a range, or the working tree."""
    if len(operands) == 2 and not all(revisions.is_revision(one) and not Path(one).is_file() for one in operands):
        yield _file(operands[0]), _file(operands[1])
        return
    yield from _Range(*_range(operands)).pairs()


def is_runbook(data: bytes) -> bool:
    """True when the bytes say so of themselves, however broken they are."""
    return bool(_IS_RUNBOOK.search(data))


def is_part(data: bytes) -> bool:
    """True for a list of steps, which says so."""
    return bool(_IS_PART.search(data))


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
    revision, _, path = name.partition(":")
    if not Path(name).exists() and revisions.is_revision(revision):
        data = revisions.content(name)
        return Text(
            f"{revision}:{revisions.from_top(path)}", data, revisions.AtRevision(lambda: revision, f"{revision}:")
        )
    found = runbook_files.find(name)
    return Text(str(found), runbook_files.read(found), runbook_files.Beside(found))


class _Range:
    """From one revision to another, or to the working tree (None)."""

    def __init__(self, before: str, after: str | None) -> None:
        self.ends = (before, after)
        self.top = revisions.top_folder()
        self.known: dict[str, bytes] = {}  # by `REVISION:PATH`; one by one it would be a git for each

    def pairs(self) -> Iterator[tuple[Text, Text]]:
        """The runbooks that changed, and those that bring in what did; a list of steps that none of them brings in."""
        changed = revisions.changed_files(*self.ends)
        sides = [side for one in changed for side in zip(self.ends, (one.before, one.after), strict=True)]
        self.known = revisions.contents([f"{end}:{path}" for end, path in sides if end and path])
        own = [pair for one in changed if _is_about_runbooks(pair := self.pair(one.before, one.after))]
        names = {name for one in changed for name in (one.before, one.after) if name}
        others = [self.pair(path, path) for path in sorted(self.naming(names) - names)]
        through = [pair for pair in others if not _is_part(pair) and self.brought_in(pair) & names]
        parts = [pair for pair in own if _is_part(pair)]
        whole = [pair for pair in (*own, *through) if not _is_part(pair)] if parts else []
        told = {name for pair in whole for name in self.brought_in(pair)}
        yield from (pair for pair in own if not (pair in parts and self.paths(pair) <= told))
        yield from through

    def naming(self, names: set[str]) -> set[str]:
        """The files in which the name of one of these stands, or of one in which it does, and so on."""
        found, fresh = set[str](), names
        while fresh:
            words = {os.path.basename(name) for name in fresh}
            fresh = {path for end in self.ends for path in revisions.naming(end, words)} - found
            found |= fresh
        return found

    def pair(self, before: str, after: str) -> tuple[Text, Text]:
        return self.text(self.ends[0], before), self.text(self.ends[1], after)

    def text(self, revision: str | None, path: str) -> Text:
        """Nobody where there is no such file."""
        if not path or (revision is None and not (self.top / path).is_file()):
            return NOBODY
        if revision is None:
            whole, here = self.top / path, Path.cwd()
            file = whole.relative_to(here) if whole.is_relative_to(here) else whole
            return Text(str(file), runbook_files.read(whole), runbook_files.Beside(file))
        shown = revision[:12] if re.fullmatch(r"[0-9a-f]{40,}", revision) else revision
        try:
            name = f"{revision}:{path}"
            data = self.known[name] if name in self.known else revisions.content(name)
        except InvalidInput:
            return NOBODY
        return Text(f"{shown}:{path}", data, revisions.AtRevision(lambda: revision, f"{shown}:"))

    def brought_in(self, pair: tuple[Text, Text]) -> set[str]:
        """The paths of what both sides bring in, from the top of the repository."""
        return {self.path(name) for text in pair for name in _brought_in(text)}

    def paths(self, pair: tuple[Text, Text]) -> set[str]:
        return {self.path(text.name) for text in pair if text != NOBODY}

    def path(self, name: str) -> str:
        _, colon, path = name.partition(":")
        return path if colon else os.path.relpath(name, self.top)


def _is_about_runbooks(pair: tuple[Text, Text]) -> bool:
    return any(is_runbook(text.data) for text in pair)


def _is_part(pair: tuple[Text, Text]) -> bool:
    """Lists of steps on both sides."""
    return all(text == NOBODY or is_part(text.data) for text in pair)


def _brought_in(text: Text) -> list[str]:
    """What was looked for when the text was read, whatever is wrong with it."""
    if not _BRINGS_IN.search(text.data):
        return []
    files = _Watched(text.files) if text.files else None
    with suppress(InvalidInput):
        read_runbook(text.name, text.data, adapters(), files)
    return files.used if files else []


class _Watched:
    """`used` are the names of the files that were looked for."""

    def __init__(self, files: Files) -> None:
        self.used: list[str] = []
        self.beside, self._read = files.beside, files.read

    def read(self, name: str) -> bytes:
        self.used.append(name)
        return self._read(name)


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
        return load_runbook(text.name, text.data, adapters(), text.files)
    except InvalidInput as error:
        problems += error.problems
        return None
