"""Does a value fit a JSON schema? Yes or no, and quickly: most values fit. `violations` finds the words for those
that do not.

A schema becomes a function once, which walks the members of the value instead of the keywords of the schema.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

Json = Any
Schema = Mapping[str, Json]
Test = Callable[[Json], bool]
KEPT = 512  # schemas: those of all adapters, and those of the parameters of the last runbooks


def fits(schema: Schema, value: Json) -> bool:
    """True when nothing in the value breaks the schema (draft 2020-12)."""
    return _test_of(_Same(schema))(value)


def misfits(schema: Schema, value: Mapping[str, Json]) -> tuple[list[str], bool]:
    """The members that break the schemas of their own properties, and whether anything else is wrong."""
    own, rest = _tests_apart(_Same(schema))
    return [key for key in value if key in own and not own[key](value[key])], not rest(value)


class _Same:
    """A schema by its identity: it is never changed, and to compare it would take longer than to use it."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema

    def __hash__(self) -> int:
        return id(self.schema)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.schema is other.schema


@lru_cache(KEPT)
def _test_of(same: _Same) -> Test:
    return Compiler(same.schema.get("$defs", {})).test(same.schema)


@lru_cache(KEPT)
def _tests_apart(same: _Same) -> tuple[dict[str, Test], Test]:
    compiler, properties = Compiler(same.schema.get("$defs", {})), same.schema["properties"]
    rest = {**same.schema, "properties": {key: {} for key in properties}}
    return {name: compiler.test(member) for name, member in properties.items()}, compiler.test(rest)


class Compiler:
    """Makes tests of schemas. `definitions` are what `$ref` leads to."""

    def __init__(self, definitions: Mapping[str, Schema]) -> None:
        self.definitions = definitions
        self.tests: dict[str, Test] = {}

    def test(self, schema: Schema) -> Test:
        told_by_properties = "properties" in schema and schema.get("additionalProperties") is False
        passed = ANNOTATIONS | {"additionalProperties"} if told_by_properties else ANNOTATIONS
        tests = [self.of_keyword(keyword, schema) for keyword in schema if keyword not in passed]
        if len(tests) == 1:
            return tests[0]

        def passes(value: Json) -> bool:
            for test in tests:  # noqa: SIM110 - a generator would take twice the time
                if not test(value):
                    return False
            return True

        return passes

    def of_keyword(self, keyword: str, schema: Schema) -> Test:
        if keyword == "type" and isinstance(schema[keyword], str):
            return KINDS[schema[keyword]]
        if keyword in SIMPLE:
            check, argument = SIMPLE[keyword], schema[keyword]
            return lambda value: check(value, argument)
        return _BUILDERS.get(keyword, Compiler.foreign)(self, keyword, schema)

    def reference(self, keyword: str, schema: Schema) -> Test:
        """Looked up when it is used: a definition may lead back to itself."""
        name = schema[keyword].rsplit("/", 1)[-1]

        def referred(value: Json) -> bool:
            if name not in self.tests:
                self.tests[name] = self.test(self.definitions[name])
            return self.tests[name](value)

        return referred

    def properties(self, keyword: str, schema: Schema) -> Test:
        own = {name: self.test(member) for name, member in schema[keyword].items()}
        is_closed = schema.get("additionalProperties") is False

        def passes(value: Json) -> bool:
            for key in value if is_object(value) else ():
                if key not in own:
                    if is_closed:
                        return False
                elif not own[key](value[key]):
                    return False
            return True

        return passes

    def other_properties(self, keyword: str, schema: Schema) -> Test:
        known, others = schema.get("properties", {}), schema[keyword]
        if isinstance(others, bool):
            return lambda value: others or not is_object(value) or all(key in known for key in value)
        test = self.test(others)
        return lambda value: not is_object(value) or all(test(value[key]) for key in value if key not in known)

    def names(self, keyword: str, schema: Schema) -> Test:
        test = self.test(schema[keyword])
        return lambda value: not is_object(value) or all(test(key) for key in value)

    def required(self, keyword: str, schema: Schema) -> Test:
        needed = schema[keyword]
        return lambda value: not is_object(value) or all(key in value for key in needed)

    def dependent(self, keyword: str, schema: Schema) -> Test:
        pairs = [(key, other) for key, needed in schema[keyword].items() for other in needed]
        return lambda value: not is_object(value) or all(key not in value or other in value for key, other in pairs)

    def items(self, keyword: str, schema: Schema) -> Test:
        test = self.test(schema[keyword])
        return lambda value: not isinstance(value, list | tuple) or all(test(member) for member in value)

    def condition(self, keyword: str, schema: Schema) -> Test:
        test, then, otherwise = (self.test(schema.get(key, {})) for key in (keyword, "then", "else"))
        return lambda value: then(value) if test(value) else otherwise(value)

    def any_of(self, keyword: str, schema: Schema) -> Test:
        tests = [self.test(branch) for branch in schema[keyword]]
        return lambda value: any(test(value) for test in tests)

    def one_of(self, keyword: str, schema: Schema) -> Test:
        if not is_one_key_of(schema[keyword]):
            return self.foreign(keyword, schema)
        names = frozenset(branch["required"][0] for branch in schema[keyword])
        others = [] if schema.get("type") == "object" else [self.foreign(keyword, schema)]

        def has_one(value: Json) -> bool:
            return sum(key in names for key in value) == 1 if is_object(value) else all(t(value) for t in others)

        return has_one

    def foreign(self, keyword: str, schema: Schema) -> Test:
        """A keyword that only adapters of other packages use."""
        from jsonschema import Draft202012Validator  # measured: as costly as everything else together

        validator: Any = Draft202012Validator({"$defs": dict(self.definitions), keyword: schema[keyword]})
        return lambda value: bool(validator.is_valid(value))


def is_one_key_of(branches: Sequence[Schema]) -> bool:
    """True for the branches of a `oneOf` that demands one of several keys."""
    return all(branch.keys() == {"required"} and len(branch["required"]) == 1 for branch in branches)


def is_object(value: Json) -> bool:
    return isinstance(value, dict) or isinstance(value, Mapping)  # noqa: SIM101 - the first is far quicker


def is_number(value: Json) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def listed(kinds: str | Sequence[str]) -> list[str]:
    return [kinds] if isinstance(kinds, str) else list(kinds)


KINDS: Mapping[str, Test] = {
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "number": is_number,
    "integer": lambda value: is_number(value) and value == int(value),
    "array": lambda value: isinstance(value, list | tuple),
    "object": is_object,
    "null": lambda value: value is None,
}


def is_of_type(value: Json, kinds: str | Sequence[str]) -> bool:
    """True when no kind is named, too."""
    if isinstance(kinds, str):
        return not kinds or KINDS[kinds](value)
    return not kinds or any(KINDS[kind](value) for kind in kinds)


def _same(one: Json, other: Json) -> bool:
    """Equality of JSON: 1 is 1.0, but not true."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(_same(a, b) for a, b in zip(one, other, strict=True))
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    return bool(one == other)


def _has_repeats(value: Json) -> bool:
    return any(_same(one, other) for i, one in enumerate(value) for other in value[:i])


def _number(compare: Callable[[float, float], bool]) -> Callable[[Json, Json], bool]:
    return lambda value, limit: not is_number(value) or compare(value, limit)


def _size(kind: str, compare: Callable[[int, int], bool]) -> Callable[[Json, Json], bool]:
    return lambda value, limit: not KINDS[kind](value) or compare(len(value), limit)


SIMPLE: Mapping[str, Callable[[Json, Json], bool]] = {  # keywords about the value alone
    "type": is_of_type,
    "enum": lambda value, choices: any(_same(value, choice) for choice in choices),
    "const": _same,
    "pattern": lambda value, pattern: not isinstance(value, str) or bool(re.search(pattern, value)),
    "minimum": _number(lambda value, limit: value >= limit),
    "maximum": _number(lambda value, limit: value <= limit),
    "exclusiveMinimum": _number(lambda value, limit: value > limit),
    "exclusiveMaximum": _number(lambda value, limit: value < limit),
    "minLength": _size("string", lambda size, limit: size >= limit),
    "maxLength": _size("string", lambda size, limit: size <= limit),
    "minItems": _size("array", lambda size, limit: size >= limit),
    "maxItems": _size("array", lambda size, limit: size <= limit),
    "minProperties": _size("object", lambda size, limit: size >= limit),
    "maxProperties": _size("object", lambda size, limit: size <= limit),
    "uniqueItems": lambda value, wanted: not (wanted and isinstance(value, list) and _has_repeats(value)),
}
# `then` and `else` are looked at with their `if`.
ANNOTATIONS = frozenset(
    {"$schema", "$id", "$defs", "$comment", "title", "description", "default", "examples", "then", "else"}
)
_BUILDERS: Mapping[str, Callable[[Compiler, str, Schema], Test]] = {
    "$ref": Compiler.reference,
    "properties": Compiler.properties,
    "additionalProperties": Compiler.other_properties,
    "propertyNames": Compiler.names,
    "required": Compiler.required,
    "dependentRequired": Compiler.dependent,
    "items": Compiler.items,
    "if": Compiler.condition,
    "oneOf": Compiler.one_of,
    "anyOf": Compiler.any_of,
}
