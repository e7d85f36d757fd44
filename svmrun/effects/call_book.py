"""Which adapter is called with what, for each move of a plan: rendering, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from svmrun.adapters.base import Arguments, Outcome, Probe
from svmrun.core import events as e
from svmrun.core.decide import was_undone
from svmrun.core.state import State, Undoing
from svmrun.effects.setting import Setting
from svmrun.plan.build import has_later, member
from svmrun.plan.model import LATER, Plan, PlannedAction, PlannedStep, is_later
from svmrun.plan.release import chained, in_turn
from svmrun.runbook.arguments import argument_faults

Json = Any


class CallBook:
    """Answers for one plan. `names` are the parameters, facts and host that its templates refer to."""

    def __init__(self, plan: Plan, setting: Setting, names: Mapping[str, Json]) -> None:
        self._plan, self._setting, self._names = plan, setting, names

    def argv(self, adapter: str, arguments: Arguments | None) -> tuple[str, ...]:
        """The command line as the journal shows it."""
        if arguments is None or self._setting.adapters[adapter].performer != "program":
            return ()
        try:
            command = self._setting.become.shown(self._setting.adapters[adapter].command_line(arguments))
        except ValueError:
            return ()
        return tuple(self._setting.masked((self._setting.program(command), *command.argv[1:])))

    def call(self, state: State, step_id: str, role: e.Role, part: int) -> tuple[str, Arguments | None, float]:
        """Adapter, rendered arguments (None: they cannot be rendered) and time-out of an action."""
        action = self._action(step_id, role, part)
        if role in ("found", "probe"):
            probe = self.probe(action)
            adapter = self._setting.adapters[probe.adapter]
            arguments = adapter.complete(probe.arguments)
            return probe.adapter, arguments, probe.timeout_seconds or adapter.default_timeout(arguments)
        try:
            return action.adapter, self._fitting(action, state), action.timeout_seconds
        except ValueError:
            return action.adapter, None, action.timeout_seconds

    def known(self, step_id: str, role: e.Role, part: int) -> tuple[str, Arguments] | None:
        """Adapter and arguments of a forward action or a handler, where they wait for no step's result."""
        action = self._action(step_id, role, part)
        return None if has_later(action.arguments) else (action.adapter, action.arguments)

    def refusal(self, state: State, intent: e.ActionStarted) -> str:
        """Why the arguments of an action cannot be rendered; empty when they can."""
        action = self._action(intent.step, intent.role, intent.part)
        try:
            self._fitting(action, state)
        except ValueError as error:
            return str(self._setting.masked(str(error)))
        return ""

    def _action(self, step_id: str, role: e.Role, part: int) -> PlannedAction:
        step = self._plan.step(step_id)
        if role in ("release", "rollback"):
            return step.rollback[part]
        assert step.action is not None, "releases are performed as their step's handlers"
        return step.action

    def _fitting(self, action: PlannedAction, state: State) -> Arguments:
        """The rendered arguments. What was known only later is judged now, as strictly as what was written."""
        if not has_later(action.arguments):
            return action.arguments
        arguments: Arguments = self._render(action.arguments, self.names(state))
        faults = argument_faults(action.adapter, arguments, self._setting.adapters)
        if faults:
            raise ValueError("; ".join(f"{'.'.join(map(str, f.path))}: {f.message}" for f in faults))
        return arguments

    def probe(self, action: PlannedAction) -> Probe:
        probe = self._setting.adapters[action.adapter].probe(action.arguments)
        assert probe is not None, "the plan says that this action can be probed"
        return probe

    def ended(self, intent: e.ActionStarted, outcome: Outcome, seconds: float, output: str = "") -> e.ActionEnded:
        """The record of an action's end; for a look with what it found."""
        present = None
        if intent.role in ("found", "probe") and outcome.ok:
            action = self._plan.step(intent.step).action
            assert action is not None, "only steps with an action are probed"
            present = self.probe(action).present(outcome.result)
        return e.ActionEnded(
            intent.step,
            intent.role,
            intent.part,
            intent.attempt,
            outcome.kind,
            outcome.message,
            outcome.result if intent.role == "forward" else None,
            outcome.changed,
            present,
            round(seconds, 3),
            outcome.untouched,
            output,
        )

    def _render(self, value: Json, names: Mapping[str, Json], key: str = "") -> Json:
        if is_later(value):
            return member(self._setting.language.render, value[LATER], key, names)
        if isinstance(value, dict):
            return {k: self._render(v, names, k) for k, v in value.items()}
        if isinstance(value, (list, tuple)):
            return [self._render(v, names, key) for v in value]
        return value

    def names_for(self, adapter: str, state: State) -> dict[str, Json]:
        """What the bare expressions of an adapter's arguments may refer to; nothing for one that has none."""
        return self.names(state) if self._setting.adapters[adapter].expressions else {}

    def names(self, state: State) -> dict[str, Json]:
        """What templates may refer to now: parameters, facts, host, and the steps that ended."""
        steps = {
            s.id: {"status": known.status, "ok": known.status == "succeeded", "message": known.message}
            | {"skipped": known.status == "skipped", "result": known.result}
            for s in self._plan.steps
            for known in (state.step(s.id),)
        }
        return {**self._names, "steps": steps}

    def instruction(self, state: State, step_id: str) -> str:
        """What is left of a step that could not be undone, why, and the command that ends it."""
        step = self._plan.step(step_id)
        shown = [(action, argv) for action in step.rollback if (argv := self.argv(action.adapter, action.arguments))]
        commands = in_turn([argv for _, argv in shown], chained([action for action, _ in shown]))
        undoing = state.step(step_id).undoing
        why = undoing.message if undoing and undoing.message else self._unproven(step, undoing)
        return f"{step_id}: {why}; to end it: {commands}" if commands else f"{step_id}: {why}; undo it by hand"

    def _unproven(self, step: PlannedStep, undoing: Undoing | None) -> str:
        """No handler failed, and yet the effect is there, or nothing can tell."""
        if undoing is None or not undoing.present:
            return "nothing could prove that it is undone"
        shown = (self._setting.adapters[action.adapter].users(action.arguments) for action in step.rollback)
        users = next(filter(None, shown), "")
        return f"its effect is still there{f'; who uses it: {users}' if users else ''}"

    def goes_on(self, state: State) -> tuple[str, ...]:
        """What goes on by itself after what was undone. A run that does not go back knows what it waits for."""
        if state.cause is None:
            return ()
        undone = [step for step in self._plan.steps if was_undone(step, state)]
        actions = [action for step in undone for action in step.rollback]
        told = (self._setting.adapters[a.adapter].goes_on(a.arguments) for a in actions)
        return tuple(dict.fromkeys(filter(None, told)))
