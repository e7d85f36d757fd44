"""What an acting guard does, as release.sh does it: one hold in a turn, rounds until each one holds no more."""

from __future__ import annotations

from typing import cast

from svmrun.adapters.base import Command, Completed
from svmrun.plan.release import HURRIED_ROUNDS, HeldRelease
from svmrun.simulator.host import look
from svmrun.simulator.world import World
from svmrun.values import replace
from svmrun.verify.commands import Limits
from svmrun.verify.desk import Desk
from svmrun.verify.kinds import KINDS
from svmrun.verify.scene import Guard, Scene

NAPS_SECONDS = (0.2, 0.5, 1.0, 2.0, 5.0)
ROUNDS = 8  # about as long as a recovery waits for it


class GuardTurn:
    """One release by the guard. `kind` is what goes wrong with its first command."""

    def __init__(self, desk: Desk, scene: Scene, kind: str = "") -> None:
        assert scene.guard is not None, "only a guard acts"
        self._desk, self._effect = desk, KINDS[kind].effect if kind else ""
        self._guard: Guard = scene.guard
        self.world: World = scene.world
        self.step = self._guard.todo[0]

    def act(self) -> Guard:
        """The guard afterwards; `world` is the world then."""
        hold = self._desk.holds[self.step]
        guard = replace(self._guard, todo=self._guard.todo[1:])
        if self._release(hold):
            kept = tuple(one for one in guard.outstanding if one[0] != self.step)
            guard = replace(guard, outstanding=kept, released=(*guard.released, self.step))
        elif hold.urgent and guard.round < HURRIED_ROUNDS:
            guard = replace(guard, todo=())
        return guard if guard.todo or not guard.outstanding else self._next_round(guard)

    def _next_round(self, guard: Guard) -> Guard:
        self._pass(_nap(guard.round))
        todo = tuple(step for step, _ in reversed(guard.outstanding))
        lives = guard.round + 1 < ROUNDS
        if not lives:
            self._desk.allowed.note("gave-up", ROUNDS)
        return replace(guard, todo=todo, round=guard.round + 1, alive=lives)

    def _release(self, hold: HeldRelease) -> bool:
        if self._guard.round > 0 and self._is_released(hold) is True:
            return True
        fine = well = True
        for part, argv in enumerate(hold.releases, start=1):
            if well or part not in hold.chained:
                completed = self._run(argv, hold.bound_seconds)
                proven = hold.owed.get(part, "") in completed.stdout + completed.stderr
                well = (completed.status == 0 and proven) or _says(hold, completed)
                fine = fine and well
        known = self._is_released(hold)
        return fine if known is None else known

    def _is_released(self, hold: HeldRelease) -> bool | None:
        if hold.already is None:
            return None
        completed = self._run(hold.already.argv, hold.bound_seconds)
        if not hold.already.words:
            return completed.status == 0
        if completed.status != 0:
            return None
        lines = (completed.stdout + completed.stderr).splitlines()
        words = [part for word in hold.already.words for part in word.split()]
        return any(_in_order(words, line.split()) for line in lines)

    def _run(self, argv: tuple[str, ...], bound_seconds: float) -> Completed:
        effect, self._effect = self._effect, ""
        memory, call = self._desk.memory, (argv, bound_seconds, effect)
        known = memory.recall(self.world, call)
        if known is not None:
            self.world, completed = known
            return cast(Completed, completed)
        before, command = self.world, Command(argv, needs_root=True)
        self.world, completed = self._desk.runner.run(before, command, Limits(bound_seconds), effect)
        memory.keep(before, call, self.world, completed)
        return completed

    def _pass(self, seconds: float) -> None:
        self.world = look(replace(self.world, clock=self.world.clock + seconds))


def _nap(number: int) -> float:
    return NAPS_SECONDS[min(number, len(NAPS_SECONDS) - 1)]


def nap_seconds(before: Guard | None, after: Guard | None) -> float:
    """How long the guard slept at the end of a turn: after a round in which something was left."""
    return _nap(before.round) if before and after and after.round > before.round else 0.0


def _says(hold: HeldRelease, completed: Completed) -> bool:
    said = completed.stdout + completed.stderr
    return any(text in said for text in hold.says)


def _in_order(words: list[str], line: list[str]) -> bool:
    rest = iter(line)
    return all(word in rest for word in words)
