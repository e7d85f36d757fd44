"""Runbooks as they were: files out of git's revisions."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from pathlib import Path

from svmrun.effects.runbook_files import joined
from svmrun.errors import InvalidInput, Problem, UsageError

_SECONDS = 60.0
SUFFIXES = ("*.yaml", "*.yml")


@dataclass(frozen=True)
class ChangedFile:
    """A file that differs between two revisions. A name is empty where the file is not; they differ when it moved."""

    before: str
    after: str


def git(*arguments: str, folder: Path | None = None, given: bytes = b"") -> bytes:
    """What git prints, given those bytes. Raises InvalidInput with git's words, UsageError where there is no git."""
    where = ("-C", str(folder)) if folder else ()
    try:
        done = subprocess.run(
            ("git", *where, *arguments), capture_output=True, input=given, timeout=_SECONDS, check=False
        )
    except FileNotFoundError as error:
        raise UsageError("git is needed for this, and it is not installed") from error
    except subprocess.TimeoutExpired as error:
        raise UsageError(f"git {arguments[0]} did not end within {_SECONDS:.0f} seconds") from error
    if done.returncode:
        words = done.stderr.decode("utf-8", "replace").strip().removeprefix("fatal: ")
        raise InvalidInput([Problem(f"git: {words or f'{arguments[0]} failed'}")])
    return done.stdout


def top_folder() -> Path:
    """Where the working tree begins."""
    return Path(git("rev-parse", "--show-toplevel").decode().removesuffix("\n"))


def is_revision(text: str) -> bool:
    """True when git knows a commit of that name."""
    if not text or text.startswith("-"):
        return False
    try:
        git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{text}^{{commit}}")
    except (InvalidInput, UsageError):
        return False
    return True


def merge_base(one: str, other: str) -> str:
    return git("merge-base", one, other).decode().strip()


def content(name: str) -> bytes:
    """A file named `REVISION:PATH`."""
    return git("cat-file", "blob", name)


def contents(names: Sequence[str]) -> dict[str, bytes]:
    """Those of many files named `REVISION:PATH` that exist, by one git for all of them (git-cat-file(1), --batch).

    A name with a newline in it is passed over.
    """
    asked = [name for name in names if "\n" not in name]
    told = BytesIO(git("cat-file", "--batch", given=b"".join(os.fsencode(name) + b"\n" for name in asked)))
    found: dict[str, bytes] = {}
    for name in asked:
        *_, kind, size = told.readline().split()
        if size.isdigit():  # else it says `missing`
            data = told.read(int(size) + 1)[:-1]
            found |= {name: data} if kind == b"blob" else {}
    return found


def from_top(path: str) -> str:
    """The path of a file in a revision; git takes one that begins with a dot from the folder that one is in."""
    here = git("rev-parse", "--show-prefix").decode().removesuffix("\n") if path.startswith(".") else ""
    return os.path.normpath(here + path)


class AtRevision:
    """The files that a runbook brings in as they were in a revision; the empty one is the index.

    `shown` stands before the path of each file in messages. `revision` is asked when the first file is.
    """

    def __init__(self, revision: Callable[[], str | None], shown: str) -> None:
        self._ask, self._shown = revision, shown

    @cached_property
    def _revision(self) -> str:
        found = self._ask()
        if found is None:
            raise ValueError("nobody knows in which revision this text was, and what lay beside it")
        return found

    def beside(self, file: str, written: str) -> str:
        path = joined(file.removeprefix(self._shown), written)
        if path.startswith("../"):
            raise ValueError(f"{written!r} leads out of the repository")
        return self._shown + path

    def read(self, name: str) -> bytes:
        path = name.removeprefix(self._shown)
        try:
            return content(f"{self._revision}:{path}")
        except InvalidInput:
            raise ValueError(f"there is no file {path} in {self._revision[:12] or 'the index'}") from None


def naming(revision: str | None, words: Iterable[str]) -> set[str]:
    """The paths of YAML files in which one of the words stands; without a revision, in the working tree."""
    where = ("--untracked",) if revision is None else (revision,)
    wanted = [part for word in sorted(words) for part in ("-e", word)]
    words_of_git = ("git", "-C", str(top_folder()), "grep", "-zlF", "--full-name", *wanted, *where, "--", *SUFFIXES)
    done = subprocess.run(words_of_git, capture_output=True, stdin=subprocess.DEVNULL, timeout=_SECONDS, check=False)
    names = done.stdout.decode("utf-8", "surrogateescape").split("\0")  # it ends with 1 where nothing is found
    return {name if revision is None else name.removeprefix(f"{revision}:") for name in names if name}


def changed_files(before: str, after: str | None) -> list[ChangedFile]:
    """What differs between two revisions, renames found; without `after`, from a revision to the working tree."""
    ends = (before,) if after is None else (before, after)
    options = ("--name-status", "-z", "--find-renames", "--no-ext-diff", "--no-relative")
    words = git("diff", *options, *ends, "--", *SUFFIXES, folder=top_folder()).decode("utf-8", "surrogateescape")
    return _parse(words.split("\0"))


def _parse(words: list[str]) -> list[ChangedFile]:
    found = []
    left = iter(words)
    for status in left:
        if not status:
            break
        before = next(left)
        after = next(left) if status[0] in "RC" else before
        found.append(ChangedFile("" if status[0] in "AC" else before, "" if status[0] == "D" else after))
    return found
