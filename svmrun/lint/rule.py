"""What a rule is, and what it finds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from svmrun.errors import Position, Problem
from svmrun.lint.book import Book
from svmrun.runbook.model import Path

Severity = Literal["error", "warning", "note"]


@dataclass(frozen=True)
class Edit:
    """A mend within one line: the characters of columns `start` to before `end` (from 0) become `text`.

    A line that only held what was taken away is taken away too.
    """

    line: int  # from 1
    start: int
    end: int
    text: str


@dataclass(frozen=True)
class Found:
    """What a rule has to say of one place: a node's path, or a place in the text. `edit` never changes the plan."""

    message: str
    path: Path = ()
    hint: str | None = None
    of_key: bool = True
    position: Position | None = None
    edit: Edit | None = None


@dataclass(frozen=True)
class Rule:
    """`id` is for people and comments, `name` says it in words. `check` is pure; its page is `docs/rules/ID.md`.

    One `of_parts` can judge a list of steps without the runbook around it.
    """

    id: str
    name: str
    severity: Severity
    summary: str
    check: Callable[[Book], Iterator[Found]]
    of_parts: bool = False


@dataclass(frozen=True)
class Finding:
    """A rule's finding at its place. `edit` mends it where that is safe."""

    rule: Rule
    problem: Problem
    edit: Edit | None = None

    @property
    def file(self) -> str:
        return self.problem.position.file if self.problem.position else ""

    @property
    def line(self) -> int:
        return self.problem.position.line if self.problem.position else 1
