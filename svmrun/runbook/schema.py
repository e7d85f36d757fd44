"""The JSON schema of a runbook: the language's own keys, and the arguments of every adapter.

Flat properties without further ones, each action told by its key, so that a validator's error speaks of the adapter
that was meant. Typed places also take a template.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from svmrun.adapters.base import Adapter
from svmrun.duration import PATTERN as DURATION
from svmrun.runbook.pieces import STEP_NAME, TEMPLATE
from svmrun.runbook.schema_editor import for_editors
from svmrun.runbook.schema_reuse import KINDS, keys
from svmrun.runbook.schema_verify import invariants, model

Json = Any
Schema = dict[str, Json]
DIALECT = "https://json-schema.org/draft/2020-12/schema"
LANGUAGE = "svmrun/v1"
LIST_OF_STEPS = "svmrun/v1-steps"  # a file of steps, which runbooks include
IDENTIFIER = "^[A-Za-z_][A-Za-z0-9_]*$"
_MODEL = {"$ref": "#/$defs/model"}
_LABELS = ("title", "description", "examples", "default")


def runbook_schema(registry: Mapping[str, Adapter]) -> Schema:
    """The schema of a runbook document (draft 2020-12), for these adapters. Made once: nobody may change it."""
    return _schema_of(tuple(registry.items()))


@lru_cache(2)
def _schema_of(adapters: tuple[tuple[str, Adapter], ...]) -> Schema:
    registry = dict(adapters)
    actions = {name: {"$ref": f"#/$defs/{_definition(name)}"} for name in sorted(registry)}
    top = {
        "schema": {"enum": [LANGUAGE, LIST_OF_STEPS], **_label("Schema", "The version of the language.", [LANGUAGE])},
        "name": _text("Name", "A short name; it appears in reports and in the history.", ["mirror-backup"]),
        "description": _text("Description", "What the procedure is for.", ["Back up a mirrored UFS volume."]),
        "parameters": _parameters(),
        "facts": _facts(actions),
        "checks": _checks(),
        "steps": _steps(),
        "invariants": invariants(),
    }
    definitions = {_definition(name): arguments_schema(adapter, registry) for name, adapter in sorted(registry.items())}
    return {
        "$schema": DIALECT,
        "$id": "https://svmrun.invalid/schemas/runbook-v1.schema.json",
        **_label("svmrun runbook, version 1", "A procedure that svmrun executes, and undoes when it fails.", []),
        **_object(top, ["schema", "steps"]),
        "if": {"properties": {"schema": {"const": LIST_OF_STEPS}}, "required": ["schema"]},
        "then": {"propertyNames": {"enum": ["schema", "description", "steps"]}},
        "else": {"properties": {"name": top["name"]}, "required": ["name"]},
        "$defs": {
            "step": _step(actions),
            "handler": _handler(actions),
            "duration": duration(),
            "model": model(),
            "value": _value(),
            **definitions,
        },
    }


def schema_text(schema: Schema) -> str:
    """The schema as the text of a file, for editors and other programs."""
    return json.dumps(for_editors(schema), indent=2, ensure_ascii=False) + "\n"


def arguments_schema(adapter: Adapter, registry: Mapping[str, Adapter]) -> Schema:
    """The schema of an adapter's arguments as they may be written: with templates in typed places."""
    properties = {name: _templated(field) for name, field in adapter.schema["properties"].items()}
    schema = {"title": adapter.name, "description": adapter.summary, **adapter.schema, "properties": properties}
    if not adapter.nests:
        return schema
    inner = {name: a for name, a in registry.items() if not a.nests and a.performer == "program"}
    nested: Schema = {name: {"$ref": f"#/$defs/{_definition(name)}"} for name in inner}
    return {**schema, "properties": {**properties, **nested}, "oneOf": _exactly_one(inner)}


def _definition(adapter: str) -> str:
    return f"adapter-{adapter}"


def _templated(schema: Mapping[str, Json]) -> Schema:
    """The schema, where a place that is not free text also takes a template; members of it likewise."""
    inside = dict(schema)
    if "properties" in inside:
        inside["properties"] = {name: _templated(member) for name, member in inside["properties"].items()}
    for key in ("items", "additionalProperties"):
        if isinstance(inside.get(key), Mapping):
            inside[key] = _templated(inside[key])
    if _takes_any_text(inside):
        return inside
    labels = {key: inside.pop(key) for key in _LABELS if key in inside}
    return {**labels, "anyOf": [inside, TEMPLATE]}


def _takes_any_text(schema: Mapping[str, Json]) -> bool:
    kinds = schema.get("type", [])
    is_text = kinds == "string" or "string" in kinds
    return is_text and not schema.keys() & {"enum", "const", "pattern", "format", "maxLength"}


def _label(title: str, description: str, examples: list[Json]) -> Schema:
    return {"title": title, "description": description, **({"examples": examples} if examples else {})}


def _text(title: str, description: str, examples: list[Json]) -> Schema:
    return {"type": "string", "minLength": 1, **_label(title, description, examples)}


def _object(properties: Schema, required: list[str]) -> Schema:
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _map_of(member: Schema, title: str, description: str, examples: list[Json], names: str) -> Schema:
    return {
        "type": "object",
        **_label(title, description, examples),
        "propertyNames": {"pattern": names},
        "additionalProperties": member,
    }


def _exactly_one(names: Mapping[str, Json] | list[str]) -> list[Schema]:
    return [{"required": [name]} for name in sorted(names)]


def duration() -> Schema:
    return {
        "anyOf": [{"type": "number", "exclusiveMinimum": 0}, {"type": "string", "pattern": DURATION}],
        **_label("Duration", "A number with a unit (ms, s, m, h, d), or seconds.", ["30s", "1h30m", 10]),
    }


def _duration(title: str, description: str, examples: list[Json]) -> Schema:
    return {"$ref": "#/$defs/duration", **_label(title, description, examples)}


def _expression(title: str, description: str, examples: list[Json]) -> Schema:
    """A bare expression; a plain true or false is one too."""
    return {**_text(title, description, examples), "type": ["string", "boolean"]}


def _timeout(whose: str) -> Schema:
    return _duration("Timeout", f"How long one attempt of {whose} may take; the adapter says when left out.", ["10m"])


def _retry() -> Schema:
    attempts = {"type": "integer", "minimum": 1, "maximum": 100}
    parts = {
        "attempts": {**attempts, **_label("Attempts", "How often it is tried, the first time included.", [3])},
        "delay": _duration("Delay", "The pause before the second attempt; it doubles after each one.", ["5s"]),
    }
    return {
        **_object(parts, ["attempts"]),
        **_label("Retry", "Try a failed action again.", [{"attempts": 3, "delay": "5s"}]),
    }


def _when(what: str) -> Schema:
    return _expression("When", f"A bare expression; {what} is skipped when it is false.", ["filesystem == 'ufs'"])


def _steps() -> Schema:
    example = {"id": "flush", "lockfs": {"mode": "flush", "mount_point": "/export"}}
    label = _label("Steps", "What is done, in this order; undone last first when one fails.", [[example]])
    return {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/step"}, **label}


def _step(actions: Schema) -> Schema:
    handler = {"$ref": "#/$defs/handler"}
    own: Schema = {
        "id": {"type": "string", "pattern": STEP_NAME, **_label("Id", "The step's name in references.", ["lock"])},
        "name": _text("Name", "What the step does, for the person who watches.", ["Lock the file system"]),
        "when": _when("the step"),
        "rollback": {
            "anyOf": [handler, {"type": "array", "minItems": 1, "items": handler}],
            **_label(
                "Rollback", "The action (or a list of them) that undoes the step.", [{"command": {"argv": "sync"}}]
            ),
        },
        "hold": _duration("Hold", "The effect must not last longer; a later `release` ends it.", ["30s"]),
        "timeout": _timeout("the action"),
        "retry": _retry(),
        "model": _MODEL,
        "release": {"type": "string", **_label("Release", "Ends the hold of the step with this id.", ["lock"])},
        **keys(IDENTIFIER),
    }
    kinds = {"release": ["name"], **KINDS}
    return {
        **_object({**own, **actions}, []),
        **_label("Step", "One action under an id, the release of an earlier step's hold, or steps from elsewhere.", []),
        "oneOf": _exactly_one([*actions, *kinds]),
        "dependentRequired": {"runbook": ["id"], "foreach": ["as", "steps"]},
        **_one_of_kinds(kinds, {"required": ["id"], "dependentRequired": {"hold": ["rollback"]}}),
    }


def _one_of_kinds(kinds: Mapping[str, list[str]], otherwise: Schema) -> Schema:
    """Which keys may stand beside the one that makes a step a release, say."""
    for kind, others in reversed(list(kinds.items())):
        allowed = {"propertyNames": {"enum": [kind, *others]}}
        otherwise = {"if": {"required": [kind]}, "then": allowed, "else": otherwise}
    return otherwise


def _handler(actions: Schema) -> Schema:
    own = {"timeout": _timeout("the handler"), "retry": _retry(), "model": _MODEL}
    label = _label("Rollback handler", "One action that undoes a step.", [])
    return {**_object({**own, **actions}, []), **label, "oneOf": _exactly_one(actions)}


def _facts(actions: Schema) -> Schema:
    own = {"timeout": _timeout("the action"), "when": _when("the fact (it is then null)"), "model": _MODEL}
    fact = {**_object({**own, **actions}, []), "title": "Fact", "oneOf": _exactly_one(actions)}
    example = {"layout": {"metastat": {"diskset": "schost-1", "format": "md.tab"}}}
    return _map_of(
        fact, "Facts", "Read from the host, in this order, before anything is changed.", [example], IDENTIFIER
    )


def _checks() -> Schema:
    parts = {
        "that": _expression("That", "A bare expression that must be true.", ["host.user == 'root'"]),
        "message": _text("Message", "What the operator reads otherwise; say what to do.", ["run this as root"]),
        "when": _when("the check"),
    }
    label = _label("Checks", "Conditions over parameters and facts; nothing is changed before all hold.", [])
    return {"type": "array", "items": _object(parts, ["that", "message"]), **label}


def _parameters() -> Schema:
    own: Schema = {
        "default": _label(
            "Default", "The value when none is given; templates may use facts.", ["d0", "{{ host.name }}"]
        ),
        "secret": {"type": "boolean", **_label("Secret", "Masked in every output and in the journal.", [True])},
    }
    parameter = {**_object({**own, **_value_keywords()}, []), "title": "Parameter"}
    example = {"mirror": {"type": "string", "description": "Mirror to back up", "examples": ["d0"]}}
    return _map_of(parameter, "Parameters", "The inputs of the runbook, by name.", [example], IDENTIFIER)


def _value() -> Schema:
    """The schema of a member of a list or mapping: the keywords of JSON schema that parameters have too."""
    return {**_object(_value_keywords(), []), **_label("Value", "What a value must be.", [{"type": "string"}])}


def _value_keywords() -> Schema:
    number, flag, value = {"type": "number"}, {"type": "boolean"}, {"$ref": "#/$defs/value"}
    count = {"type": "integer", "minimum": 0}
    kinds = ["string", "integer", "number", "boolean", "array", "object"]
    return {
        "type": {"enum": kinds, **_label("Type", "The type of the value; string when left out.", ["integer"])},
        "title": _text("Title", "A short label.", ["Disk set"]),
        "description": _text("Description", "What the value is.", ["The disk set that owns the mirror"]),
        "examples": {"type": "array", **_label("Examples", "Values that are right.", [["d0", "d10"]])},
        "enum": {"type": "array", "minItems": 1, **_label("Choices", "The only values.", [["ufs", "raw"]])},
        "const": _label("Constant", "The only value.", ["ufs"]),
        "pattern": {"type": "string", **_label("Pattern", "A regular expression for the text.", ["^d[0-9]+$"])},
        "minLength": {**count, **_label("Least length", "Of a text, in characters.", [1])},
        "maxLength": {**count, **_label("Greatest length", "Of a text, in characters.", [255])},
        "minimum": {**number, **_label("Minimum", "The least number.", [0])},
        "maximum": {**number, **_label("Maximum", "The greatest number.", [9])},
        "exclusiveMinimum": {**number, **_label("Above", "The number must be greater.", [0])},
        "exclusiveMaximum": {**number, **_label("Below", "The number must be less.", [10])},
        "items": {**value, **_label("Members", "What each member of a list must be.", [{"type": "string"}])},
        "minItems": {**count, **_label("Least members", "Of a list.", [1])},
        "maxItems": {**count, **_label("Most members", "Of a list.", [4])},
        "uniqueItems": {**flag, **_label("No member twice", "Of a list.", [True])},
        "properties": _map_of(value, "Properties", "Members of a mapping by name.", [{"d0": {"type": "string"}}], ""),
        "required": {"type": "array", "items": {"type": "string"}, **_label("Required", "Members needed.", [["d0"]])},
        "additionalProperties": {**flag, **_label("Other members", "Whether others may be there.", [False])},
    }
