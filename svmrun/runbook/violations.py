"""What of a value breaks a JSON schema, in words for a person.

The keywords that runbooks and adapters use are checked here: sentences, near names and places are better than a
library's, and importing that library costs more time than all the rest of a validation. Other keywords, which an
adapter of somebody else's may have, are left to the library.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from svmrun.runbook import violation_words as words
from svmrun.runbook.fitting import ANNOTATIONS, SIMPLE, fits, is_of_type, is_one_key_of, listed
from svmrun.runbook.near import meant, nearest
from svmrun.runbook.pieces import TEMPLATE

Json = Any
Schema = Mapping[str, Json]
Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Violation:
    """`path` leads to what is wrong; with `of_key` it is the key itself, not its value.

    `missing` names the keys of which one is missing in the mapping at `parent`; `unknown` is a key too many there,
    and `nearest` what it was probably meant to be.
    """

    path: Path
    message: str
    hint: str | None = None
    of_key: bool = False
    parent: Path = ()
    missing: tuple[str, ...] = ()
    unknown: bool = False
    nearest: str | None = None


def violations(schema: Schema, value: Json) -> list[Violation]:
    """Everything in the value that breaks the schema (draft 2020-12); empty when it fits."""
    return [] if fits(schema, value) else told(schema, value)


def told(schema: Schema, value: Json) -> list[Violation]:
    """The same in words at once, which takes ten times as long for a value that fits."""
    return _without_echoes(list(dict.fromkeys(_Checker(schema.get("$defs", {})).check(schema, value, ()))))


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


class _Checker:
    """Walks schema and value together. `definitions` are what `$ref` leads to."""

    def __init__(self, definitions: Mapping[str, Schema]) -> None:
        self.definitions = definitions

    def check(self, schema: Schema, value: Json, path: Path) -> Iterator[Violation]:
        for keyword in schema:
            if keyword not in ANNOTATIONS:
                check = _KEYWORDS.get(keyword, _Checker.foreign)
                yield from check(self, keyword, schema, value, path)

    def fits(self, schema: Schema, value: Json) -> bool:
        return next(self.check(schema, value, ()), None) is None

    def resolved(self, schema: Schema) -> Schema:
        return self.definitions[schema["$ref"].rsplit("/", 1)[-1]] if "$ref" in schema else schema

    def reference(self, keyword: str, schema: Schema, value: Json, path: Path) -> Iterator[Violation]:
        yield from self.check(self.resolved({"$ref": schema[keyword]}), value, path)

    def simple(self, keyword: str, schema: Schema, value: Json, path: Path) -> Iterator[Violation]:
        """Keywords about the value alone."""
        if not SIMPLE[keyword](value, schema[keyword]):
            hint = words.hint(keyword, value, schema[keyword]) or words.wrapped(keyword, value, schema)
            message, hint = words.unlike(keyword, value, schema) or (
                words.sentence(keyword, value, schema[keyword]),
                hint,
            )
            yield Violation(path, message, hint)

    def properties(self, keyword: str, schema: Schema, value: Json, path: Path) -> Iterator[Violation]:
        for name, member in schema[keyword].items():
            if isinstance(value, Mapping) and name in value:
                yield from self.check(member, value[name], (*path, name))

    def other_properties(self, keyword: str, schema: Schema, value: Json, path: Path) -> Iterator[Violation]:
        known = schema.get("properties", {})
        for name in value if isinstance(value, Mapping) else ():
            if name in known or schema[keyword] is True:
                continue
            if schema[keyword] is False:
                message, near = f"unknown key {name!r}", nearest(name, known)
                yield Violation((*path, name), message, meant(name, known), True, path, unknown=True, nearest=near)
            else:
                yield from self.check(schema[keyword], value[name], (*path, name))

    def names(self, keyword: str, schema: Schema, value: Json, path: Path) -> Iterator[Violation]:
        for name in value if isinstance(value, Mapping) else ():
            if not self.fits(schema[keyword], name):
                message, hint = words.strange_name(name, schema[keyword])
                yield Violation((*path, name), message, hint, of_key=True)

    def required(self, keyword: str, schema: Schema, value: Json, path: Path) -> Iterator[Violation]:
        for name in schema[keyword] if isinstance(value, Mapping) else ():
            if name not in value:
                hint = schema.get("properties", {}).get(name, {}).get("description")
                yield Violation(path, f"{name!r} is missing here", hint, True, path, (name,))

    def dependent(self, keyword: str, schema: Schema, value: Json, path: Path) -> Iterator[Violation]:
        for name, needed in schema[keyword].items() if isinstance(value, Mapping) else ():
            for missing in needed:
                if name in value and missing not in value:
                    message, hint = f"{name!r} without {missing!r}", f"give it a {missing!r}, or leave {name!r} away"
                    yield Violation((*path, name), message, hint, True, path, (missing,))

    def items(self, keyword: str, schema: Schema, value: Json, path: Path) -> Iterator[Violation]:
        for index, member in enumerate(value if isinstance(value, list | tuple) else ()):
            yield from self.check(schema[keyword], member, (*path, index))

    def condition(self, keyword: str, schema: Schema, value: Json, path: Path) -> Iterator[Violation]:
        branch = schema.get("then" if self.fits(schema[keyword], value) else "else", {})
        yield from self.check(branch, value, path)

    def one_of(self, keyword: str, schema: Schema, value: Json, path: Path) -> Iterator[Violation]:
        of_one_key = is_one_key_of(schema[keyword])
        if not of_one_key or not isinstance(value, Mapping):
            told_already = of_one_key and schema.get("type") == "object"
            yield from () if told_already else self.foreign(keyword, schema, value, path)
        else:
            yield from _one_key_of([branch["required"][0] for branch in schema[keyword]], value, path)

    def any_of(self, keyword: str, schema: Schema, value: Json, path: Path) -> Iterator[Violation]:
        """The violations of that branch which the value was probably meant for: the one of its own type."""
        branches = [self.resolved(branch) for branch in schema[keyword]]
        if any(self.fits(branch, value) for branch in branches):
            return
        meant_branches = [branch for branch in branches if branch != TEMPLATE]
        of_its_type = [branch for branch in meant_branches if is_of_type(value, branch.get("type", []))]
        if of_its_type:
            yield from self.check(of_its_type[0], value, path)
        else:
            kinds = [kind for branch in meant_branches for kind in listed(branch["type"])]
            yield Violation(path, words.sentence("type", value, kinds), words.hint("type", value, kinds))

    def foreign(self, keyword: str, schema: Schema, value: Json, path: Path) -> Iterator[Violation]:
        """A keyword that only adapters of other packages use."""
        from jsonschema import Draft202012Validator  # measured: as costly as everything else together

        part = {"$defs": dict(self.definitions), keyword: schema[keyword]}
        for error in Draft202012Validator(part).iter_errors(value):
            yield Violation((*path, *error.absolute_path), error.message)


def _one_key_of(names: Sequence[str], value: Mapping[str, Json], path: Path) -> Iterator[Violation]:
    present = [key for key in value if key in names]
    if len(present) > 1:
        message = f"two actions in one place: {' and '.join(repr(key) for key in present)}"
        yield Violation((*path, present[1]), message, "write one action in each", of_key=True)
    elif not present:
        hint = "write one adapter key, e.g. 'command'"
        yield Violation(path, "there is no action here", hint, True, path, tuple(names))


_KEYWORDS: Mapping[str, Callable[[_Checker, str, Schema, Json, Path], Iterator[Violation]]] = {
    **dict.fromkeys(SIMPLE, _Checker.simple),
    "$ref": _Checker.reference,
    "properties": _Checker.properties,
    "additionalProperties": _Checker.other_properties,
    "propertyNames": _Checker.names,
    "required": _Checker.required,
    "dependentRequired": _Checker.dependent,
    "items": _Checker.items,
    "if": _Checker.condition,
    "oneOf": _Checker.one_of,
    "anyOf": _Checker.any_of,
}


def pattern_fault(schema: Schema) -> tuple[Path, str] | None:
    """Where in a parameter's schema a regular expression is none, and why; None when all are good."""
    for path, keyword, value in _keywords(schema):
        if keyword == "pattern" and isinstance(value, str):
            try:
                re.compile(value)
            except (re.error, OverflowError, RecursionError) as error:
                return path, f"this is not a regular expression: {error}"
    return None


def _keywords(value: Json, path: Path = ()) -> Iterator[tuple[Path, str, Json]]:
    if isinstance(value, Mapping):
        for key, member in value.items():
            yield (*path, key), key, member
            yield from _keywords(member, (*path, key))
