"""Find runbooks: as given, else in `runbooks/`, `$SVMRUN_PATH` and among those that come with svmrun."""

from __future__ import annotations

import difflib
import os
import shlex
from functools import cached_property
from pathlib import Path

from svmrun.errors import InvalidInput, Problem

MOST_BYTES = 4 * 1024 * 1024  # more is no runbook; the loader's own limit is smaller


def shipped(name: str) -> Path:
    """A folder that comes with svmrun: `runbooks`, `schemas`, `docs/rules` (in a wheel they lie inside the package)."""
    package = Path(__file__).resolve().parents[1]
    inside = package / "_shipped" / name
    return inside if inside.is_dir() else package.parent / name


def find(name: str) -> Path:
    """The file that `name` means, with or without `.yaml`. Raises InvalidInput when there is none."""
    for path in _candidates(name):
        if os.path.isfile(path):  # Path's own raises for names that are too long
            return Path(path)
    raise InvalidInput([_no_runbook(name)])


def _candidates(name: str) -> list[str]:
    places = [name]
    if "/" not in name:
        places += [f"{folder}/{name}" for folder in folders()]
    return [path for place in places for path in (place, f"{place}.yaml")]


def _no_runbook(name: str) -> Problem:
    if os.path.isdir(name):
        return Problem(f"{name} is a folder", hint="name one of the runbooks in it")
    if os.path.exists(name):
        return Problem(f"{name} is a pipe or a device", hint="a runbook is a file: it may be read more than once")
    if os.path.islink(name):
        return Problem(f"{name} is a link that leads nowhere", hint=f"look at ls -l {shlex.quote(name)}")
    return Problem(f"there is no runbook {name!r}", hint=_hint(name))


def read(path: Path) -> bytes:
    """The bytes of a runbook. Raises InvalidInput with a sentence."""
    try:
        with path.open("rb") as file:
            return file.read(MOST_BYTES)
    except OSError as error:
        raise InvalidInput([Problem(f"cannot read {path}: {error.strerror}")]) from error


class Beside:
    """The files that the runbook of a file brings in: from its folder tree, or from the git work tree that it is in.

    Messages name each file with `shown` in front.
    """

    def __init__(self, runbook: Path, shown: str = "") -> None:
        self._runbook, self._shown = runbook, shown

    @cached_property
    def _root(self) -> Path:
        folder = self._runbook.resolve().parent
        return next((place for place in (folder, *folder.parents) if (place / ".git").exists()), folder)

    def beside(self, file: str, written: str) -> str:
        return self._shown + joined(file.removeprefix(self._shown), written)

    def read(self, name: str) -> bytes:
        path = Path(name.removeprefix(self._shown))
        if not Path(os.path.realpath(path)).is_relative_to(self._root):  # Path's own raises for links in a circle
            raise ValueError(f"{name} is outside of {self._root}: a runbook brings in only what is kept beside it")
        if not os.path.isfile(path):
            raise ValueError(f"there is no file {name}")
        try:
            return read(path)
        except InvalidInput as error:
            raise ValueError(error.problems[0].message) from None


def joined(file: str, written: str) -> str:
    """The path that a text in a file means by a relative one. Raises ValueError for an absolute one."""
    if os.path.isabs(written):
        raise ValueError(f"{written!r} is an absolute path: write how it is reached from this file")
    return os.path.normpath(os.path.join(os.path.dirname(file), written))


def folders() -> list[Path]:
    """Where runbooks are looked for, in order."""
    more = [Path(p) for p in os.environ.get("SVMRUN_PATH", "").split(":") if p]
    return [Path("runbooks"), *more, shipped("runbooks")]


def _hint(name: str) -> str:
    known = sorted({p.stem for folder in folders() for p in folder.glob("*.yaml")})
    near = difflib.get_close_matches(Path(name).name.removesuffix(".yaml"), known, 1)
    looked = ", ".join(str(f) for f in folders())
    return f"did you mean {near[0]}?" if near else f"looked here and in {looked}; known: {', '.join(known) or 'none'}"
