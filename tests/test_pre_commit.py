"""The hooks, by the real pre-commit, in a repository of somebody who uses them.

It takes them from a repository as it does everywhere. Only what it would fetch is not: `language: system` finds the
svmrun that is here, where `language: python` would install one of its own.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest
import yaml

from svmrun.cli.commands import COMMANDS
from tests.git_repository import BROKEN, Repository
from tests.running import RUNBOOKS, SVMRUN

HOOKS = Path(__file__).parents[1] / ".pre-commit-hooks.yaml"
IDS = ("svmrun-validate", "svmrun-fmt", "svmrun-lint", "svmrun-verify")
CASES = Path(__file__).parent / "cases"
STATUS = (RUNBOOKS / "mirror-status.yaml").read_text()


def test_there_is_a_hook_for_each_thing_to_look_at() -> None:
    hooks = yaml.safe_load(HOOKS.read_text())
    assert tuple(hook["id"] for hook in hooks) == IDS
    assert all(hook["entry"].split()[1] in COMMANDS for hook in hooks)


class User(Repository):
    """Who commits runbooks to a repository in which the hooks are installed."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.environment |= {
            "PATH": f"{Path(SVMRUN).parent}:{self.environment['PATH']}",
            "SVMRUN_STATE": str(folder / "state"),
            "PRE_COMMIT_HOME": str(folder / "cache"),
        }
        hooks = [{"id": name, "language": "system"} for name in IDS]
        repository = {"repo": str(folder / "published"), "rev": self.publish(folder / "published"), "hooks": hooks}
        self.write(json.dumps({"repos": [repository]}), ".pre-commit-config.yaml")
        self.write(STATUS)
        self.git("add", "-A")
        self.git("commit", "--quiet", "-m", "the first runbook")
        done = self.run(sys.executable, "-m", "pre_commit", "install")
        assert done.returncode == 0, done.stderr

    def publish(self, folder: Path) -> str:
        """A repository with our hooks; its revision."""
        folder.mkdir()
        shutil.copy(HOOKS, folder)
        for words in (("init", "--quiet"), ("add", "-A"), ("commit", "--quiet", "-m", "hooks")):
            self.git("-C", str(folder), *words)
        return self.git("-C", str(folder), "rev-parse", "HEAD").strip()

    def commits(self, text: str) -> tuple[dict[str, str], str]:
        """What became of each hook when the runbook was to be committed so, and everything that was said."""
        self.write(text)
        self.git("add", "-A")
        done = self.run("git", "commit", "-m", "a change")
        said = done.stdout + done.stderr
        rows = [line.partition(".....") for line in said.splitlines() if line.startswith("svmrun ")]
        return {name: rest.strip(".") for name, _, rest in rows}, said


@pytest.fixture(scope="module")
def user(tmp_path_factory: pytest.TempPathFactory) -> User:
    return User(tmp_path_factory.mktemp("pre-commit"))


@pytest.fixture(autouse=True)
def _start_again(user: User) -> None:
    user.git("reset", "--quiet", "--hard")


PASSED = dict.fromkeys(("svmrun validate", "svmrun fmt", "svmrun lint", "svmrun verify"), "Passed")


def test_a_good_change_is_committed(user: User) -> None:
    found, said = user.commits(STATUS.replace("Show the mirror", "Show how the mirror is"))
    assert found == PASSED, said
    assert "a change" in user.git("log", "--format=%s")


@pytest.mark.parametrize(
    ("hook", "text", "reason"),
    [
        ("validate", BROKEN, "'soon' is not a duration"),
        ("lint", (CASES / "lint/SR012/bad.yaml").read_text(), "SR012 unproved-copy"),
        ("verify", (CASES / "defects/never-attached-again.yaml").read_text(), "the mirror becomes whole"),
    ],
)
def test_a_change_that_is_wrong_is_refused_by_its_hook(user: User, hook: str, text: str, reason: str) -> None:
    before = user.git("rev-parse", "HEAD")
    found, said = user.commits(text)
    assert found[f"svmrun {hook}"] == "Failed", said
    assert reason in said
    assert user.git("rev-parse", "HEAD") == before


def test_untidy_layout_is_mended_and_then_committed(user: User) -> None:
    tidy = STATUS.replace("Show the mirror", "Show all of the mirror")
    found, said = user.commits(tidy.replace("    name: Show all", "    name:    Show all"))
    assert found == {**PASSED, "svmrun fmt": "Failed"}, said
    assert "files were modified by this hook" in said
    mended = (user.folder / "runbooks/backup.yaml").read_text()
    assert mended == tidy
    assert user.commits(mended)[0] == PASSED
