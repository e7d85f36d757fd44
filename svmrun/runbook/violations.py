"""What of a value breaks a JSON schema, in words for a person."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError

from svmrun.duration import PATTERN as DURATION
from svmrun.runbook.near import meant, nearest
from svmrun.runbook.pieces import STEP_NAME, TEMPLATE

Json = Any
_Error = Any  # jsonschema.ValidationError: its members are typed so that each use would need a cast
_RELEASE_KEYS = "a release has only 'release' and 'name'"
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
_LIMITS = {
    "minimum": "{value} is less than {limit}",
    "maximum": "{value} is greater than {limit}",
    "exclusiveMinimum": "{value} is not greater than {limit}",
    "exclusiveMaximum": "{value} is not less than {limit}",
    "maxLength": "the text is longer than {limit} characters",
    "maxItems": "the list has more than {limit} members",
    "uniqueItems": "the list has a member twice",
    "minProperties": "the mapping has fewer than {limit} members",
}


@dataclass(frozen=True)
class Violation:
    """`path` leads to what is wrong; with `of_key` it is the key itself, not its value.

    `missing` names the keys of which one is missing in the mapping at `parent`; `unknown` is a key too many there,
    and `nearest` what it was probably meant to be.
    """

    path: tuple[str | int, ...]
    message: str
    hint: str | None = None
    of_key: bool = False
    parent: tuple[str | int, ...] = ()
    missing: tuple[str, ...] = ()
    unknown: bool = False
    nearest: str | None = None


def violations(schema: Mapping[str, Json], value: Json) -> list[Violation]:
    """Everything in the value that breaks the schema; empty when it fits."""
    errors = Draft202012Validator(dict(schema)).iter_errors(value)
    found = [violation for error in errors for violation in _explained(error)]
    return _without_echoes(list(dict.fromkeys(found)))


def _without_echoes(found: list[Violation]) -> list[Violation]:
    """Without what only says again that a key is misspelt: that the right key is missing."""
    misspelt = {(v.parent, v.nearest) for v in found if v.unknown}
    strange = {v.parent for v in found if v.unknown}

    def echoes(violation: Violation) -> bool:
        if len(violation.missing) == 1:
            meant_release = violation.missing == ("id",) and (violation.parent, "release") in misspelt
            return meant_release or (violation.parent, violation.missing[0]) in misspelt
        return bool(violation.missing) and violation.parent in strange

    return [violation for violation in found if not echoes(violation)]


def _explained(error: _Error) -> Iterator[Violation]:
    path = tuple(error.absolute_path)
    keyword, instance, limit = str(error.validator), error.instance, error.validator_value
    if "propertyNames" in list(error.relative_schema_path)[-2:]:
        yield _strange_name(path, keyword, instance)
    elif keyword == "additionalProperties":
        yield from _unknown_keys(path, instance, error.schema["properties"])
    elif keyword == "required":
        yield _missing(error, path)
    elif keyword == "dependentRequired":
        yield from _dependent(path, instance, limit)
    elif keyword == "oneOf":
        yield from _one_key_of(path, instance, [branch["required"][0] for branch in limit])
    elif keyword == "anyOf":
        yield from _nearest_branch(error, limit)
    else:
        yield Violation(path, _sentence(keyword, instance, limit), _hint(keyword, instance, limit))


def _unknown_keys(path: tuple[str | int, ...], instance: Json, known: Mapping[str, Json]) -> Iterator[Violation]:
    for key in instance:
        if key not in known:
            message, near = f"unknown key {key!r}", nearest(key, known)
            yield Violation((*path, key), message, meant(key, known), True, path, unknown=True, nearest=near)


def _missing(error: _Error, path: tuple[str | int, ...]) -> Violation:
    key = next(k for k in error.validator_value if k not in error.instance and repr(k) in error.message)
    field = error.schema.get("properties", {}).get(key, {})
    return Violation(path, f"{key!r} is missing here", field.get("description"), True, path, (key,))


def _dependent(path: tuple[str | int, ...], instance: Json, needs: Mapping[str, Sequence[str]]) -> Iterator[Violation]:
    for key, needed in needs.items():
        for missing in needed:
            if key in instance and missing not in instance:
                hint = f"give it a {missing!r}, or leave {key!r} away"
                message = f"{key!r} without {missing!r}"
                yield Violation((*path, key), message, hint, True, path, (missing,))


def _strange_name(path: tuple[str | int, ...], keyword: str, name: str) -> Violation:
    """The name breaks a pattern, or a release has more keys than it may."""
    if keyword == "enum":
        return Violation((*path, name), f"{name!r} does not belong to a release", _RELEASE_KEYS, of_key=True)
    return Violation((*path, name), f"{name!r} cannot be a name here", "use letters, digits and _", of_key=True)


def _one_key_of(path: tuple[str | int, ...], instance: Json, names: list[str]) -> Iterator[Violation]:
    if not isinstance(instance, Mapping):
        return
    present = [key for key in instance if key in names]
    if len(present) > 1:
        message = f"two actions in one place: {' and '.join(repr(key) for key in present)}"
        yield Violation((*path, present[1]), message, "write one action in each", of_key=True)
    elif not present:
        yield Violation(
            path, "there is no action here", "write one adapter key, e.g. 'command'", True, path, tuple(names)
        )


def _nearest_branch(error: _Error, schemas: list[Json]) -> Iterator[Violation]:
    """The errors of that branch which the value was probably meant for: the one of its own type."""
    branches: dict[int, list[_Error]] = {}
    for inner in error.context:
        if schemas[inner.relative_schema_path[0]] != TEMPLATE:
            branches.setdefault(inner.relative_schema_path[0], []).append(inner)
    for errors in branches.values():
        if not any(_of_other_type(e) for e in errors):
            for inner in errors:
                yield from _explained(inner)
            return
    kinds = [kind for errors in branches.values() for e in errors if _of_other_type(e) for kind in _kinds(e)]
    wanted = " or ".join(dict.fromkeys(kinds))
    yield Violation(tuple(error.absolute_path), f"this must be {wanted}, not {_shown(error.instance)}")


def _of_other_type(error: _Error) -> bool:
    return error.validator == "type" and not error.relative_path


def _kinds(error: _Error) -> list[str]:
    wanted = error.validator_value
    return [_KINDS[k] for k in ([wanted] if isinstance(wanted, str) else wanted)]


def _sentence(keyword: str, instance: Json, limit: Json) -> str:
    if keyword == "type":
        kinds = " or ".join(_KINDS[k] for k in ([limit] if isinstance(limit, str) else limit))
        return f"this must be {kinds}, not {_shown(instance)}"
    if keyword == "enum":
        return f"{_shown(instance)} is not one of the choices"
    if keyword == "const":
        return f"this must be {limit!r}, not {_shown(instance)}"
    if keyword in ("minLength", "minItems") and limit == 1:
        return "this must not be empty"
    if keyword == "pattern":
        return f"{_shown(instance)} {_PATTERNS.get(limit, f'does not match the pattern {limit}')}"
    if keyword in _LIMITS:
        return _LIMITS[keyword].format(value=_shown(instance), limit=limit)
    return f"{_shown(instance)} does not fit ({keyword}: {limit})"


def _hint(keyword: str, instance: Json, limit: Json) -> str | None:
    if keyword == "enum":
        texts = [choice for choice in limit if isinstance(choice, str)]
        return meant(instance, texts) if isinstance(instance, str) and texts else _choices(limit)
    if keyword == "pattern" and limit == DURATION:
        return "write for example 30s, 5m or 1h30m"
    return None


def _choices(values: Sequence[Json]) -> str:
    return f"write one of {', '.join(map(_shown, values))}"


def _shown(value: Json) -> str:
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    text = {True: "true", False: "false"}.get(value, repr(value)) if isinstance(value, bool) else repr(value)
    return "null" if value is None else text if len(text) <= 60 else text[:57] + "..."


def schema_fault(schema: Mapping[str, Json]) -> tuple[tuple[str | int, ...], str] | None:
    """Where and why something cannot serve as the schema of a value; None when it can."""
    for path, keyword, value in _keywords(schema):
        if keyword in ("$ref", "$dynamicRef"):
            return path, "references have no place in the schema of a value"
        if keyword == "pattern" and isinstance(value, str) and (fault := _pattern_fault(value)):
            return path, fault
    try:
        Draft202012Validator.check_schema(dict(schema))
    except SchemaError as error:
        return tuple(error.absolute_path), f"this is not a JSON schema: {error.message}"
    return None


def _keywords(value: Json, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], str, Json]]:
    if isinstance(value, Mapping):
        for key, member in value.items():
            yield (*path, key), key, member
            yield from _keywords(member, (*path, key))


def _pattern_fault(pattern: str) -> str | None:
    try:
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        return f"this is not a regular expression: {error}"
    return None
