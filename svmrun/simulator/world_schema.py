"""The JSON schema of world files, made from the shapes of the world and the texts about their fields."""

from __future__ import annotations

from dataclasses import MISSING, fields, is_dataclass
from typing import Any, Literal, get_args, get_origin

from svmrun.simulator.world import Submirror, World
from svmrun.simulator.world_plain import SHORT_FORMS, default_of, hints, without_none
from svmrun.simulator.world_texts import TEXTS

Schema = dict[str, Any]
SIMPLE = {str: "string", int: "integer", float: "number", bool: "boolean", Any: None}


def world_schema() -> Schema:
    """Draft 2020-12. A file that is `like` another world need not repeat what that one says."""
    shapes: dict[str, Schema] = {}
    world = _object(World, shapes)
    world["properties"] = {
        "schema": {"const": "svmrun-world/v1", "title": "Schema", "description": "The version of this form."},
        "like": {
            "type": "string",
            "title": "Like",
            "description": "A shipped world that this one is like; what is given here takes the place of its values.",
            "examples": ["schost"],
        },
        "runbooks": {
            "type": "array",
            "items": {"type": "string", "minLength": 1},
            "uniqueItems": True,
            "title": "Runbooks",
            "description": "The runbooks, by name, that are tried here when no world is given; each in one world only.",
            "examples": [["md-mirror-backup"]],
        },
        **world["properties"],
    }
    world["required"] = ["schema", "name"]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://svmrun.invalid/schemas/world-v1.schema.json",
        "title": "svmrun world",
        **world,
        "anyOf": [{"required": ["like"]}, {"required": ["host"]}],
        "$defs": shapes,
    }


def _object(shape: type, shapes: dict[str, Schema]) -> Schema:
    texts, types = TEXTS[shape.__name__], hints(shape)
    properties, required = {}, []
    for found in (f for f in fields(shape) if f.name in texts):
        properties[found.name] = {
            "title": found.name.replace("_", " ").capitalize(),
            "description": texts[found.name],
            **_value(types[found.name], shapes),
        }
        if default_of(found) is MISSING and (shape, found.name) != (Submirror, "slot"):
            required.append(found.name)
    return {
        "description": texts[""],
        "type": "object",
        "additionalProperties": False,
        "required": required,
        "properties": properties,
    }


def _value(hint: Any, shapes: dict[str, Schema]) -> Schema:
    hint, nullable = without_none(hint)
    schema = _not_null(hint, shapes)
    return {"anyOf": [schema, {"type": "null"}]} if nullable else schema


def _not_null(hint: Any, shapes: dict[str, Schema]) -> Schema:
    if get_origin(hint) is Literal:
        return {"enum": list(get_args(hint))}
    if get_origin(hint) is tuple:
        return {"type": "array", "items": _value(get_args(hint)[0], shapes)}
    if get_origin(hint) is dict:
        inner = SIMPLE[get_args(hint)[1]]
        return {"type": "object", "additionalProperties": {"type": inner} if inner else True}
    if is_dataclass(hint) and isinstance(hint, type):
        return _reference(hint, shapes)
    return {"type": SIMPLE[hint]}


def _reference(shape: type, shapes: dict[str, Schema]) -> Schema:
    if shape.__name__ not in shapes:
        shapes[shape.__name__] = {}
        long = _object(shape, shapes)
        short = {"type": "string", "description": f"The {SHORT_FORMS[shape]} alone."} if shape in SHORT_FORMS else None
        shapes[shape.__name__] = {"anyOf": [short, long]} if short else long
    return {"$ref": f"#/$defs/{shape.__name__}"}
