"""Every place in a runbook where a parameter, a fact or a step is declared or spoken of."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from svmrun.editor.places import Range, Text
from svmrun.runbook.meaning_names import STEPS, Use, uses
from svmrun.runbook.model import Path, Release
from svmrun.runbook.spans import scalar_spans
from svmrun.runbook.subject import Subject

Kind = Literal["parameter", "fact", "step"]
_BRACES = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
_WORD = re.compile(r"""'[^']*'|"[^"]*"|(?P<before>[.|]\s*)?(?P<name>[A-Za-z_]\w*)(?P<argument>\s*=(?!=))?""")
_STEP = re.compile(r"""(?<![\w.])steps\s*(?:\.\s*(?P<plain>[A-Za-z_]\w*)|\[\s*['"\\]+(?P<quoted>[\w-]+)['"\\]+\s*\])""")


@dataclass(frozen=True)
class Mention:
    """`range` is the bare name. `access` is what leads to a step's result (`.lock`, `['take-off']`), else the name."""

    kind: Kind
    name: str
    range: Range
    access: Range
    declares: bool = False


def mentions(subject: Subject) -> list[Mention]:
    return list(_Finder(subject).all())


class _Finder:
    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self.source = subject.runbook.source
        self.text = Text(self.source.text)
        self.spans = scalar_spans(self.source.text)

    def all(self) -> Iterator[Mention]:
        yield from self.declarations()
        yield from self.releases()
        for use in uses(self.subject):
            if self.is_here(use.path):
                yield from self.in_use(use)

    def is_here(self, path: Path) -> bool:
        """Not in a file that this one brings in."""
        return self.source.position(path).file == self.source.file

    def declarations(self) -> Iterator[Mention]:
        kinds: dict[str, Kind] = {"parameters": "parameter", "facts": "fact"}
        for path, position in self.source.keys.items():
            if len(path) == 2 and path[0] in kinds:  # of this runbook, not of one that it calls
                start = self.text.offset_of(position)
                yield _plain(kinds[str(path[0])], str(path[1]), self.inside(start, str(path[1])), declares=True)
        for step in filter(lambda step: self.is_here(step.path), self.subject.steps()):
            yield self.scalar("step", step.id, (*step.path, "id"), declares=True)

    def releases(self) -> Iterator[Mention]:
        for step in self.subject.runbook.steps:
            if isinstance(step, Release) and self.is_here(step.path):
                yield self.scalar("step", step.step, (*step.path, "release"), declares=False)

    def scalar(self, kind: Kind, name: str, path: Path, *, declares: bool) -> Mention:
        start = self.text.offset_of(self.source.position(path))
        return _plain(kind, name, self.inside(start, name), declares=declares)

    def inside(self, start: int, name: str) -> Range:
        """The name itself, without the quotes around it."""
        start += self.text.text[start : start + 1] in ("'", '"')
        return Range(start, start + len(name))

    def in_use(self, use: Use) -> Iterator[Mention]:
        position = self.source.position(use.path)
        span = self.spans.get((position.line, position.column))
        if span is None:
            return
        for start, end in self.expressions(*span, bare=use.bare):
            yield from self.names(start, end)
            yield from self.steps(start, end)

    def expressions(self, start: int, end: int, *, bare: bool) -> list[tuple[int, int]]:
        if not bare:
            return [found.span(1) for found in _BRACES.finditer(self.text.text, start, end)]
        quoted = self.text.text[start] in ("'", '"')
        return [(start + 1, end - 1)] if quoted else [(start, end)]

    def names(self, start: int, end: int) -> Iterator[Mention]:
        for found in _WORD.finditer(self.text.text, start, end):
            name = found["name"]
            if not name or found["before"] or found["argument"] or name == STEPS:
                continue
            kind: Kind | None = "parameter" if name in self.subject.parameter_names else None
            kind = kind or ("fact" if name in self.subject.fact_names else None)
            if kind:
                yield _plain(kind, name, Range(*found.span("name")), declares=False)

    def steps(self, start: int, end: int) -> Iterator[Mention]:
        for found in _STEP.finditer(self.text.text, start, end):
            group = "plain" if found["plain"] else "quoted"
            access = Range(found.start() + len(STEPS), found.end())
            yield Mention("step", found[group], Range(*found.span(group)), access)


def _plain(kind: Kind, name: str, place: Range, *, declares: bool) -> Mention:
    return Mention(kind, name, place, place, declares)
