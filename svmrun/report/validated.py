"""What `svmrun validate` prints; apart from the other shapes, since those know the events, which import slowly."""

from __future__ import annotations

from dataclasses import dataclass

from svmrun.errors import Problem


@dataclass(frozen=True)
class ValidatedFile:
    """What is wrong with one runbook; `ok` when nothing is."""

    file: str
    ok: bool
    problems: tuple[Problem, ...]


@dataclass(frozen=True)
class Validated:
    """Every problem of every file."""

    ok: bool
    files: tuple[ValidatedFile, ...]
