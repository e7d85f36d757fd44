"""`svmrun git-diff`: the semantic diff of one file; git calls it (diff.svmrun.command) as `git diff` shows the file."""

from __future__ import annotations

import argparse
import difflib
import os
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from svmrun.cli.parser import add_command

if TYPE_CHECKING:
    from svmrun.cli.comparing import Text
    from svmrun.cli.parser import Subparsers
    from svmrun.report.diff_document import Paint
    from svmrun.runbook.files import Files

UNMERGED = 1  # words that git gives for a path with a conflict
RENAMED = 9


def add_parser(subparsers: Subparsers) -> None:
    parser = add_command(
        subparsers,
        "git-diff",
        "Show what changes for the machine in one file. git calls this, see svmrun git-setup.",
        examples=[("git config diff.svmrun.command 'svmrun git-diff'", "what svmrun git-setup sets")],
    )
    parser.add_argument(
        "words",
        nargs="+",
        metavar="WORD",
        help="as git gives them: path old-file old-hex old-mode new-file new-hex new-mode",
    )


def run(options: argparse.Namespace) -> int:
    """Ends with 0 whatever it finds: else git would show nothing more."""
    words: list[str] = options.words
    if len(words) == UNMERGED:
        print(f"* Unmerged path {words[0]}")
        return 0
    path, _old_file, _old_hex, old_mode, _new_file, _new_hex, new_mode = words[:7]
    new_path = words[7] if len(words) >= RENAMED else path
    paint = _paint()
    print(paint(f"diff --svmrun a/{path} b/{new_path}", "head"))
    if new_path != path:
        print(paint(f"rename from {path}\nrename to {new_path}", "head"))
    elif old_mode != new_mode and "." not in (old_mode, new_mode):
        print(paint(f"old mode {old_mode}\nnew mode {new_mode}", "head"))
    print("\n".join(_body(*_texts(words, path, new_path), paint)))
    return 0


def _texts(words: list[str], old_path: str, new_path: str) -> tuple[Text, Text]:
    """Both sides, each with the files that lay beside it. Git hands out copies, and the hashes of what they are."""
    from svmrun.effects import blobs, runbook_files
    from svmrun.effects.revisions import AtRevision

    _, old_file, old_hex, _, new_file, new_hex = words[:6]
    in_tree = new_file == new_path  # the file itself, no copy
    at = cache(lambda: blobs.both((old_hex, old_path), (new_hex, new_path)))
    old = AtRevision((lambda: blobs.one(old_hex, old_path)) if in_tree else (lambda: at()[0]), "a/")
    new = runbook_files.Beside(Path(new_path), "b/") if in_tree else AtRevision(lambda: at()[1], "b/")
    return _text(f"a/{old_path}", old_file, old), _text(f"b/{new_path}", new_file, new)


def _text(name: str, file: str, files: Files) -> Text:
    from svmrun.cli.comparing import NOBODY, Text
    from svmrun.effects import runbook_files

    return NOBODY if file == os.devnull else Text(name, runbook_files.read(Path(file)), files)


def _body(before: Text, after: Text, paint: Paint) -> Iterator[str]:
    from svmrun.cli.comparing import compare_texts, is_runbook
    from svmrun.report.diff_document import compared_text

    if not is_runbook(before.data) and not is_runbook(after.data):
        yield from _lines(before, after, paint)
        return
    compared = compare_texts(before, after)
    yield from compared_text(compared, paint)
    if compared.problems:
        yield paint("a broken runbook is compared line by line:", "head")
        yield from _lines(before, after, paint)


def _lines(before: Text, after: Text, paint: Paint) -> Iterator[str]:
    old, new = (text.data.decode("utf-8", "replace").splitlines() for text in (before, after))
    styles = {"-": "before", "+": "after", "@": "note"}
    for line in difflib.unified_diff(old, new, before.name or os.devnull, after.name or os.devnull, lineterm=""):
        yield paint(line, styles[line[0]]) if line[0] in styles else line


def _paint() -> Paint:
    """As git itself decides: its settings, the terminal, the pager."""
    from svmrun.report.diff_document import colours, no_colours

    if os.environ.get("NO_COLOR"):
        return no_colours
    ask = ("git", "config", "--get-colorbool", "color.diff", "true" if sys.stdout.isatty() else "false")
    wish = subprocess.run(ask, capture_output=True, text=True, check=False).stdout.strip()
    return colours if wish == "true" else no_colours
