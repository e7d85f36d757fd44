"""World files: found by name among those that are shipped, or by path; checked, and read into a World.

Text becomes plain data by a `parse` that the caller brings (`svmrun.runbook.source.load`), so that a world is read as
strictly as a runbook, and its errors have places.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path as FilePath
from typing import Any, Protocol

from svmrun.errors import InvalidInput, Position, Problem, UsageError
from svmrun.simulator.world import World
from svmrun.simulator.world_check import world_findings
from svmrun.simulator.world_plain import world_from_plain

SHIPPED = FilePath(__file__).parent / "worlds"
LARGEST_BYTES = 1024 * 1024


class Places(Protocol):
    """Where the nodes of a document stand."""

    def problem(
        self, message: str, path: tuple[str | int, ...], *, hint: str | None = None, of_key: bool = False
    ) -> Problem: ...


Parse = Callable[[str, bytes], tuple[Any, Places]]


def shipped_names() -> list[str]:
    return sorted(path.stem for path in SHIPPED.glob("*.yaml"))


def world_path(name: str) -> str:
    """The file of a world: a path as given, else the shipped world of that name. Raises UsageError."""
    if os.path.isfile(name):
        return name
    shipped = SHIPPED / f"{name}.yaml"
    if name in shipped_names():
        return str(shipped)
    raise UsageError(f"there is no world {name!r}, neither as a file nor among {', '.join(shipped_names())}")


def world_for(runbook: str, parse: Parse, folder: FilePath) -> str | None:
    """The file of the world in `folder` that names this runbook. Raises InvalidInput when several do."""
    found: list[tuple[str, Places]] = []
    for path in map(str, sorted(folder.glob("*.yaml"))):
        data = _read(path)
        if runbook.encode() in data:  # to parse all of them would take longer than to run many a runbook
            plain, places = parse(path, data)
            if isinstance(plain, dict) and runbook in (plain.get("runbooks") or ()):
                found.append((path, places))
    if len(found) > 1:
        message = f"{found[0][0]} names the runbook {runbook}, too: one world serves it"
        raise InvalidInput([places.problem(message, ("runbooks",)) for _path, places in found[1:]])
    return found[0][0] if found else None


def load_world(name: str, parse: Parse) -> World:
    """The world of that name or path. Raises UsageError when there is none, InvalidInput with every problem in it."""
    path = world_path(name)
    plain, places = parse(path, _read(path))
    problems = schema_problems(plain, places)
    if problems:
        raise InvalidInput(problems)
    world = world_from_plain(_merged(plain, places, parse))
    findings = world_findings(world)
    if findings:
        raise InvalidInput(_in_file_order([places.problem(message, where) for message, where in findings]))
    return world


def schema_problems(plain: Any, places: Places) -> list[Problem]:
    """What the schema of world files has to say, in file order."""
    from jsonschema import Draft202012Validator

    from svmrun.simulator.world_problems import sentences
    from svmrun.simulator.world_schema import world_schema

    errors = Draft202012Validator(world_schema()).iter_errors(plain)
    found = [sentence for error in errors for sentence in sentences(error)]
    return _in_file_order([places.problem(message, path, of_key=of_key) for message, path, of_key in found])


def _in_file_order(problems: list[Problem]) -> list[Problem]:
    return sorted(problems, key=lambda problem: problem.position or Position(""))


def _merged(plain: Mapping[str, Any], places: Places, parse: Parse) -> dict[str, Any]:
    """The plain data over those of the shipped world that it is like."""
    own = {key: value for key, value in plain.items() if key not in ("like", "runbooks")}
    if "like" not in plain:
        return own
    if plain["like"] not in shipped_names() or plain["like"] == plain["name"]:
        known = ", ".join(shipped_names())
        raise InvalidInput([places.problem(f"no shipped world {plain['like']!r}", ("like",), hint=f"one of {known}")])
    path = str(SHIPPED / f"{plain['like']}.yaml")
    base, base_places = parse(path, _read(path))
    return _merged(base, base_places, parse) | own


def _read(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            data = file.read(LARGEST_BYTES + 1)
    except OSError as error:
        raise InvalidInput([Problem(f"cannot read {path}: {error.strerror}")]) from None
    if len(data) > LARGEST_BYTES:
        raise InvalidInput([Problem(f"{path} is larger than a world can be (1 MB)")])
    return data
