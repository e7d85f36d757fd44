"""The performer of a run on a real (or simulated) host."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from svmrun.adapters.base import Outcome, failed
from svmrun.core import events as e
from svmrun.core.decide import Perform, held, is_fenced, writers_wait
from svmrun.core.state import State
from svmrun.effects import clock
from svmrun.effects.actions import Actions, Call
from svmrun.effects.call_book import CallBook
from svmrun.effects.exclusion import process_started
from svmrun.effects.ready import Ready, StandingReady
from svmrun.effects.setting import Setting
from svmrun.effects.watched import Watched
from svmrun.errors import Refused
from svmrun.plan.model import Plan

Json = Any
GRACE_SECONDS = 5.0
HURRIED_GRACE_SECONDS = 0.5  # while writers hang nobody is given long to end politely
ONLY_FORWARD = ("forward", "found")


class Guarding(Protocol):
    """What the machine tells the guard, and hears from it."""

    def arm(self) -> e.GuardArmed: ...

    def hold(self, step: str) -> None: ...

    def released(self, step: str) -> None: ...

    def child(self, group: int, signal: str, argv: tuple[str, ...]) -> None: ...

    def idle(self) -> None: ...

    def fenced(self, argv: tuple[str, ...]) -> tuple[str, ...]: ...

    def ready(self, argv: tuple[str, ...], fenced: bool) -> tuple[str, ...]: ...

    def news(self) -> e.GuardFired | None: ...

    def leave(self) -> None: ...

    def go_on(self, steps: tuple[str, ...]) -> None: ...


class Machine:
    """Performs the moves of one run.

    Forward actions end at a signal, at the limit of the earliest hold that stands, and when the guard fired; a
    rollback's actions end at their own time-outs only.
    """

    def __init__(
        self,
        plan: Plan,
        setting: Setting,
        names: Mapping[str, Json],
        cancel: Watched,
        guard: Guarding | None,
        before_step: Callable[[str], bool] = lambda _step: True,
    ) -> None:
        self._plan, self._setting = plan, setting
        self._book = CallBook(plan, setting, names)
        self._cancel, self._guard = cancel, guard
        self._unhurried = Watched()
        self._unhurried.reset()
        self._cancel.on_look = self._unhurried.on_look = self._look
        self._actions = Actions(setting)
        self._standing = StandingReady(plan, self._ready)
        self._before_step = before_step
        self._held: list[str] = []
        self._runs = False
        self._count = 0
        self._fired: e.GuardFired | None = None

    # -- what happened -------------------------------------------------------------------------------------------

    def news(self, state: State) -> Iterator[e.Event]:
        self._look()
        self._tell_guard(state)
        fired = self._fired if self._fired is not None and self._matters(self._fired) else None
        if fired is not None and state.guard == "armed":
            yield fired
        if state.cause is not None:
            return
        if self._cancel.requested is not None and state.cancel is None and fired is None:
            by = f"cancelled by {self._cancel.reason}" if self._cancel.requested else self._cancel.reason
            yield e.CancelRequested(self._cancel.requested, by)
        late = self._limit_passed(state)
        if late is not None and state.limit_passed is None:
            yield e.LimitPassed(late)

    def _look(self) -> None:
        """Done several times a second, whatever is waited for."""
        self._setting.observer.tick(clock.now())
        if self._guard is not None and self._fired is None:
            self._fired = self._guard.news()
            if self._fired is not None and self._matters(self._fired):
                self._cancel.request(0, "the guard acted")

    def _matters(self, fired: e.GuardFired) -> bool:
        """A guard that died while nothing was held is missed only when the next hold is due, and refused then."""
        return bool(self._held or fired.released)

    def _tell_guard(self, state: State) -> None:
        standing = {s.id for s in held(self._plan, state)}
        over = [s for s in self._held if s not in standing and state.step(s).status != "waiting"]
        for step in over:
            self._held.remove(step)
            if self._guard is not None:
                self._guard.released(step)
        if not writers_wait(self._plan, state):
            self._standing.dismiss()

    def _limits(self, state: State) -> list[tuple[float, str]]:
        """The times (since the epoch) at which the holds that stand must be over."""
        holds = [(state.step(s.id).started_at, s) for s in held(self._plan, state)]
        return [(at + (s.hold_seconds or 0.0), s.id) for at, s in holds if at is not None]

    def _limit_passed(self, state: State) -> str | None:
        return next((step for limit, step in sorted(self._limits(state)) if limit <= clock.now()), None)

    # -- doing ---------------------------------------------------------------------------------------------------

    def prepare(self, state: State, move: Perform) -> e.ActionStarted | e.StepSkipped | None:
        if not self._pause(state, move.after_seconds, move.role in ONLY_FORWARD):
            return None
        step = self._plan.step(move.step)
        if move.role == "forward" and move.attempt == 1:
            if isinstance(step.when, str) and not self._wanted(step.when, state):
                return e.StepSkipped(step.id, "its condition does not hold")
            if not self._before_step(step.id):
                self._cancel.request(0, f"the operator stopped before {step.id}")
                return None
        adapter, arguments, _timeout = self._book.call(state, move.step, move.role, move.part)
        return e.ActionStarted(
            move.step, move.role, move.part, move.attempt, adapter, self._book.argv(adapter, arguments)
        )

    def _wanted(self, condition: str, state: State) -> bool:
        try:
            return bool(self._setting.language.evaluate(condition, self._book.names(state)))
        except ValueError as error:
            self._cancel.request(0, f"cannot tell whether a step is wanted: {error}")
            return False

    def perform(self, state: State, intent: e.ActionStarted, record: Callable[[e.Event], None]) -> e.ActionEnded:
        forward = intent.role in ONLY_FORWARD
        adapter, arguments, timeout = self._book.call(state, intent.step, intent.role, intent.part)
        began = clock.steady()
        output = self._output(intent)
        self._make_ready(intent)
        if arguments is None:
            outcome = failed(self._book.refusal(state, intent))
        else:
            cancel = self._deadline(state) if forward else self._unhurried
            ready = self._standing.take(intent)
            call = Call(
                intent.step,
                adapter,
                arguments,
                timeout,
                cancel,
                self._book.names_for(adapter, state),
                output,
                intent.role in ("found", "probe"),
                HURRIED_GRACE_SECONDS if writers_wait(self._plan, state) else GRACE_SECONDS,
                self._started(intent, ready, record),
                self._fence(intent),
                ready,
            )
            outcome = self._guarded(intent, call)
        return self._book.ended(intent, outcome, clock.steady() - began, output.name if output.exists() else "")

    def _guarded(self, intent: e.ActionStarted, call: Call) -> Outcome:
        if self._guard is None:
            return self._actions.perform(call)
        if self._takes_hold(intent):
            self._held.append(intent.step)
            try:
                self._guard.hold(intent.step)
            except Refused as error:
                return failed(str(error))
        outcome = self._actions.perform(call)
        if self._runs:
            self._guard.idle()
        self._runs = False
        return outcome

    def _takes_hold(self, intent: e.ActionStarted) -> bool:
        holds = self._plan.step(intent.step).hold_seconds is not None
        return holds and intent.role == "forward" and intent.step not in self._held

    def _make_ready(self, intent: e.ActionStarted) -> None:
        step = self._plan.step(intent.step)
        if self._takes_hold(intent) and step.action and step.action.blocks_writers:
            self._standing.summon(step)

    def _fence(self, intent: e.ActionStarted) -> Callable[[tuple[str, ...]], tuple[str, ...]]:
        return self._guard.fenced if self._guard is not None and self._held and is_fenced(intent) else tuple

    def _ready(self, step: str, role: e.Role, part: int) -> Ready | None:
        known = self._book.known(step, role, part)
        if known is None or self._guard is None:
            return None
        return self._actions.ready(*known, partial(self._guard.ready, fenced=role == "forward"))

    def _started(
        self, intent: e.ActionStarted, ready: Ready | None, record: Callable[[e.Event], None]
    ) -> Callable[[int], None]:
        def tell(pid: int) -> None:
            self._runs = True
            stood_ready = ready is not None and ready.pid == pid  # then it has noted itself
            if self._guard is not None and not stood_ready:
                self._guard.child(pid, "INT" if intent.adapter == "ufsdump" else "TERM", intent.argv)
            record(e.ProcessStarted(intent.step, pid, ready.started if ready and stood_ready else process_started(pid)))

        return tell

    def _output(self, intent: e.ActionStarted) -> Path:
        self._count += 1
        return self._setting.outputs / f"{self._count:03}-{intent.step}-{intent.role}.txt"

    def _deadline(self, state: State) -> Watched:
        limits = [limit for limit, _step in self._limits(state)]
        self._cancel.deadline = clock.steady() + min(limits) - clock.now() if limits else None
        return self._cancel

    def _pause(self, state: State, seconds: float, forward: bool) -> bool:
        seconds = self._setting.passing(seconds)
        return clock.pause(seconds, self._deadline(state) if forward else self._unhurried)

    # -- the guard and the end -----------------------------------------------------------------------------------

    def arm(self) -> e.GuardArmed:
        assert self._guard is not None, "a run with holds has a guard"
        return self._guard.arm()

    def left(self, state: State, steps: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(self._book.instruction(state, step) for step in steps)

    def goes_on(self, state: State) -> tuple[str, ...]:
        return self._book.goes_on(state)

    def finish(self, state: State) -> None:
        self._standing.dismiss()
        self._actions.sessions.close_all()
        self._tell_guard(state)
        if self._guard is None:
            return
        standing = tuple(s.id for s in held(self._plan, state))
        if standing and (state.ended is None or state.ended.verdict == "stuck"):  # without an end: a bug threw it out
            self._guard.go_on(standing)
        else:
            self._guard.leave()
