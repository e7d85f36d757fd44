"""The sentences about values that break a schema."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from svmrun.duration import PATTERN as DURATION
from svmrun.runbook.near import meant
from svmrun.runbook.pieces import STEP_NAME

Json = Any
_KINDS = {
    "string": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
    "null": "null",
}
_PATTERNS = {
    DURATION: "is not a duration",
    STEP_NAME: "cannot be a name here: use letters, digits, _ and single dashes",
    "^/": "is not an absolute path",
}
# By the key that tells them.
_KINDS_OF_STEPS = {
    "release": "a release",
    "include": "an include",
    "runbook": "a call of a runbook",
    "foreach": "a foreach",
    "schema": "a list of steps",
}
_LIMITS = {
    "minimum": "{value} is less than {limit}",
    "maximum": "{value} is greater than {limit}",
    "exclusiveMinimum": "{value} is not greater than {limit}",
    "exclusiveMaximum": "{value} is not less than {limit}",
    "minLength": "the text is shorter than {limit} characters",
    "maxLength": "the text is longer than {limit} characters",
    "minItems": "the list has fewer than {limit} members",
    "maxItems": "the list has more than {limit} members",
    "uniqueItems": "the list has a member twice",
    "minProperties": "the mapping has fewer than {limit} members",
    "maxProperties": "the mapping has more than {limit} members",
}


def sentence(keyword: str, value: Json, limit: Json) -> str:
    """What is wrong with a value for which that keyword of a schema says `limit`."""
    if keyword == "type":
        kinds = dict.fromkeys(_KINDS[kind] for kind in ([limit] if isinstance(limit, str) else limit))
        return f"this must be {' or '.join(kinds)}, not {shown(value)}"
    if keyword == "enum":
        return f"{shown(value)} is not one of the choices"
    if keyword == "const":
        return f"this must be {shown(limit)}, not {shown(value)}"
    if keyword == "pattern":
        return f"{shown(value)} {_PATTERNS.get(limit, f'does not match the pattern {limit}')}"
    if keyword in ("minLength", "minItems", "minProperties") and limit == 1:
        return "this must not be empty"
    return _LIMITS[keyword].format(value=shown(value), limit=limit)


def hint(keyword: str, value: Json, limit: Json) -> str | None:
    """What to do about it, where more can be said."""
    if keyword == "enum":
        texts = [choice for choice in limit if isinstance(choice, str)]
        return meant(value, texts) if isinstance(value, str) and texts else _choices(limit)
    if keyword == "type" and "string" in limit and isinstance(value, bool):
        return f"put it in quotes: '{shown(value)}'"
    if keyword == "pattern" and limit == DURATION:
        return "write for example 30s, 5m or 1h30m"
    return None


def unlike(keyword: str, value: Json, schema: Mapping[str, Json]) -> tuple[str, str] | None:
    """Sentence and hint for a pattern, where there are examples: they say more to a person than it does."""
    if keyword != "pattern" or schema["pattern"] in _PATTERNS or not schema.get("examples"):
        return None
    forms = " or ".join(shown(example) for example in schema["examples"][:2])
    return f"{shown(value)} does not have the form of {forms}", f"it must match {schema['pattern']}"


def wrapped(keyword: str, value: Json, schema: Mapping[str, Json]) -> str | None:
    """Where a mapping is wanted that has one key which it cannot do without, a lone value is meant for that key."""
    if keyword != "type" or schema["type"] != "object" or len(schema.get("required", ())) != 1:
        return None
    return None if value is None else f"write {{{schema['required'][0]}: ...}}"


def strange_name(name: str, schema: Mapping[str, Json]) -> tuple[str, str]:
    """The key breaks a pattern, or a release, say, has more keys than it may."""
    if "enum" in schema:
        kind, *others = schema["enum"]
        *most, last = (repr(key) for key in (kind, *others))
        listed = f"{', '.join(most)} and {last}" if most else last
        return f"{name!r} does not belong to {_KINDS_OF_STEPS[kind]}", f"{_KINDS_OF_STEPS[kind]} has only {listed}"
    return f"{name!r} cannot be a name here", "use letters, digits and _"


def shown(value: Json) -> str:
    """The value as a message shows it: short, and structures only by their kind."""
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _choices(values: Sequence[Json]) -> str:
    return f"write one of {', '.join(map(shown, values))}"
