"""Where the parts of a comparison write down what they find."""

from __future__ import annotations

from dataclasses import dataclass, field

from svmrun.review.model import Change, Danger, level
from svmrun.review.side import Side
from svmrun.runbook.model import Action, Path


@dataclass
class Ledger:
    """`before` and `after` are the two sides; `changes` what was found, in the order in which it was looked for.

    `told` are places of which everything is said.
    """

    before: Side
    after: Side
    changes: list[Change] = field(default_factory=list)
    told: set[tuple[Path, Path]] = field(default_factory=set)

    def note(
        self,
        danger: Danger,
        where: str,
        text: str,
        *,
        at: tuple[Path | None, Path | None],
        shown: tuple[str, str] = ("", ""),
    ) -> None:
        """`at` are the ways to the part in each document, None where it is not there; `shown` is it on both sides."""
        places = (self.before.place(at[0]), self.after.place(at[1]))
        self.changes.append(Change(danger, level(danger), where, text, *shown, *places))

    def differ(self, before: object, after: object) -> bool:
        """True when two written values mean different things."""
        alike = isinstance(before, str) and self.same_words(before, after)
        return not alike and self.before.form(before) != self.after.form(after)

    def agree(self, before: str, after: str) -> bool:
        """True when two bare expressions mean the same."""
        return self.same_words(before, after) or self.before.expression(before) == self.after.expression(after)

    def same_words(self, before: object, after: object) -> bool:
        """True when both are written alike, and so mean the same: most of two runbooks is, and need not be compared."""
        return not self.before.step_names and not self.after.step_names and repr(before) == repr(after)

    def same_action(self, before: Action, after: Action) -> bool:
        """True when two actions are written alike."""
        parts = [(one.adapter, one.arguments, one.timeout_seconds, one.retry) for one in (before, after)]
        return self.same_words(*parts) and not before.model and not after.model
