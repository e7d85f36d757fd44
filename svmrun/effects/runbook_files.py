"""Find runbooks: as given, else in `runbooks/`, `$SVMRUN_PATH` and among those that come with svmrun."""

from __future__ import annotations

import difflib
import os
from pathlib import Path

from svmrun.errors import InvalidInput, Problem

MOST_BYTES = 4 * 1024 * 1024  # more is no runbook; the loader's own limit is smaller


def shipped(name: str) -> Path:
    """A folder that comes with svmrun: `runbooks` or `schemas` (in a wheel they lie inside the package)."""
    package = Path(__file__).resolve().parents[1]
    inside = package / "_shipped" / name
    return inside if inside.is_dir() else package.parent / name


def find(name: str) -> Path:
    """The file that `name` means, with or without `.yaml`. Raises InvalidInput when there is none."""
    candidates = [Path(name)]
    if "/" not in name:
        candidates += [folder / name for folder in folders()]
    for candidate in candidates:
        for path in (candidate, candidate.with_name(f"{candidate.name}.yaml")):
            if path.is_file():
                return path
    if Path(name).is_dir():
        raise InvalidInput([Problem(f"{name} is a folder", hint="name one of the runbooks in it")])
    raise InvalidInput([Problem(f"there is no runbook {name}", hint=_hint(name))])


def read(path: Path) -> bytes:
    """The bytes of a runbook. Raises InvalidInput with a sentence."""
    try:
        with path.open("rb") as file:
            return file.read(MOST_BYTES)
    except OSError as error:
        raise InvalidInput([Problem(f"cannot read {path}: {error.strerror}")]) from error


def folders() -> list[Path]:
    """Where runbooks are looked for, in order."""
    more = [Path(p) for p in os.environ.get("SVMRUN_PATH", "").split(":") if p]
    return [Path("runbooks"), *more, shipped("runbooks")]


def _hint(name: str) -> str:
    known = sorted({p.stem for folder in folders() for p in folder.glob("*.yaml")})
    near = difflib.get_close_matches(Path(name).name.removesuffix(".yaml"), known, 1)
    looked = ", ".join(str(f) for f in folders())
    return f"did you mean {near[0]}?" if near else f"looked here and in {looked}; known: {', '.join(known) or 'none'}"
