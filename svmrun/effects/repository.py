"""The git commit that a runbook comes from."""

from __future__ import annotations

import subprocess
from pathlib import Path


def commit_of(path: Path) -> tuple[str | None, bool]:
    """The commit checked out where `path` lies, and whether the file differs from it. (None, False) outside git."""
    folder = path.resolve().parent
    commit = _git(folder, "rev-parse", "HEAD")
    if commit is None:
        return None, False
    return commit.strip(), bool(_git(folder, "status", "--porcelain", "--", path.name))


def _git(folder: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ("git", "-C", str(folder), *arguments), capture_output=True, text=True, timeout=10, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None
