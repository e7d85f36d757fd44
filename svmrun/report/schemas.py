"""JSON schemas of everything svmrun prints, generated from the classes that it prints.

`python -m svmrun.report.schemas FOLDER` writes the files.
"""

from __future__ import annotations

import inspect
import json
import sys
import types
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from svmrun.core.events import EVENTS
from svmrun.diagnosis.model import Diagnosis
from svmrun.plan.model import Plan
from svmrun.report.shapes import History, Linted, Noticed, Progressed, Shown, Unfinished
from svmrun.report.validated import Validated
from svmrun.report.verified import Verified
from svmrun.review.model import Diff

Json = Any
DRAFT = "https://json-schema.org/draft/2020-12/schema"
SCALARS: dict[Any, Json] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    types.NoneType: {"type": "null"},
    Any: {},
}
DOCUMENTS = {
    "plan-v1": ("What a run will do: `svmrun plan --output json`", Plan),
    "history-v1": ("Past runs: `svmrun history --output json`", History),
    "show-v1": ("One run: `svmrun show RUN --output json`", Shown),
    "status-v1": ("Unfinished runs: `svmrun status --output json`", Unfinished),
    "doctor-v1": ("The state of a host: `svmrun doctor --output json`", Diagnosis),
    "diff-v1": ("What changes between runbooks: `svmrun diff --output json`", Diff),
    "lint-v1": ("Findings of rules: `svmrun lint --output json`", Linted),
    "validate-v1": ("Problems of runbooks: `svmrun validate --output json`", Validated),
    "verify-v1": ("What was tried and found: `svmrun verify --output json`", Verified),
}
PRINTED_EVENTS = {**EVENTS, "Progressed": Progressed, "Noticed": Noticed}


def schema_files() -> dict[str, str]:
    """File name -> text, for every schema."""
    documents = {name: _document(title, of) for name, (title, of) in DOCUMENTS.items()}
    documents["event-v1"] = event_schema()
    return {f"{name}.schema.json": json.dumps(schema, indent=2) + "\n" for name, schema in documents.items()}


def event_schema() -> dict[str, Json]:
    """One line of `svmrun execute --output json`: `event` tells the class, the rest are its fields."""
    definitions: dict[str, Json] = {}
    for name, event in PRINTED_EVENTS.items():
        definitions[name] = _object(event, definitions, extra={"event": {"const": name}})
    chosen = [
        {"if": {"properties": {"event": {"const": name}}}, "then": {"$ref": f"#/$defs/{name}"}}
        for name in PRINTED_EVENTS
    ]
    return {
        "$schema": DRAFT,
        "title": "One line of `svmrun execute --output json`",
        "type": "object",
        "required": ["event"],
        "properties": {"event": {"enum": list(PRINTED_EVENTS)}},
        "allOf": chosen,
        "$defs": definitions,
    }


def _document(title: str, of: type) -> dict[str, Json]:
    definitions: dict[str, Json] = {}
    body = _object(of, definitions)
    return {"$schema": DRAFT, "title": title, **body, **({"$defs": definitions} if definitions else {})}


def _object(of: type, definitions: dict[str, Json], extra: Mapping[str, Json] | None = None) -> dict[str, Json]:
    """A dataclass as an object: every field is printed, so every field is required."""
    hints = get_type_hints(of)
    assert is_dataclass(of), f"{of} is not a shape"
    properties = {**(extra or {}), **{f.name: _with_default(_type(hints[f.name], definitions), f) for f in fields(of)}}
    description = inspect.cleandoc(of.__doc__ or "")
    return {
        **({"description": description} if not description.startswith(f"{of.__name__}(") else {}),
        "type": "object",
        "additionalProperties": False,
        "required": list(properties),
        "properties": properties,
    }


def _with_default(schema: dict[str, Json], field: Any) -> dict[str, Json]:
    plain = field.default is not MISSING and isinstance(field.default, str | int | float | bool | None)
    return {**schema, "default": field.default} if plain and "$ref" not in schema else schema


def _type(hint: Any, definitions: dict[str, Json]) -> dict[str, Json]:
    if hint in SCALARS:
        return dict(SCALARS[hint])
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Literal:
        return {"enum": list(arguments)}
    if origin in (types.UnionType, Union):
        return {"anyOf": [_type(argument, definitions) for argument in arguments]}
    if origin is tuple:
        return {"type": "array", "items": _type(arguments[0], definitions)}
    if isinstance(origin, type) and issubclass(origin, Mapping):
        values = _type(arguments[1], definitions)
        return {"type": "object", "additionalProperties": values} if values else {"type": "object"}
    if hint.__name__ not in definitions:
        definitions[hint.__name__] = {}
        definitions[hint.__name__] = _object(hint, definitions)
    return {"$ref": f"#/$defs/{hint.__name__}"}


def write(folder: Path) -> None:
    for name, text in schema_files().items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
