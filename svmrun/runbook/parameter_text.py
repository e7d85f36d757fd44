"""A parameter's value as it is typed on a command line, read by the parameter's type."""

from __future__ import annotations

from typing import Any

from svmrun.errors import InvalidInput
from svmrun.runbook.model import Parameter
from svmrun.runbook.scalars import plain_scalar
from svmrun.runbook.source import load

Json = Any
_WORDS = {"true": True, "false": False}


def from_text(parameter: Parameter, text: str) -> Json:
    """The value. A text is taken as it is; lists and mappings are written as YAML or JSON: `[a, b]`.

    Raises ValueError with a sentence; whether the value fits the rest of the schema is not looked at.
    """
    if "\x00" in text or not _is_unicode(text):
        raise ValueError("the value is not text in UTF-8")
    kinds = parameter.schema.get("type", "string")
    for kind in [kinds] if isinstance(kinds, str) else kinds:
        found, value = _as_kind(kind, text)
        if found:
            return value
    raise ValueError(f"{text[:60]!r} is not {_EXPECTED[kinds] if isinstance(kinds, str) else 'one of ' + str(kinds)}")


_EXPECTED = {
    "string": "a text",
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number",
    "array": "a list; write it as [a, b]",
    "object": "a mapping; write it as {name: value}",
    "null": "null",
}
_CLASSES: dict[str, type | tuple[type, ...]] = {
    "integer": int,
    "number": (int, float),
    "array": list,
    "object": dict,
    "null": type(None),
}


def _as_kind(kind: str, text: str) -> tuple[bool, Json]:
    if kind == "string":
        return True, text
    if kind == "boolean":
        return text in _WORDS, _WORDS.get(text)
    value = _structure(text) if kind in ("array", "object") else _scalar(text)
    return isinstance(value, _CLASSES[kind]) and not isinstance(value, bool), value


def _scalar(text: str) -> Json:
    try:
        return plain_scalar(text.strip())
    except ValueError:
        return text


def _structure(text: str) -> Json:
    try:
        return load("value", text.encode())[0]
    except InvalidInput:
        return text


def _is_unicode(text: str) -> bool:
    """False for bytes of the command line that are not UTF-8 (Python keeps them as lone surrogates)."""
    return not any("\ud800" <= character <= "\udfff" for character in text)
