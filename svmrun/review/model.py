"""What a comparison of two runbooks finds: changes of what the machine does, each with its danger and its lines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from svmrun.errors import Position, Problem

Level = Literal["danger", "caution", "note", "none"]
Danger = Literal[
    "fails-verify",
    "widens-hold",
    "drops-handler",
    "removes-check",
    "changes-device",
    "reveals-secret",
    "changes-handler",
    "adds-command",
    "removes-command",
    "changes-command",
    "changes-condition",
    "changes-order",
    "changes-check",
    "changes-fact",
    "changes-parameter",
    "changes-host",
    "widens-limit",
    "changes-proof",
    "narrows-hold",
    "narrows-limit",
    "adds-check",
    "adds-handler",
    "passes-verify",
    "cosmetic",
]
DANGERS: tuple[Danger, ...] = get_args(Danger)  # the worst first
NOTHING_RUNS: frozenset[Danger] = frozenset({"cosmetic", "changes-proof", "fails-verify", "passes-verify"})
_FIRST_CAUTION, _FIRST_NOTE = DANGERS.index("changes-handler"), DANGERS.index("narrows-hold")

# What each class means, for help texts and for the reader of a review.
MEANINGS: dict[Danger, str] = {
    "fails-verify": "svmrun verify finds a failure after which something stays wrong, and did not before",
    "widens-hold": "a hold may last longer, or its limit is gone",
    "drops-handler": "something that undid a step does so no longer",
    "removes-check": "a check or an assertion is gone, or guards less than before",
    "changes-device": "a command works on another device, volume, service or file system",
    "reveals-secret": "a parameter's value is no longer kept out of outputs and journals",
    "changes-handler": "what undoes a step does something else",
    "adds-command": "a step is new",
    "removes-command": "a step is gone",
    "changes-command": "a command does something else",
    "changes-condition": "a step runs under another condition, or for other members of a list",
    "changes-order": "steps run in another order",
    "changes-check": "a check judges something else",
    "changes-fact": "something else is read before the steps",
    "changes-parameter": "an input is new, gone, or takes other values",
    "changes-host": "another host, another program, or another way to become root",
    "widens-limit": "an action may take longer, or is tried more often",
    "changes-proof": "verify assumes or demands something else; nothing of what runs",
    "narrows-hold": "a hold lasts less long",
    "narrows-limit": "an action may take less long, or is tried less often",
    "adds-check": "a check is new, or guards more than before",
    "adds-handler": "something more undoes a step",
    "passes-verify": "a failure after which something stayed wrong is no longer found",
    "cosmetic": "names and descriptions; nothing of what runs",
}


def level(danger: Danger) -> Level:
    """How much a reviewer should look at it."""
    if danger == "cosmetic":
        return "none"
    rank = DANGERS.index(danger)
    return "danger" if rank < _FIRST_CAUTION else "caution" if rank < _FIRST_NOTE else "note"


@dataclass(frozen=True)
class Change:
    """One change. `before` and `after` are empty where there is nothing on that side; so are their places."""

    danger: Danger
    level: Level
    where: str  # `step lock`, `check 3`, `parameter mirror`
    text: str
    before: str = ""
    after: str = ""
    before_at: Position | None = None
    after_at: Position | None = None


@dataclass(frozen=True)
class HoldTime:
    """A hold's limit and its worst case in seconds on both sides; null where the hold is not, or is not known."""

    step: str
    blocks_writers: bool
    limit_before: float | None
    limit_after: float | None
    worst_before: float | None
    worst_after: float | None


@dataclass(frozen=True)
class Tried:
    """What verify says of one side: how many stories end wrong. `prevented` tells why the run would not even start."""

    stories: int
    violating: int
    prevented: str = ""


@dataclass(frozen=True)
class Compared:
    """One runbook, compared. A file's name is empty where it does not exist on that side.

    With `problems` (those of a broken runbook, of either side) nothing was compared.
    """

    before: str
    after: str
    changes: tuple[Change, ...] = ()
    holds: tuple[HoldTime, ...] = ()
    problems: tuple[Problem, ...] = ()
    tried_before: Tried | None = None  # null unless it was asked for
    tried_after: Tried | None = None

    @property
    def runs_the_same(self) -> bool:
        return not self.problems and all(change.danger in NOTHING_RUNS for change in self.changes)


@dataclass(frozen=True)
class Diff:
    """Every runbook that was compared. `dangers` lists the classes that occur, the worst first."""

    same: bool  # no change in what runs, in any of them
    dangers: tuple[Danger, ...]
    runbooks: tuple[Compared, ...]


def diff_of(runbooks: list[Compared]) -> Diff:
    found = {change.danger for compared in runbooks for change in compared.changes}
    return Diff(
        all(compared.runs_the_same for compared in runbooks),
        tuple(danger for danger in DANGERS if danger in found),
        tuple(runbooks),
    )
