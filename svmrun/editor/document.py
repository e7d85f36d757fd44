"""One text that is open in an editor: its problems, and what can be known of it even while it is broken."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

from svmrun.adapters.base import Adapter
from svmrun.editor.links import Link, links
from svmrun.editor.mentions import Mention, mentions
from svmrun.editor.places import Range, Text
from svmrun.errors import InvalidInput, Problem
from svmrun.lint.engine import lint
from svmrun.manual.actions import Hand
from svmrun.manual.values import values_of
from svmrun.runbook.files import Files
from svmrun.runbook.load import read_runbook
from svmrun.runbook.model import Path
from svmrun.runbook.subject import Subject


@dataclass(frozen=True)
class Diagnostic:
    """`rule` is that of lint, empty for what makes the runbook invalid."""

    problem: Problem
    range: Range
    severity: Literal["error", "warning", "note"] = "error"
    rule: str = ""


@dataclass(frozen=True)
class Document:
    """`subject` is the runbook as far as it can be read; None when the text is no YAML at all.

    `files` are those beside it.
    """

    file: str
    text: Text
    registry: Mapping[str, Adapter]
    subject: Subject | None
    files: Files | None = None

    @cached_property
    def mentions(self) -> list[Mention]:
        return mentions(self.subject) if self.subject else []

    @cached_property
    def hand(self) -> Hand | None:
        """Tells commands with the runbook's own examples and defaults."""
        if self.subject is None:
            return None
        return Hand(self.registry, values_of(self.subject.runbook, {}, examples=True))

    def diagnostics(self) -> list[Diagnostic]:
        """All problems; what lint has to say only of a runbook without any."""
        data = self.text.text.encode("utf-8", "surrogatepass")
        try:
            found = lint(self.file, data, self.registry, files=self.files)
        except InvalidInput as error:
            return [self._diagnostic(one) for one in error.problems]
        return [
            Diagnostic(one.problem, self.text.token_at(one.problem.position), one.rule.severity, one.rule.id)
            for one in found
            if one.file == self.file
        ]

    def _diagnostic(self, problem: Problem) -> Diagnostic:
        """One of another file is told where that file is named."""
        if problem.position is None or problem.position.file == self.file:
            return Diagnostic(problem, self.text.token_at(problem.position))
        named = next(
            (link.range for link in self.links if link.file == problem.position.file), self.text.token_at(None)
        )
        return Diagnostic(replace(problem, message=f"{problem.position}: {problem.message}"), named)

    @cached_property
    def links(self) -> list[Link]:
        return links(self.file, self.text, self.files)

    def mention_at(self, offset: int) -> Mention | None:
        return next((one for one in self.mentions if one.range.holds(offset)), None)

    def path_at(self, offset: int) -> Path:
        """The way to the innermost node that begins at or before that place."""
        if self.subject is None:
            return ()
        line, column = self.text.place(self.text.behind_indentation(offset))
        source = self.subject.runbook.source
        here = (line + 1, column + 1)
        places = [(p, path) for table in (source.keys, source.values) for path, p in table.items()]
        starts = [(p.line, p.column, len(path), path) for p, path in places if p.file == self.file]
        before = [(row, col, depth, path) for row, col, depth, path in starts if (row, col) <= here]
        return max(before, key=lambda one: one[:3])[3] if before else ()


def read_document(file: str, text: str, registry: Mapping[str, Adapter], files: Files | None = None) -> Document:
    return Document(file, Text(text), registry, _subject(file, text, registry, files), files)


def _subject(file: str, text: str, registry: Mapping[str, Adapter], files: Files | None) -> Subject | None:
    """The runbook without its broken members."""
    try:
        return read_runbook(file, text.encode("utf-8", "surrogatepass"), registry, files).subject
    except InvalidInput:
        return None
