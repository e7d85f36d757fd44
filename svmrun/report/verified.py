"""The JSON shape of what `svmrun verify` found."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class StoryLine:
    """One thing that happened. `seconds` count from the start of the run; `injected` is what was made to go wrong."""

    turn: int
    seconds: float
    what: str
    injected: str
    locks: str
    mirror: str
    step: str
    position: str


@dataclass(frozen=True)
class Violation:
    """An invariant that does not hold. `story` is the shortest one that shows it; `stories` counts all that do."""

    invariant: str
    meaning: str
    message: str
    step: str
    position: str
    mend: str
    story: str
    stories: int
    lines: tuple[StoryLine, ...]


@dataclass(frozen=True)
class Cell:
    """The stories in which one kind of failure hits one place, and those among them that end wrong."""

    kind: str
    stories: int
    violations: int


@dataclass(frozen=True)
class Row:
    """`where` is a step, a fact, a check, or what happens between steps (`guard`, `recovery`, `end`)."""

    where: str
    position: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class HandlerCoverage:
    """How often each way to undo a step was gone: as a release, in a rollback, by the guard."""

    step: str
    position: str
    releases: int
    rollbacks: int
    guard: int


@dataclass(frozen=True)
class Mutant:
    """One thing of the runbook broken on purpose. `noticed` says how that was found out; empty when it was not."""

    what: str
    position: str
    noticed: str
    meaning: str


@dataclass(frozen=True)
class Allowance:
    """Something that was let pass, or taken for granted, when the stories were judged; `number` is mostly seconds."""

    name: str
    number: float
    words: str


@dataclass(frozen=True)
class Verified:
    """What was tried of one runbook in one world. `prevented` tells why the run would not start there at all."""

    ok: bool
    runbook: str
    file: str
    world: str
    depth: int
    stories: int
    states: int
    violating: int
    seconds: float
    prevented: str
    violations: tuple[Violation, ...]
    matrix: tuple[Row, ...]
    handlers: tuple[HandlerCoverage, ...]
    not_modelled: tuple[str, ...]
    not_tried: tuple[str, ...]
    judged_with: tuple[Allowance, ...]
    mutants: tuple[Mutant, ...]
