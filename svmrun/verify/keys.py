"""When two scenes go on alike: their keys are equal.

A key holds everything that decides how a story goes on and how it is judged. Left out are absolute times (all are taken
relative to the clock), texts that only a person reads, and, once a run goes back, whatever no rollback looks at: what
became of steps that are not to be undone, what was dumped so far.
"""

from __future__ import annotations

import math
from typing import Any

from svmrun.core.decide import all_done, is_undone, outstanding
from svmrun.core.state import State, StepState, Undoing
from svmrun.verify.desk import Desk
from svmrun.verify.scene import Guard, Scene, Watch

Key = tuple[Any, ...]
FAR_SECONDS = 4 * 3600.0


class Keys:
    """The keys of one desk's scenes. Equal parts are numbered once."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._worlds = desk.world_keys
        self._numbers: dict[Any, int] = {}
        self._lasting: dict[tuple[str, int], tuple[StepState, int]] = {}

    def of(self, scene: Scene, *, last: bool = False) -> Key:
        """With `last` nothing more goes wrong: what befell the host does not keep it from befalling again."""
        clock, state = scene.world.clock, scene.state
        back = state.cause is not None or (last and self._will_go_back(scene))
        return (
            scene.phase,
            self._backward(state) if back else self._forward(state, clock),
            self._worlds.of(scene.world, back=back and not self._desk.judges_everything),
            self._guard(scene.guard, clock, back),
            scene.held,
            scene.sessions,
            self._watch(scene.watch, clock, back, last),
            scene.durable is not None if last else scene.durable and self._forward(scene.durable, clock),
            scene.interrupted and not back,
            scene.finding,
        )

    def _number(self, value: Any) -> int:
        return self._numbers.setdefault(value, len(self._numbers))

    def _will_go_back(self, scene: Scene) -> bool:
        """The next turn is the first one of its way back, and nothing more goes wrong.

        A run whose runner died is taken over to go back, unless all was done. What its own steps give as a reason is
        not looked for.
        """
        state, guard = scene.state, scene.guard
        if state.ended is not None or (guard is not None and guard.acting):
            return False
        guarded = guard is None or (guard.alive and not guard.reason)
        told = state.guard == "fired" or state.cancel is not None or state.journal_lost is not None
        if scene.phase == "run" and guarded and not told and not scene.interrupted:
            return False
        return not all_done(self._desk.plan, state)

    def _forward(self, state: State, clock: float) -> Key:
        return (
            state.doing is not None,
            state.exit_code,
            state.cancel is not None,
            state.limit_passed,
            state.guard,
            state.recovered,
            state.journal_lost is not None,
            state.found_already is not None,
            state.lifted,
            state.cause is not None,
            _end(state),
            self._steps(state, clock),
        )

    def _steps(self, state: State, clock: float) -> Key:
        """Each step, and since when the holds stand."""
        holds = [(s.id, state.step(s.id).started_at) for s in self._desk.held(state)]
        since = tuple((name, round(clock - at, 3)) for name, at in holds if at is not None)
        return (tuple(self._step(name, step) for name, step in state.steps.items()), since)

    def _step(self, name: str, step: StepState) -> int:
        known = self._lasting.get((name, id(step)))
        if known is None or known[0] is not step:
            known = self._lasting[name, id(step)] = (step, self._number((name, *self._of_step(name, step))))
        return known[1]

    def _of_step(self, name: str, step: StepState) -> Key:
        """How often a step was tried, or looked for, counts until it is done; how it is undone, until it is undone."""
        undoing = step.undoing
        done = step.status in ("succeeded", "skipped")
        undone = undoing is not None and is_undone(self._desk.plan.step(name), step)
        return (
            step.status,
            not done and step.attempts,
            step.started_at is not None,
            step.untouched,
            step.found if step.status == "waiting" else step.found > 0,
            repr(step.result) if name in self._desk.referenced and step.result is not None else None,
            undoing and ((undoing.role, undoing.done) if undone else _undoing(undoing)),
        )

    def _backward(self, state: State) -> Key:
        """Nothing goes forward any more: what counts is what is still to be undone."""
        doing = state.doing and (state.doing.step, state.doing.role, state.doing.part, state.doing.attempt)
        if state.ended is not None:
            return (state.guard, _end(state), state.ended.left)
        left = [(s.id, state.step(s.id)) for s in outstanding(self._desk.plan, state)]
        steps = tuple((n, s.status in ("doubtful", "running"), s.undoing and _undoing(s.undoing)) for n, s in left)
        return (doing, state.exit_code in (0, 4), state.guard, state.journal_lost is not None, steps)

    def _guard(self, guard: Guard | None, clock: float, back: bool) -> Key | None:
        if guard is None:
            return None
        outstanding = tuple((step, self._left(step, clock - since, back)) for step, since in guard.outstanding)
        return (outstanding, guard.alive, bool(guard.reason), guard.released, guard.todo, guard.round)

    def _left(self, step: str, lasted: float, back: bool) -> float:
        """Seconds to the limit; once a run goes back it ends long before a limit that is hours away."""
        left = self._desk.limits.get(step, 0.0) - lasted
        return math.inf if back and left > FAR_SECONDS else round(left, 3)

    def _watch(self, watch: Watch, clock: float, back: bool, last: bool) -> Key:
        return (
            tuple((one.name, round(one.due - clock, 3)) for one in watch.locked),
            watch.strangers,
            None if back else (watch.effects, watch.hollow),
            watch.unguarded_since is None,
            None if last else watch.disturbed,
        )


def _end(state: State) -> Key | None:
    return None if state.ended is None else (state.ended.verdict, state.ended.exit_code in (0, 4))


def _undoing(undoing: Undoing) -> Key:
    return (
        undoing.role,
        undoing.looks,
        undoing.looked,
        undoing.blind,
        undoing.seen,
        undoing.present,
        undoing.part,
        undoing.tries,
        undoing.failed,
        undoing.rounds,
        undoing.done,
    )
