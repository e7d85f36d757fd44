"""The performer of a run in memory: it does in a world what `svmrun.effects.machine` does on a host."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

from svmrun.adapters.base import Outcome, failed
from svmrun.core import events as e
from svmrun.core.decide import Perform, is_fenced
from svmrun.core.state import State
from svmrun.effects.machine import ONLY_FORWARD
from svmrun.errors import Refused
from svmrun.simulator.host import look
from svmrun.simulator.world import World
from svmrun.values import replace
from svmrun.verify.actions import Actions, Call
from svmrun.verify.commands import Limits
from svmrun.verify.desk import Desk
from svmrun.verify.kinds import KINDS
from svmrun.verify.scene import Guard, Scene

INTERRUPT = 2
SOON_SECONDS = 1.0
GONE = "the runner is gone"
STUCK = "the run is stuck"


class MemoryPerformer:
    """Performs one turn from a scene. `kind` is what goes wrong with the action of this turn, empty for nothing.

    Afterwards `world`, `guard`, `held` and `sessions` tell how things stand.
    """

    def __init__(self, desk: Desk, scene: Scene, kind: str = "") -> None:
        self._desk, self._kind = desk, kind
        self._recovery = scene.phase == "recovery"
        self.guard = None if self._recovery else scene.guard
        self.held = list(scene.held)
        self._actions = Actions(desk.setting, desk.runner, scene.world, scene.sessions, desk.memory)
        self._interrupted = scene.interrupted
        self.outcome: Outcome | None = None

    @property
    def world(self) -> World:
        return self._actions.world

    @property
    def sessions(self) -> frozenset[str]:
        return self._actions.sessions

    @property
    def interrupted(self) -> bool:
        return self._interrupted

    # -- what happened -------------------------------------------------------------------------------------------

    def news(self, state: State) -> Iterator[e.Event]:
        self._tell_guard(state)
        if self.guard is not None and state.guard == "armed":
            reason = self.guard.reason or ("" if self.guard.alive else e.GUARD_DIED)
            if reason:
                yield e.GuardFired(reason, self.guard.released)
        if state.cause is not None:
            return
        if self._interrupted and state.cancel is None:
            yield e.CancelRequested(INTERRUPT, "cancelled by SIGINT")
        late = next((step for limit, step in sorted(self._limits(state)) if limit <= self.world.clock), None)
        if late is not None and state.limit_passed is None:
            yield e.LimitPassed(late)

    def _tell_guard(self, state: State) -> None:
        if not self.held:
            return
        standing = {s.id for s in self._desk.held(state)}
        for step in [s for s in self.held if s not in standing and state.step(s).status != "waiting"]:
            self.held.remove(step)
            if self.guard is not None and self.guard.alive and not self.guard.reason:
                kept = tuple(one for one in self.guard.outstanding if one[0] != step)
                self.guard = replace(self.guard, outstanding=kept)

    def _limits(self, state: State) -> list[tuple[float, str]]:
        holds = [(state.step(s.id).started_at, s) for s in self._desk.held(state)]
        return [(at + (s.hold_seconds or 0.0), s.id) for at, s in holds if at is not None]

    # -- doing ---------------------------------------------------------------------------------------------------

    def prepare(self, state: State, move: Perform) -> e.ActionStarted | e.StepSkipped | None:
        if move.after_seconds and not self._pause(state, move.after_seconds, move.role in ONLY_FORWARD):
            return None
        step = self._desk.plan.step(move.step)
        if move.role == "forward" and move.attempt == 1 and isinstance(step.when, str):
            try:
                wanted = bool(self._desk.setting.language.evaluate(step.when, self._desk.book.names(state)))
            except ValueError:
                self._interrupted = True
                return None
            if not wanted:
                return e.StepSkipped(step.id, "its condition does not hold")
        rendered = self._desk.calls.of(state, move.step, move.role, move.part)
        return e.ActionStarted(move.step, move.role, move.part, move.attempt, rendered.adapter, rendered.argv)

    def _pause(self, state: State, seconds: float, forward: bool) -> bool:
        until = self.world.clock + seconds
        limit = min((at for at, _ in self._limits(state)), default=math.inf) if forward else math.inf
        self._pass_to(min(until, max(limit, self.world.clock)))
        self._fire_at_limit()
        return limit >= until

    def _pass_to(self, clock: float) -> None:
        self._actions.world = look(replace(self.world, clock=clock))

    def _fire_at_limit(self) -> None:
        guard = self.guard
        if guard is None or not guard.alive or guard.reason or not guard.outstanding:
            return
        if self.world.clock >= self._desk.guard_deadline(guard.outstanding):
            self.guard = fired(guard, "a limit passed")

    def perform(
        self,
        state: State,
        intent: e.ActionStarted,
        record: Callable[[e.Event], None],  # noqa: ARG002 - no process is started that could be told of
    ) -> e.ActionEnded:
        rendered = self._desk.calls.of(state, intent.step, intent.role, intent.part)
        began = self.world.clock
        if rendered.arguments is None:
            self.outcome = failed("its arguments cannot be rendered")
        else:
            identity = (intent.step, intent.role, intent.part) if rendered.fixed else None
            limits = Limits(rendered.timeout_seconds)
            call = Call(rendered.adapter, rendered.arguments, limits, {}, identity=identity)
            self.outcome = self._guarded(state, intent, call)
        self._fire_at_limit()
        return self._desk.book.ended(intent, self.outcome, self.world.clock - began)

    def _guarded(self, state: State, intent: e.ActionStarted, call: Call) -> Outcome:
        step = self._desk.plan.step(intent.step)
        forward = intent.role == "forward"
        if self.guard is not None and forward and step.hold_seconds is not None and step.id not in self.held:
            self.held.append(step.id)
            try:
                self._hold(step.id)
            except Refused as error:
                return failed(str(error))
        return self._with_kind(state, intent, call)

    def _hold(self, step: str) -> None:
        guard = self.guard
        assert guard is not None, "armed before the first hold"
        if guard.reason or not guard.alive:
            raise Refused(f"the guard did not acknowledge the hold of {step}; its command must not run")
        order = list(self._desk.holds)
        told = sorted((*guard.outstanding, (step, self.world.clock)), key=lambda one: order.index(one[0]))
        self.guard = replace(guard, outstanding=tuple(told))

    def _with_kind(self, state: State, intent: e.ActionStarted, call: Call) -> Outcome:
        clock, forward = self.world.clock, intent.role in ONLY_FORWARD
        cancel = min((at for at, _ in self._limits(state)), default=math.inf) - clock if forward else math.inf
        guard = self.guard
        alive = guard is not None and guard.alive and not guard.reason
        deadline = self._desk.guard_deadline(guard.outstanding) - clock if guard and alive else math.inf
        if self._kind == "stopped" and math.isfinite(deadline):
            self._pass_to(clock + max(0.0, deadline))
            self._fire_at_limit()
            deadline = math.inf
        if self._kind.startswith(("cancelled", "disconnected")):
            cancel = min(cancel, SOON_SECONDS)
        acted = self.guard is not None and bool(self.guard.reason)
        fenced = acted and bool(self.held) and is_fenced(intent)
        effect = KINDS[self._kind].effect if self._kind else ""
        limits = Limits(call.limits.timeout, max(cancel, 0.0), max(deadline, 0.0))
        names = self._desk.book.names(state) if self._needs_names(call.adapter) else {}
        outcome = self._actions.perform(replace(call, limits=limits, effect=effect, fenced=fenced, names=names))
        self._what_else()
        return outcome

    def _needs_names(self, adapter: str) -> bool:
        return bool(self._desk.setting.adapters[adapter].expressions)

    def _what_else(self) -> None:
        if self._kind.startswith("cancelled"):
            self._interrupted = True
        if self._kind.startswith("disconnected") and self.guard is not None and self.guard.alive:
            self.guard = fired(self.guard, GONE) if self.guard.outstanding else replace(self.guard, alive=False)

    # -- the guard and the end -----------------------------------------------------------------------------------

    def arm(self) -> e.GuardArmed:
        try:
            _ = self._desk.holds
        except ValueError as error:
            raise Refused(f"no guard can release this plan's holds: {error}") from error
        self.guard = Guard()
        return e.GuardArmed(1, "0", "release.sh")

    def left(self, state: State, steps: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(self._desk.book.instruction(state, step) for step in steps)

    def goes_on(self, state: State) -> tuple[str, ...]:
        return self._desk.book.goes_on(state)

    def finish(self, state: State) -> None:
        """The guard goes away without acting; but a stuck run leaves its holds to it, if need be to a new one."""
        self._tell_guard(state)
        standing = {step.id for step in self._desk.held(state)}
        if state.ended is None or state.ended.verdict != "stuck" or not standing:
            return
        guard = self.guard
        if guard is None or not guard.alive or not guard.outstanding:
            guard = Guard(tuple((step, self.world.clock) for step in self._desk.holds if step in standing))
        self.guard = guard if guard.reason else fired(guard, STUCK)


def fired(guard: Guard, reason: str) -> Guard:
    """The guard as it begins to act: the last hold first."""
    return replace(guard, reason=reason, todo=tuple(step for step, _ in reversed(guard.outstanding)))
