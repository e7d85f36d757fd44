"""The parts of a runbook's schema that only `svmrun verify` reads: models of programs, invariants of one's own."""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]


def model() -> Schema:
    """What a program does that no world knows."""
    text = {"type": "string"}
    parts: Schema = {
        "does": {
            "type": "array",
            "items": {"type": "string", "minLength": 1},
            "title": "Does",
            "description": "What it does to disks, as command lines of the simulated host, one after the other.",
            "examples": [["lockfs -w {{ mount_point }}"]],
        },
        "sets": {
            "type": "object",
            "additionalProperties": text,
            "title": "Sets",
            "description": "What it does elsewhere: names and values of one's own. They must be as before when a run "
            "has ended; templates of models see them as `switches`.",
            "examples": [{"ledger": "suspended"}],
        },
        "prints": {
            **text,
            "title": "Prints",
            "description": "What it writes to its standard output.",
            "examples": ["{{ switches.ledger or 'running' }}\n"],
        },
        "errors": {
            **text,
            "title": "Errors",
            "description": "What it writes to its standard error.",
            "examples": ["10+0 records in\n10+0 records out\n"],
        },
        "status": {
            "type": "integer",
            "minimum": 0,
            "maximum": 255,
            "title": "Status",
            "description": "Its exit status; 0 when left out.",
            "examples": [0],
        },
        "takes": {
            "$ref": "#/$defs/duration",
            "title": "Takes",
            "description": "How long it takes.",
            "examples": ["5s"],
        },
    }
    return {
        "type": "object",
        "title": "Model",
        "description": "What the program does when it works, for `svmrun verify`; only for `command`, `dialogue` and "
        "`session`. Without one it can fail in every way, and does nothing.",
        "examples": [{"sets": {"ledger": "suspended"}, "takes": "5s"}],
        "properties": parts,
        "additionalProperties": False,
    }


def invariants() -> Schema:
    """What must hold after every story of `svmrun verify`."""
    parts: Schema = {
        "that": {
            "type": ["string", "boolean"],
            "minLength": 1,
            "title": "That",
            "description": "A bare expression over the parameters and the facts, which are read again at the end; "
            "`before` holds the facts as they were found, `run` how it ended (`verdict`, `exit_code`).",
            "examples": ["locks.filesystems[0].lock == before.locks.filesystems[0].lock"],
        },
        "message": {
            "type": "string",
            "minLength": 1,
            "title": "Message",
            "description": "What is wrong when it does not hold.",
            "examples": ["the file system is left locked"],
        },
    }
    member = {"type": "object", "properties": parts, "required": ["that", "message"], "additionalProperties": False}
    return {
        "type": "array",
        "items": member,
        "title": "Invariants",
        "description": "What must hold however a run ends; `svmrun verify` tries it after every failure.",
        "examples": [[{"that": "before.layout == layout", "message": "the mirror is not as it was"}]],
    }
