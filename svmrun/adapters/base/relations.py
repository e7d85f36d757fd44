"""How one action stands to others: what shows its effect, what undoes it, what must go before it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from svmrun.adapters.base.program import Command

Json = Any
Arguments = Mapping[str, Json]  # rendered and schema-checked, defaults filled in by `Adapter.complete`


@dataclass(frozen=True)
class Probe:
    """A read-only action that tells whether an effect is there.

    `present(result)` judges the typed result of that action: True, False, or None when it cannot tell.
    """

    adapter: str
    arguments: Arguments
    present: Callable[[Json], bool | None]
    timeout_seconds: float | None = None  # None: as its adapter says


@dataclass(frozen=True)
class ShellProof:
    """How a shell program can tell that an action's work is done: it can neither parse nor reason.

    The action itself must have printed the text `prints`, where there is one: its exit status alone is not believed.
    It is done when one line of `command`'s output has all `words`, in order, as words of its own, and none of those in
    `without`; or when the action itself, though it failed, printed one of the texts in `says` ("is attached").
    """

    command: Command | None = None
    words: tuple[str, ...] = ()
    says: tuple[str, ...] = ()
    prints: str = ""
    without: tuple[str, ...] = ()


@dataclass(frozen=True)
class Parts:
    """Another action inside an action (the polled one of `wait_for`)."""

    adapter: str
    arguments: Arguments


@dataclass(frozen=True)
class Before:
    """An action that must have succeeded before another one, and what comes of it otherwise, as a clause."""

    adapter: str
    arguments: Arguments
    otherwise: str
