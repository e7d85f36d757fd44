"""`svmrun git-setup`: let git show what changes for the machine, and refuse merges that make no valid runbook."""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from svmrun.cli.parser import add_command

if TYPE_CHECKING:
    from svmrun.cli.parser import Subparsers

PATTERN = "runbooks/**/*.yaml"
DRIVER = "svmrun"
HUNK_NAME = "^(  [^ ].*|[a-z].*)$"  # the step, in the text that git compares
EXAMPLES = [
    ("svmrun git-setup", "this repository: .gitattributes, to be committed, and its .git/config"),
    ("svmrun git-setup 'ops/*.yaml'", "where the runbooks lie elsewhere"),
    ("svmrun git-setup --global", "every repository of yours, without a file in any of them"),
    ("svmrun git-setup --mode plan-text", "git's own line diffs, of what runs instead of the layout"),
]
NOTES = """\
semantic:  `git diff` shows svmrun's diff; `git log -p` and `git show` compare line by line what runs, because git calls
           no other program there unless told to: git log -p --ext-diff, git show --ext-diff
plan-text: all of them compare line by line what runs
For a patch that can be applied: git format-patch, or git diff --no-ext-diff --no-textconv.
A merge of runbooks that does not validate is left as a conflict. Everybody who clones runs this once: git takes no
programs from a repository. Files that are no runbooks are shown and merged as ever.
"""


def add_parser(subparsers: Subparsers) -> None:
    parser = add_command(
        subparsers,
        "git-setup",
        "Make git diff, git log and git show speak of what runs, and guard merges of runbooks.",
        examples=EXAMPLES,
        notes=NOTES,
    )
    parser.add_argument("patterns", nargs="*", metavar="PATTERN", help=f"which files are runbooks (default: {PATTERN})")
    parser.add_argument("--mode", choices=("semantic", "plan-text"), default="semantic", help="default: semantic")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--local", action="store_true", help="for this repository (default)")
    where.add_argument("--global", dest="everywhere", action="store_true", help="for all repositories of yours")


def run(options: argparse.Namespace) -> int:
    scope = "--global" if options.everywhere else "--local"
    attributes = _global_attributes() if options.everywhere else _local_attributes()
    patterns = options.patterns or [PATTERN]
    _write_attributes(attributes, patterns)
    for key, value in settings(program(), options.mode).items():
        _configure(scope, f"{key}", value)
    print(f"{attributes}: {', '.join(patterns)}")
    print(f"git config {scope}: diff.{DRIVER}, merge.{DRIVER} ({options.mode})")
    if not options.everywhere:
        print(f"commit {attributes.name}; everybody who clones runs `svmrun git-setup` once")
    return 0


def program() -> str:
    """How git's shell starts this svmrun: by its plain name where that finds it."""
    own = Path(sys.argv[0]).absolute()
    if own.name != "svmrun" or not os.access(own, os.X_OK):
        return f"{shlex.quote(sys.executable)} -m svmrun.cli.main"
    found = shutil.which("svmrun")
    return "svmrun" if found and Path(found).absolute() == own else shlex.quote(str(own))


def settings(svmrun: str, mode: str) -> dict[str, str | None]:
    """git's settings; None takes one away."""
    return {
        f"diff.{DRIVER}.command": f"{svmrun} git-diff" if mode == "semantic" else None,
        f"diff.{DRIVER}.textconv": f"{svmrun} git-text",
        f"diff.{DRIVER}.xfuncname": HUNK_NAME,
        f"merge.{DRIVER}.name": "runbooks: a merge that validates",
        f"merge.{DRIVER}.driver": f"{svmrun} git-merge %O %A %B %P %L",
        f"merge.{DRIVER}.recursive": "text",
    }


def _configure(scope: str, key: str, value: str | None) -> None:
    from svmrun.effects.revisions import git
    from svmrun.errors import InvalidInput

    if value is not None:
        git("config", scope, key, value)
        return
    try:
        git("config", scope, "--unset", key)
    except InvalidInput:
        return  # it was not set


def _local_attributes() -> Path:
    from svmrun.effects.revisions import top_folder

    return top_folder() / ".gitattributes"


def _global_attributes() -> Path:
    from svmrun.effects.revisions import git
    from svmrun.errors import InvalidInput

    try:
        return Path(git("config", "--global", "--type=path", "core.attributesFile").decode().strip())
    except InvalidInput:
        home = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
        return home / "git" / "attributes"


def _write_attributes(path: Path, patterns: list[str]) -> None:
    """Other lines stay as they are."""
    from svmrun.errors import UsageError

    wanted = [f"{_quoted(pattern)} diff={DRIVER} merge={DRIVER}" for pattern in patterns]
    try:
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        path.parent.mkdir(parents=True, exist_ok=True)
        missing = [line for line in wanted if line not in lines]
        if missing:
            path.write_text("\n".join([*lines, *missing]) + "\n", encoding="utf-8")
    except OSError as error:
        raise UsageError(f"git-setup: cannot write {path}: {error.strerror}") from error


def _quoted(pattern: str) -> str:
    """A pattern with blanks stands in quotes, as in C."""
    return '"' + pattern.replace("\\", "\\\\").replace('"', '\\"') + '"' if " " in pattern else pattern
