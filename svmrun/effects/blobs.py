"""Where a text that git hands out lies in its repository: git tells its hash alone, and what lay beside it counts."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from svmrun.effects.revisions import git
from svmrun.errors import InvalidInput, UsageError

INDEX, HEAD = "", "HEAD"
_MOST_COMMITS = "50"


def is_at(revision: str, path: str, blob: str) -> bool:
    """True when the file of that path is that blob there."""
    return _said("rev-parse", "--verify", "--quiet", f"{revision}:{path}").strip() == blob


def places(blob: str, path: str = "") -> Iterator[tuple[str, str]]:
    """Revisions with the blob, each with the path that it has there, the likely ones first."""
    if path:
        yield from ((revision, path) for revision in (INDEX, HEAD) if is_at(revision, path, blob))
    for line in _said("ls-files", "--stage").splitlines():
        about, _, name = line.partition("\t")
        if not path and about.split()[1:2] == [blob]:
            yield INDEX, name
    yield from _commits(blob, path)


def _commits(blob: str, path: str) -> Iterator[tuple[str, str]]:
    options = ("--all", "-n", _MOST_COMMITS, "--raw", "--no-abbrev", "--no-renames", f"--find-object={blob}")
    commit = ""
    for line in _said("log", *options, "--format=%H", *(("--", path) if path else ())).splitlines():
        if not line.startswith(":"):
            commit = line or commit
        elif line.partition("\t")[0].split()[3] == blob:
            yield commit, line.partition("\t")[2]


def both(old: tuple[str, str], new: tuple[str, str]) -> tuple[str | None, str | None]:
    """The revisions of the two sides of a difference, each a blob and its path, as they most likely were compared."""
    for revision, _ in places(*new):
        before = HEAD if revision == INDEX else f"{revision}^"
        if is_at(before, old[1], old[0]):
            return before, revision
    return one(*old), one(*new)


def place_of(copy: Path) -> tuple[str, str] | None:
    """The revision and the path from which git made a copy."""
    blob = _said("hash-object", "--no-filters", "--", str(copy)).strip()
    return next(places(blob), None) if blob else None


def merged_in() -> str | None:
    """The commit that git is merging in, or picking: it tells of one in the environment, of others by a name."""
    named = [word.removeprefix("GITHEAD_") for word in os.environ if word.startswith("GITHEAD_")]
    heads = (*named, "MERGE_HEAD", "CHERRY_PICK_HEAD", "REBASE_HEAD")
    return next((head for head in heads if _said("rev-parse", "--verify", "--quiet", f"{head}^{{commit}}")), None)


def one(blob: str, path: str) -> str | None:
    return next((revision for revision, _ in places(blob, path)), None)


def _said(*words: str) -> str:
    try:
        return git(*words).decode("utf-8", "surrogateescape")
    except (InvalidInput, UsageError):
        return ""
