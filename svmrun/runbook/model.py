"""The typed runbook: what a person wrote, templates not yet rendered.

`path` is the way to a node from the document's root (keys and indexes); `Source.position(path)` tells its place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from svmrun.errors import Position, Problem

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Source:
    """The text of a runbook and the place of each node.

    `values` maps a node's path to where its value starts, `keys` to where its key starts (mapping members only).
    A part that another file has brought in stands in that file: `others` holds the texts of those, by name.
    """

    file: str
    text: str
    values: Mapping[Path, Position]
    keys: Mapping[Path, Position]
    others: Mapping[str, str] = field(default_factory=dict)

    def position(self, path: Path, *, of_key: bool = False) -> Position:
        """Where a node stands; the nearest known parent when the node itself has no place."""
        table = self.keys if of_key and path in self.keys else self.values  # a list's members have no keys
        while path and path not in table:
            path = path[:-1]
        return table.get(path, Position(self.file))

    def problem(self, message: str, path: Path, *, hint: str | None = None, of_key: bool = False) -> Problem:
        return self.problem_at(message, self.position(path, of_key=of_key), hint=hint)

    def problem_at(self, message: str, position: Position, *, hint: str | None = None) -> Problem:
        lines = self.text_of(position.file).splitlines()
        text = lines[position.line - 1] if 0 < position.line <= len(lines) else None
        return Problem(message, position, text, hint)

    def text_of(self, file: str) -> str:
        return self.others.get(file, self.text)

    @property
    def texts(self) -> dict[str, str]:
        """Every file that was read, by name, the runbook's own first."""
        return {self.file: self.text, **self.others}


@dataclass(frozen=True)
class Retry:
    """How often a failing action is tried (`attempts`, the first included), and the pause before the second try."""

    attempts: int = 1
    delay_seconds: float = 1.0


@dataclass(frozen=True)
class Model:
    """What a program does when it works, for who tries failures in memory. Every text may hold templates.

    `does` are command lines that the simulated host knows, each split into words.
    """

    path: Path
    does: tuple[tuple[str, ...], ...] = ()
    sets: Mapping[str, str] = field(default_factory=dict)
    prints: str = ""
    errors: str = ""
    status: int = 0
    takes_seconds: float = 0.0


@dataclass(frozen=True)
class Action:
    """One adapter call as written. `arguments` may hold templates in any string."""

    adapter: str
    arguments: Mapping[str, Any]
    path: Path  # of the mapping that has the adapter key; the arguments stand at path + (adapter,)
    timeout_seconds: float | None = None
    retry: Retry | None = None
    model: Model | None = None


@dataclass(frozen=True)
class Step:
    """A forward action, maybe with rollback handlers (in the order in which they run) and a hold's limit."""

    id: str
    name: str
    action: Action
    path: Path
    when: str | None = None
    rollback: tuple[Action, ...] = ()
    hold_seconds: float | None = None


@dataclass(frozen=True)
class Release:
    """Ends the hold of an earlier step on the success path, by that step's own rollback handlers."""

    step: str
    path: Path
    name: str = ""

    @property
    def id(self) -> str:
        return f"release-{self.step}"


@dataclass(frozen=True)
class Loop:
    """Steps (those below its path) that are done once for each member of a list, which the plan knows.

    `over` is the list, or a template of it; `name` stands for the member in those steps.
    """

    over: Any
    name: str
    path: Path


@dataclass(frozen=True)
class Call:
    """Another runbook as a part of this one: everything below its path. `runbook` and `description` are its own."""

    id: str
    runbook: str
    description: str
    path: Path

    @property
    def prefix(self) -> str:
        """What the names of its parameters and facts begin with."""
        return f"{self.id.replace('-', '_')}__"


@dataclass(frozen=True)
class Parameter:
    """A typed input. `schema` is its JSON schema (type, enum, pattern, ...) without the keys of the language itself.

    That of a called runbook is `bound`: its value comes from there as a default, and nobody else can give one.
    """

    name: str
    schema: Mapping[str, Any]
    path: Path
    description: str = ""
    has_default: bool = False
    default: Any = None
    secret: bool = False
    examples: tuple[Any, ...] = ()
    bound: bool = False


@dataclass(frozen=True)
class Fact:
    name: str
    action: Action
    path: Path
    when: str | None = None  # a skipped fact is null


@dataclass(frozen=True)
class Check:
    that: str
    message: str
    path: Path
    when: str | None = None


@dataclass(frozen=True)
class Invariant:
    """What must hold however a run ends."""

    that: str
    message: str
    path: Path


@dataclass(frozen=True)
class Runbook:
    """A runbook whose form and meaning were checked.

    One that `is_part` is a list of steps, to be included: what it takes and releases may stand around it. `unread` are
    the places of includes and calls that were not followed: their steps are missing.
    """

    name: str
    description: str
    source: Source
    parameters: tuple[Parameter, ...] = ()
    facts: tuple[Fact, ...] = ()
    checks: tuple[Check, ...] = ()
    steps: tuple[Step | Release, ...] = ()
    invariants: tuple[Invariant, ...] = ()
    is_part: bool = False
    unread: tuple[Path, ...] = ()
    loops: tuple[Loop, ...] = ()
    calls: tuple[Call, ...] = ()

    def loops_around(self, path: Path) -> tuple[Loop, ...]:
        """The loops that a step stands in, the outermost first."""
        return tuple(loop for loop in self.loops if path[: len(loop.path)] == loop.path)
