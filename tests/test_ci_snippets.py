"""The snippets for CI servers: their scripts run as a server runs them, with commands that only write down the call."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.git_repository import BASE, BROKEN, Repository
from tests.running import SVMRUN

SNIPPETS = Path(__file__).parents[1] / "docs" / "ci"
RECORDS = '#!/bin/sh\necho "$0 $*" >> "$CALLS"\n'
HEAD = "## What changes for the machine"


class Server:
    """A repository with a topic branch, and a folder of commands that is first on the PATH."""

    def __init__(self, folder: Path, text: str) -> None:
        self.repository = Repository(folder)
        self.repository.commit(BASE)
        self.repository.git("checkout", "--quiet", "-b", "topic")
        self.repository.commit(text)
        self.commands = folder / "bin"
        self.commands.mkdir()
        (self.commands / "svmrun").symlink_to(SVMRUN)
        for name in ("pip", "apt-get", "gh", "curl", "jq"):
            self.answer(name, "")
        self.calls = folder / "calls"
        self.calls.touch()

    def answer(self, command: str, text: str) -> None:
        path = self.commands / command
        path.write_text(f"{RECORDS}printf '%s' '{text}'\n")
        path.chmod(0o755)

    def run(self, script: str, **variables: str) -> int:
        path = f"{self.commands}:{self.repository.environment['PATH']}"
        environment = {**self.repository.environment, "PATH": path, "CALLS": str(self.calls), **variables}
        words = ("bash", "-e", "-o", "pipefail", "-c", script)
        return subprocess.run(words, cwd=self.repository.folder, env=environment, timeout=60, check=False).returncode

    def text(self, name: str) -> str:
        return (self.repository.folder / name).read_text()


def github(server: Server) -> int:
    """The status of the job."""
    variables = {"GITHUB_ENV": str(server.commands / "env"), "GITHUB_STEP_SUMMARY": str(server.commands / "summary")}
    variables |= {"RANGE": "main...topic", "REPOSITORY": "us/runbooks", "NUMBER": "7", "GH_TOKEN": "t"}
    steps: list[dict[str, Any]] = yaml.safe_load((SNIPPETS / "github.yml").read_text())["jobs"]["diff"]["steps"]
    status = 0
    for script in (step["run"] for step in steps if "run" in step):
        status = server.run(script, **variables)
        lines = (server.commands / "env").read_text().split() if (server.commands / "env").exists() else []
        variables |= dict(line.split("=", 1) for line in lines)
    return status


def gitlab(server: Server) -> int:
    job = yaml.safe_load((SNIPPETS / "gitlab.yml").read_text())["runbooks"]
    variables = {
        "CI_MERGE_REQUEST_DIFF_BASE_SHA": "main",
        "CI_COMMIT_SHA": "topic",
        "SVMRUN_TOKEN": "t",
        "NOTES": "http://n",
    }
    return server.run("\n".join(job["script"]), **variables)


CASES = [
    pytest.param("# a comment\n" + BASE, 0, "No change in what runs", id="the same"),
    pytest.param(BASE.replace("hold: 30s", "hold: 45s"), 1, "**DANGER** `widens-hold`", id="a danger"),
    pytest.param(BROKEN, 3, "error: 'soon' is not a duration", id="broken"),
]


@pytest.mark.parametrize(("text", "status", "said"), CASES)
def test_github_posts_the_diff_as_a_comment_and_fails_on_danger(
    tmp_path: Path, text: str, status: int, said: str
) -> None:
    server = Server(tmp_path, text)
    assert github(server) == status
    comment = server.text("comment.md")
    assert comment.startswith("<!-- svmrun diff -->\n" + HEAD)
    assert said in comment
    assert "issues/7/comments --field body=@comment.md" in server.calls.read_text()


def test_github_updates_the_comment_that_is_there(tmp_path: Path) -> None:
    server = Server(tmp_path, BASE + "# more\n")
    server.answer("gh", "42\n")
    github(server)
    assert "issues/comments/42 --method PATCH" in server.calls.read_text()


@pytest.mark.parametrize(("text", "status", "said"), CASES)
def test_gitlab_posts_the_diff_as_a_note_and_fails_on_danger(tmp_path: Path, text: str, status: int, said: str) -> None:
    server = Server(tmp_path, text)
    assert gitlab(server) == status
    note = server.text("note.md")
    assert note.startswith("<!-- svmrun diff -->\n" + HEAD)
    assert said in note
    assert "--request POST" in server.calls.read_text()


def test_gitlab_updates_the_note_that_is_there(tmp_path: Path) -> None:
    server = Server(tmp_path, BASE + "# more\n")
    server.answer("jq", "42")
    gitlab(server)
    assert "--request PUT" in server.calls.read_text()
    assert "http://n/42" in server.calls.read_text()
