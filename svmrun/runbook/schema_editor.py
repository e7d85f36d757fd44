"""The schema as editors get it: it says the same, in the words that yaml-language-server understands best."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from svmrun.runbook.pieces import TEMPLATE

Json = Any
Schema = dict[str, Json]
STRANGE_KEY = "There is no such key here."
OPEN_PARENTHESIS = "A parenthesis in a template is not closed."
# A text without `{{ ... ( ... }}`; where there are quotes, a parenthesis may be text, and nothing is said.
_CLOSED = r"""^(?![\s\S]*\{\{[^{})'"]*\([^{})'"]*\}\})"""
_NAMED = ("properties", "$defs")  # hold schemas by name
_NESTED = ("items", "additionalProperties", "if", "then", "else", "not", "propertyNames")
_LISTED = ("anyOf", "oneOf", "allOf")


def for_editors(schema: Mapping[str, Json]) -> Schema:
    """Names of keys are listed, instead of all others being forbidden; texts must close their templates' parentheses.

    Of others yaml-language-server (1.25) says nothing when they have no value (`{type string}`), and over one without
    a name (`: string`) it stumbles and is silent about the whole file. Among names it finds both.
    """
    changed = {key: _inside(key, value) for key, value in schema.items()}
    if changed.get("additionalProperties") is False and "propertyNames" not in changed:
        del changed["additionalProperties"]
        names = sorted(changed["properties"])
        changed["propertyNames"] = {"enum": names, "errorMessage": STRANGE_KEY}
    if changed == TEMPLATE:
        changed["pattern"] = rf"{_CLOSED}[\s\S]*{TEMPLATE['pattern']}"
    return changed


def _inside(key: str, value: Json) -> Json:
    if key in _NAMED:
        return {name: _argument(name, for_editors(member)) for name, member in value.items()}
    if key in _LISTED:
        return [for_editors(member) for member in value]
    return for_editors(value) if key in _NESTED and isinstance(value, Mapping) else value


def _argument(name: str, schema: Schema) -> Schema:
    """The arguments of adapters are templates; so are the words in them."""
    if name.startswith("adapter-"):
        for member in schema["properties"].values():
            for text in (member, member.get("items", {})):
                if text.get("type") == "string" and not text.keys() & {"pattern", "enum", "const"}:
                    text |= {"pattern": _CLOSED, "patternErrorMessage": OPEN_PARENTHESIS}
    return schema
