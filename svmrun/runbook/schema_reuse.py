"""The schema of steps that come from elsewhere or are repeated: `include`, `runbook`, `foreach`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Json = Any
# The key that says what a step is, and the keys that may stand beside it.
KINDS: Mapping[str, list[str]] = {
    "include": [],
    "runbook": ["id", "parameters"],
    "foreach": ["as", "steps"],
}
_FILE = {"type": "string", "minLength": 1}


def keys(identifier: str) -> dict[str, Json]:
    """The properties; `identifier` is the pattern of a name in templates."""
    return {
        "include": {
            **_FILE,
            "title": "Include",
            "description": "A file with a list of steps (schema: svmrun/v1-steps), by its path from this file. Its "
            "steps stand here as if they were written here.",
            "examples": ["mirror-steps.yaml"],
        },
        "runbook": {
            **_FILE,
            "title": "Runbook",
            "description": "Another runbook, by its path from this file, as a part of this one. Its facts are read and "
            "its checks judged at the start; it knows its own parameters alone. Its steps get the names ID-STEP.",
            "examples": ["notify-operators.yaml"],
        },
        "parameters": {
            "type": "object",
            "title": "Parameters",
            "description": "The values of the called runbook's parameters; the others have their defaults.",
            "examples": [{"mirror": "{{ mirror }}"}],
        },
        "foreach": {
            "anyOf": [{"type": "array"}, {"type": "string", "pattern": r"\{\{"}],
            "title": "Foreach",
            "description": "A list that is known before anything is changed. The plan has the steps once for each "
            "member, in its order, with the names STEP-1, STEP-2, ...",
            "examples": [["d10", "d20"], "{{ submirrors }}"],
        },
        "as": {
            "type": "string",
            "pattern": identifier,
            "title": "As",
            "description": "The name of the member within these steps.",
            "examples": ["side"],
        },
        "steps": {
            "type": "array",
            "minItems": 1,
            "items": {"$ref": "#/$defs/step"},
            "title": "Steps",
            "description": "What is done for each member. A hold is released within the same steps.",
            "examples": [[{"id": "look", "command": {"argv": ["ls", "{{ side }}"], "read_only": True}}]],
        },
    }
