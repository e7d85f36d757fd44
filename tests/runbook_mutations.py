"""Small mistakes in good runbooks: one token deleted or changed, each in a way that must be refused."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from svmrun.runbook.model import Path, Source

# Keys that a person chooses: changing one changes what is declared, so that the error is where it was used.
_CHOSEN = {("parameters",), ("facts",)}
_SECTIONS = ("parameters", "facts", "checks", "steps")


@dataclass(frozen=True)
class Mutation:
    """A broken text; `lines` are the first and last line (from 1) of the member in which it was broken."""

    what: str
    text: str
    line: int
    lines: tuple[int, int]


def mutations(source: Source) -> Iterator[Mutation]:
    """Every mutation of a good runbook that we know to be wrong."""
    for path, position in source.keys.items():
        if path[:-1] in _CHOSEN or path[-1] in ("environment",):
            continue
        key = str(path[-1])
        offset = _offset(source, position.line, position.column)
        end = offset + len(key)
        if not source.text.startswith(key, offset):
            continue
        for what, changed in _key_mistakes(source.text, offset, end, key):
            yield Mutation(f"{what} {'.'.join(map(str, path))}", changed, position.line, _member(source, path))
    yield from _character_mistakes(source)
    yield from _template_mistakes(source)


def _key_mistakes(text: str, offset: int, end: int, key: str) -> Iterator[tuple[str, str]]:
    yield "misspell", text[:offset] + key[:-1] + "zq" + text[end:]
    yield "delete the colon of", text[:end] + text[end + 1 :]
    yield "delete the key", text[:offset] + text[end:]
    mark = "\t" if _first_in_line(text, offset) else "%"
    yield f"{mark!r} before", text[:offset] + mark + text[offset:]


def _character_mistakes(source: Source) -> Iterator[Mutation]:
    """Brackets and quotes that belong to YAML's own structure, not to a text."""
    starts = {(p.line, p.column) for p in source.values.values()}
    for number, line in enumerate(source.text.splitlines(), 1):
        for found in re.finditer(r"[\[{]|\"(?=\{\{)|(?<!\})\}$", line):
            if (number, found.start() + 1) in starts or found[0] == "}":
                offset = _offset(source, number, found.start() + 1)
                text = source.text[:offset] + source.text[offset + 1 :]
                yield Mutation(f"delete {found[0]} in line {number}", text, number, _member_of_line(source, number))


def _template_mistakes(source: Source) -> Iterator[Mutation]:
    for found in re.finditer(r"\{\{ ?(\w+)", source.text):
        number = source.text.count("\n", 0, found.start()) + 1
        start, end = found.span(1)
        for what, text in (
            ("misspell a name", source.text[:start] + found[1] + "zq" + source.text[end:]),
            ("open a parenthesis", source.text[:start] + "( " + source.text[start:]),
        ):
            yield Mutation(f"{what} in line {number}", text, number, _member_of_line(source, number))


def _first_in_line(text: str, offset: int) -> bool:
    return not text[text.rfind("\n", 0, offset) + 1 : offset].strip(" -")


def _offset(source: Source, line: int, column: int) -> int:
    return sum(len(part) for part in source.text.splitlines(keepends=True)[: line - 1]) + column - 1


def _member(source: Source, path: Path) -> tuple[int, int]:
    return _member_of_line(source, source.position(path, of_key=True).line)


def _member_of_line(source: Source, line: int) -> tuple[int, int]:
    starts = sorted(
        {p.line for path, p in source.keys.items() if len(path) == 1}
        | {p.line for path, p in source.keys.items() if len(path) == 2 and path[0] in _SECTIONS}
        | {p.line for path, p in source.values.items() if len(path) == 2 and path[0] in _SECTIONS}
    )
    first = max(start for start in starts if start <= line)
    later = [start for start in starts if start > line]
    return first, (min(later) - 1 if later else source.text.count("\n") + 1)
