"""Short forms for the argument schemas of adapters: one line for a field that an editor explains when pointed at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from svmrun.duration import PATTERN

Json = Any
Schema = Mapping[str, Json]

NO_OPTION = r"^[^-\s]\S*$"  # a word that the program cannot take for an option
ABSOLUTE = r"^/"


def arguments(properties: Mapping[str, Schema], required: Sequence[str] = ()) -> Schema:
    """The schema of an adapter's arguments: these fields and no others."""
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(required),
        "additionalProperties": False,
    }


def text(title: str, description: str, examples: Sequence[str], **more: Json) -> Schema:
    return _field("string", title, description, examples, more)


def path(title: str, description: str, examples: Sequence[str], **more: Json) -> Schema:
    """An absolute path: it means the same whatever the working directory, and is never taken for an option."""
    return _field("string", title, description, examples, {"pattern": ABSOLUTE, **more})


def word(title: str, description: str, examples: Sequence[str], **more: Json) -> Schema:
    """A name without blanks that does not start with a dash."""
    return _field("string", title, description, examples, {"pattern": NO_OPTION, **more})


def choice(title: str, description: str, values: Sequence[str], **more: Json) -> Schema:
    return {"enum": list(values), "title": title, "description": description, "examples": list(values[:2]), **more}


def flag(title: str, description: str, **more: Json) -> Schema:
    return _field("boolean", title, description, [True], more)


def count(title: str, description: str, examples: Sequence[int], **more: Json) -> Schema:
    return _field("integer", title, description, examples, more)


def duration(title: str, description: str, examples: Sequence[str], **more: Json) -> Schema:
    """A number of seconds, or numbers with ms, s, m, h or d behind them."""
    shape = {"type": ["string", "number"], "pattern": PATTERN, "exclusiveMinimum": 0}
    return {**shape, "title": title, "description": description, "examples": list(examples), **more}


def texts(title: str, description: str, examples: Sequence[Sequence[str]], **more: Json) -> Schema:
    """A list of strings."""
    return _field("array", title, description, [list(e) for e in examples], {"items": {"type": "string"}, **more})


def _field(kind: str, title: str, description: str, examples: Sequence[Json], more: Mapping[str, Json]) -> Schema:
    return {"type": kind, "title": title, "description": description, "examples": list(examples), **more}
