"""The files that a command's arguments name: files, and folders with runbooks in them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from svmrun.effects import runbook_files
from svmrun.errors import InvalidInput, Problem

SUFFIXES = (".yaml", ".yml")


def named_files(names: Iterable[str], *, to_write: bool = False) -> Iterator[Path]:
    """Every file once, in order. Raises InvalidInput for a name that means nothing.

    What is to be written must be named by its path: a name alone may be found anywhere.
    """
    seen: set[Path] = set()
    for name in names:
        if to_write and not os.path.exists(name):
            raise InvalidInput([Problem(f"there is no file {name}", hint="name a file or a folder by its path")])
        for path in in_folder(Path(name)) if os.path.isdir(name) else [runbook_files.find(name)]:
            if path.resolve() not in seen:
                seen.add(path.resolve())
                yield path


def in_folder(folder: Path) -> list[Path]:
    """The runbooks of a folder and of those in it. A link that leads out of it is left alone.

    Raises InvalidInput when there is none.
    """
    root = folder.resolve()
    # os.walk, unlike Path.rglob, passes over what cannot be read.
    files = (Path(place) / file for place, _folders, files in os.walk(folder) for file in files)
    found = [path for path in files if path.suffix in SUFFIXES and path.is_file()]
    found = sorted(path for path in found if path.resolve().is_relative_to(root))
    if not found:
        raise InvalidInput([Problem(f"{folder}: there is no runbook in this folder", hint="runbooks end in .yaml")])
    return found
