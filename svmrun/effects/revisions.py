"""Runbooks as they were: files out of git's revisions."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from svmrun.errors import InvalidInput, Problem, UsageError

_SECONDS = 60.0


@dataclass(frozen=True)
class ChangedFile:
    """A file that differs between two revisions. A name is empty where the file is not; they differ when it moved."""

    before: str
    after: str


def git(*arguments: str, folder: Path | None = None) -> bytes:
    """What git prints. Raises InvalidInput with git's own words, and UsageError where there is no git."""
    where = ("-C", str(folder)) if folder else ()
    try:
        done = subprocess.run(
            ("git", *where, *arguments), capture_output=True, stdin=subprocess.DEVNULL, timeout=_SECONDS
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


def changed_files(before: str, after: str | None, patterns: tuple[str, ...]) -> list[ChangedFile]:
    """What differs between two revisions, renames found; without `after`, from a revision to the working tree."""
    ends = (before,) if after is None else (before, after)
    options = ("--name-status", "-z", "--find-renames", "--no-ext-diff", "--no-relative")
    words = git("diff", *options, *ends, "--", *patterns, folder=top_folder()).decode("utf-8", "surrogateescape")
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
