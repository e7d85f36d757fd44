"""A real git repository with runbooks in it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from tests.running import SVMRUN

BASE = (Path(__file__).parent / "cases" / "diff" / "base.yaml").read_text()
BROKEN = BASE.replace("hold: 30s", "hold: soon")
NAME = "runbooks/backup.yaml"


class Repository:
    """A repository of its own, whose git knows nothing of the tester's settings."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "work"
        self.folder.mkdir()
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "LC_ALL": "C",
            "GIT_CONFIG_NOSYSTEM": "1",
            **{f"GIT_{who}_{what}": "tester" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
        }
        self.git("init", "--quiet", "--initial-branch=main")

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            words, cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=60, check=False
        )

    def git(self, *words: str) -> str:
        done = self.run("git", *words)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def svmrun(self, *words: str) -> subprocess.CompletedProcess[str]:
        return self.run(SVMRUN, *words)

    def write(self, text: str, name: str = NAME) -> None:
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)

    def commit(self, text: str, name: str = NAME) -> None:
        self.write(text, name)
        self.git("add", "-A")
        self.git("commit", "--quiet", "-m", "a change")
