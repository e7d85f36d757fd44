"""Sentences for what a JSON schema finds wrong in a world file."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any

from jsonschema import ValidationError

Path = tuple[str | int, ...]


def sentences(error: ValidationError) -> list[tuple[str, Path, bool]]:
    """Each message, the path of the node that it is about, and whether it is about that node's key."""
    error = _deepest(error)
    if error.validator == "additionalProperties":
        return [(message, path, True) for message, path in _unknown_keys(error)]
    return [(*_sentence(error), False)]


def _sentence(error: ValidationError) -> tuple[str, Path]:
    path: Path = tuple(error.absolute_path)
    wanted: Any = error.validator_value
    if error.validator == "required":
        instance: Any = error.instance
        missing = [name for name in wanted if name not in instance]
        return f"{', '.join(missing)} is missing", path
    if error.validator == "enum":
        return f"{error.instance!r} is none of {', '.join(map(str, wanted))}", path
    if error.validator == "const":
        return f"this must be {wanted}", path
    if error.validator == "uniqueItems":
        return f"{_shortened(error.instance)} has one of them twice", path
    return f"{_shortened(error.instance)} is not {_article(wanted)}", path


def _deepest(error: ValidationError) -> ValidationError:
    """Of the branches of an `anyOf`, the one that the writer most likely meant."""
    if error.validator != "anyOf" or not error.context:
        return error
    branches: Any = error.validator_value
    if "required" in branches[0]:
        return error.context[-1]
    return _deepest(max(error.context, key=lambda inner: (len(inner.absolute_path), inner.validator != "type")))


def _unknown_keys(error: ValidationError) -> Iterator[tuple[str, Path]]:
    schema: Any = error.schema
    instance: Any = error.instance
    known = list(schema["properties"])
    for unknown in (name for name in instance if name not in known):
        near = get_close_matches(str(unknown), known, n=1)
        suggestion = f"; did you mean {near[0]}?" if near else ""
        yield f"there is no {unknown!r} here{suggestion}", (*error.absolute_path, unknown)


def _shortened(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _article(kind: Any) -> str:
    return f"an {kind}" if str(kind)[:1] in "aeiou" else f"a {kind}"
