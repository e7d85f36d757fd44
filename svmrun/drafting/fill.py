"""A runbook's text with another name and with defaults for its parameters. Everything else stays, comments too."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from svmrun.runbook.model import Path, Source
from svmrun.runbook.scalars import plain_scalar
from svmrun.runbook.source import load
from svmrun.runbook.spans import scalar_spans

Json = Any
MODE_LINE = "# yaml-language-server: $schema="
_PLAIN = re.compile(r"[A-Za-z0-9/_][A-Za-z0-9/_.-]*")


@dataclass(frozen=True)
class _Edit:
    start: int
    end: int
    text: str


def fill(text: str, name: str, schema: str, values: Mapping[str, Json]) -> str:
    """`text` is a valid runbook; `schema` the way to its schema, for editors; `values` are defaults by parameter."""
    document, source = load("pattern", text.encode())
    lines = source.text.split("\n")
    starts = [sum(len(line) + 1 for line in lines[:number]) for number in range(len(lines))]
    filler = _Filler(source, starts)
    edits = [filler.scalar(("name",), name)]
    edits += [filler.default(key, value, document["parameters"][key]) for key, value in values.items()]
    filled = source.text
    for edit in sorted(edits, key=lambda one: one.start, reverse=True):
        filled = filled[: edit.start] + edit.text + filled[edit.end :]
    rest = filled.removeprefix(filled.split("\n", 1)[0]) if filled.startswith(MODE_LINE) else f"\n{filled}"
    return f"{MODE_LINE}{schema}{rest}"


@dataclass(frozen=True)
class _Filler:
    source: Source
    starts: list[int]

    def offset(self, path: Path, *, of_key: bool = False) -> int:
        position = self.source.position(path, of_key=of_key)
        return self.starts[position.line - 1] + position.column - 1

    def scalar(self, path: Path, value: Json) -> _Edit:
        """The value in the place of the one that is written."""
        position = self.source.position(path)
        start, end = scalar_spans(self.source.text)[position.line, position.column]
        written = self.source.text[start:end].rstrip()
        return _Edit(start, start + len(written), _yaml(value))

    def default(self, name: str, value: Json, written: Mapping[str, Json]) -> _Edit:
        path = ("parameters", name)
        if isinstance(written.get("default"), str | int):
            return self.scalar((*path, "default"), value)
        start = self.offset((*path, next(iter(written))), of_key=True)
        is_flow = self.source.text[self.offset(path)] == "{"
        indentation = " " * (start - self.source.text.rfind("\n", 0, start) - 1)
        return _Edit(start, start, f"default: {_yaml(value)}" + (", " if is_flow else f"\n{indentation}"))


def _yaml(value: Json) -> str:
    if not isinstance(value, str):
        return json.dumps(value)
    try:
        is_plain = bool(_PLAIN.fullmatch(value)) and plain_scalar(value) == value
    except ValueError:  # a number with a leading zero
        is_plain = False
    quoted = value.replace("'", "''")
    return value if is_plain else f"'{quoted}'"
