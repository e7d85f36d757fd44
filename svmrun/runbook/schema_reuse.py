"""The schema of steps that come from elsewhere: `include`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Json = Any
# The key that says what a step is, and the keys that may stand beside it.
KINDS: Mapping[str, list[str]] = {
    "include": [],
}
_FILE = {"type": "string", "minLength": 1}


def keys() -> dict[str, Json]:
    """The properties."""
    return {
        "include": {
            **_FILE,
            "title": "Include",
            "description": "A file with a list of steps (schema: svmrun/v1-steps), by its path from this file. Its "
            "steps stand here as if they were written here.",
            "examples": ["mirror-steps.yaml"],
        },
    }
