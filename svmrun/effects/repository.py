"""The git commit that a runbook comes from."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path


def commit_of(paths: Sequence[Path]) -> tuple[str | None, bool]:
    """The commit checked out where a runbook lies, and whether one of its files differs from it.

    The runbook itself comes first. (None, False) outside git.
    """
    folder = paths[0].resolve().parent
    commit = _git(folder, "rev-parse", "HEAD")
    if commit is None:
        return None, False
    changed = _git(folder, "status", "--porcelain", "--", *(str(path.resolve()) for path in paths))
    return commit.strip(), changed is None or bool(changed)


def _git(folder: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ("git", "-C", str(folder), *arguments), capture_output=True, text=True, timeout=10, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None
