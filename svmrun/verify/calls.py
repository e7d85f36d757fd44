"""Which adapter is called with what, for each move of all stories: what no result changes is rendered once."""

from __future__ import annotations

from dataclasses import dataclass, field

from svmrun.adapters.base import Arguments
from svmrun.core import events as e
from svmrun.core.state import State
from svmrun.effects.call_book import CallBook
from svmrun.effects.setting import Setting
from svmrun.plan.build import has_later
from svmrun.plan.model import Plan, PlannedAction

Move = tuple[str, e.Role, int]  # step, role, handler


@dataclass(frozen=True)
class Rendered:
    """`arguments` is None when they cannot be rendered; `argv` is the command line as the journal shows it.

    What a `fixed` call does depends on nothing that steps before it told.
    """

    adapter: str
    arguments: Arguments | None
    timeout_seconds: float
    argv: tuple[str, ...]
    fixed: bool


@dataclass
class Calls:
    """The calls of one plan."""

    plan: Plan
    setting: Setting
    book: CallBook
    _known: dict[Move, Rendered] = field(default_factory=dict)

    def of(self, state: State, step_id: str, role: e.Role, part: int) -> Rendered:
        move = (step_id, role, part)
        known = self._known.get(move)
        if known is not None:
            return known
        adapter, arguments, timeout = self.book.call(state, *move)
        action = self._action(*move)
        same = action is None or not has_later(action.arguments)
        fixed = same and (action is None or not self._speaks_of_steps(action))
        made = Rendered(adapter, arguments, timeout, self.book.argv(adapter, arguments), fixed)
        if same:
            self._known[move] = made
        return made

    def _action(self, step_id: str, role: e.Role, part: int) -> PlannedAction | None:
        """What is rendered; a look is known beforehand."""
        step = self.plan.step(step_id)
        if role in ("found", "probe"):
            return None
        return step.action if role == "forward" else step.rollback[part]

    def _speaks_of_steps(self, action: PlannedAction) -> bool:
        bare = [action.arguments.get(name) for name in self.setting.adapters[action.adapter].expressions]
        return "steps" in repr(bare)
