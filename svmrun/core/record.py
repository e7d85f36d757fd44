"""One event as one line of the journal, and back. Pure.

A line is a JSON object: `sequence` (from 1), `event` (the class's name), the event's fields, and last `checksum`: the
first 16 hexadecimal digits of SHA-256 over the previous line's checksum and this line without its own.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import MISSING, Field, fields
from typing import Any

from svmrun.core.events import EVENTS, Event
from svmrun.errors import StateError

Json = Any
FIRST_CHECKSUM = ""
_DIGITS = 16


def encode(event: Event, sequence: int, previous_checksum: str) -> bytes:
    """The line, with its line end. Raises ValueError or TypeError for a value that JSON cannot hold."""
    values = {field.name: getattr(event, field.name) for field in fields(event)}
    record = {"sequence": sequence, "event": type(event).__name__, **values}
    body = json.dumps(record, separators=(",", ":"), allow_nan=False).encode()
    return _seal(body, _checksum(previous_checksum, body))


def decode(line: bytes, sequence: int, previous_checksum: str) -> tuple[Event, str]:
    """The event and its checksum, from a line without its line end.

    Raises StateError when the line is damaged, or was written by another version of svmrun.
    """
    checksum, body = _unseal(line, sequence)
    if checksum != _checksum(previous_checksum, body):
        raise damage(sequence, "its checksum does not agree with it and the lines before")
    record = json.loads(body)
    if record.pop("sequence") != sequence:
        raise damage(sequence, "it has another number")
    return _event(record, sequence), checksum


def damage(sequence: int, what: str) -> StateError:
    return StateError(f"damage in line {sequence} of the journal: {what}")


def _seal(body: bytes, checksum: str) -> bytes:
    return body[:-1] + b',"checksum":"' + checksum.encode() + b'"}\n'


def _unseal(line: bytes, sequence: int) -> tuple[str, bytes]:
    body = line[: -len(_seal(b"}", "0" * _DIGITS)) + 1] + b"}"
    checksum = line[-_DIGITS - 2 : -2].decode("latin-1")
    if _seal(body, checksum) != line + b"\n":
        raise damage(sequence, "it does not end in a checksum")
    return checksum, body


def _checksum(previous: str, body: bytes) -> str:
    return hashlib.sha256(previous.encode() + body).hexdigest()[:_DIGITS]


def _event(record: dict[str, Json], sequence: int) -> Event:
    name = record.pop("event")
    kind = EVENTS.get(name)
    if kind is None:
        raise _other_version(sequence, f"the event {name!r}")
    known = {field.name: field for field in fields(kind)}
    unknown = sorted(record.keys() - known.keys())
    missing = sorted(n for n, f in known.items() if _required(f) and n not in record)
    if unknown or missing:
        raise _other_version(sequence, f"{name} with{' ' + ', '.join(unknown) if unknown else 'out ' + missing[0]}")
    values: dict[str, Any] = {key: tuple(v) if _is_tuple(known[key]) else v for key, v in record.items()}
    return kind(**values)


def _other_version(sequence: int, what: str) -> StateError:
    return StateError(
        f"line {sequence} of the journal was written by another version of svmrun: it holds {what}; "
        "use the version that its first line names"
    )


def _required(field: Field[Any]) -> bool:
    return field.default is MISSING and field.default_factory is MISSING


def _is_tuple(field: Field[Any]) -> bool:
    return str(field.type).startswith("tuple")
