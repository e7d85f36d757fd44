"""Perform one adapter call in memory: what `svmrun.effects.actions` does with processes, done in a world."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

from svmrun.adapters import session
from svmrun.adapters.base import Adapter, Arguments, Command, Completed, Outcome, failed
from svmrun.adapters.judge import conditions
from svmrun.adapters.wait_for import every_seconds, polled
from svmrun.effects.actions import POLLS_THAT_MAY_FAIL
from svmrun.effects.guard import FENCED_STATUS
from svmrun.effects.setting import Setting
from svmrun.simulator.host import look
from svmrun.simulator.volumes import work_endings
from svmrun.simulator.world import World
from svmrun.values import quick, replace
from svmrun.verify.commands import Limits, Runner, modelled, nothing, session_key
from svmrun.verify.memory import Memory

Json = Any


@quick
@dataclass(frozen=True)
class Call:
    """One adapter call. `effect` is what goes wrong with its command line, in the simulator's words."""

    adapter: str
    arguments: Arguments
    limits: Limits
    names: Mapping[str, Json]
    effect: str = ""
    fenced: bool = False  # the guard has acted: a command of the run does not start any more
    identity: Hashable = None  # calls of the same identity do the same in the same world


@dataclass
class Actions:
    """Performs calls, and knows the world after them. `sessions` are those that are open."""

    setting: Setting
    runner: Runner
    world: World
    sessions: frozenset[str] = frozenset()
    memory: Memory | None = None

    def perform(self, call: Call) -> Outcome:
        """Never raises for what the host does."""
        if self.memory is None or call.identity is None:
            return self._perform(call)
        key = (call.identity, call.limits.timeout, call.effect, call.fenced, self.sessions)
        bounds = (call.limits.cancel, call.limits.guard)
        known = self.memory.recall(self.world, key, bounds)
        if known is not None:
            self.world, (self.sessions, outcome) = known
            return cast(Outcome, outcome)
        before = self.world
        outcome = self._perform(call)
        self.memory.keep(before, key, self.world, (self.sessions, outcome), bounds)
        return outcome

    def _perform(self, call: Call) -> Outcome:
        adapter = self.setting.adapters[call.adapter]
        try:
            outcome = self._by(adapter, call)
        except ValueError as error:
            outcome = failed(str(error))
        if not self.setting.secrets:
            return outcome
        masked = self.setting.masked
        return replace(outcome, message=masked(outcome.message), result=masked(outcome.result))

    def _by(self, adapter: Adapter, call: Call) -> Outcome:
        match adapter.performer:
            case "program":
                return self._program(adapter, call)
            case "session":
                return self._session(adapter, call)
            case "operator":
                return failed("the operator said no") if call.effect else Outcome("succeeded", "", {"answer": "yes"})
            case "poll":
                return self._poll(call)
            case "judge":
                return self._judge(call)
            case _:
                return self._notice(call)

    def _program(self, adapter: Adapter, call: Call) -> Outcome:
        command = self.setting.become(adapter.command_line(call.arguments))
        if call.fenced:
            words = "svmrun: the guard has released what was held; not started\n"
            return adapter.interpret(call.arguments, Completed(command.argv, FENCED_STATUS, stderr=words))
        self.world, completed = self.runner.run(self.world, command, call.limits, call.effect)
        if self.memory is None or call.identity is None:
            return adapter.interpret(call.arguments, completed)
        interpret = partial(adapter.interpret, call.arguments, completed)
        return cast(Outcome, self.memory.once((call.identity, completed), interpret))

    def _session(self, adapter: Adapter, call: Call) -> Outcome:
        wish = session.request(call.arguments)
        if wish.deed == "open" and wish.name in self.sessions:
            return failed(f"the session {wish.name} is open already")
        if wish.deed == "send" and wish.name not in self.sessions:
            return failed(f"the session {wish.name} is not open")
        model = self.runner.models.get(session_key(wish), nothing)
        self.world, done = modelled(model, self.world, Command((wish.name,)), call.limits, call.effect)
        broken = call.effect not in ("", "lie", "garbage")
        if wish.deed == "open" and not broken:
            self.sessions |= {wish.name}
        elif wish.deed == "close" or broken:
            self.sessions -= {wish.name}
        return adapter.interpret(call.arguments, done)

    def _judge(self, call: Call) -> Outcome:
        for condition in conditions(call.arguments):
            if not self.setting.language.evaluate(condition, call.names):
                message = str(call.arguments.get("message") or "")
                return failed(message or f"does not hold: {condition}")
        return Outcome("succeeded", "", None, changed=False)

    def _notice(self, call: Call) -> Outcome:
        to = call.arguments.get("to", "")
        if call.effect and call.effect != "lie":
            error = "it could not be sent"
            result = {"sent": False, "to": to, "error": error}
            return failed(error, result) if call.arguments.get("required") else Outcome("succeeded", error, result)
        return Outcome("succeeded", "", {"sent": True, "to": to, "error": ""})

    def _poll(self, call: Call) -> Outcome:
        """Between two looks at a world in which nothing happens nothing can have changed: those looks are left out."""
        inner = polled(call.arguments, self.setting.adapters.keys())
        adapter = self.setting.adapters[inner.adapter]
        arguments = adapter.complete(inner.arguments)
        deadline = self.world.clock + call.limits.timeout
        stop = self.world.clock + min(call.limits.cancel, call.limits.guard)
        identity = call.identity and (call.identity, "look")
        failures = 0
        while True:
            own = min(adapter.default_timeout(arguments), max(1.0, deadline - self.world.clock))
            limits = Limits(own, stop - self.world.clock)
            looked = replace(call, adapter=inner.adapter, arguments=arguments, limits=limits, identity=identity)
            outcome = self.perform(looked)
            failures = 0 if outcome.ok else failures + 1
            if self.world.clock >= stop:
                return Outcome("unknown", "the wait was cancelled")
            if failures >= POLLS_THAT_MAY_FAIL:
                return outcome
            verdict = self._verdict(call, outcome) if outcome.ok else None
            if verdict is not None:
                return verdict
            if deadline <= self.world.clock:
                return failed("waited as long as the timeout allows, and the condition does not hold yet")
            self._pass(call.arguments, deadline, stop, skip=outcome.ok)
            if self.world.clock >= stop:
                return Outcome("unknown", "the wait was cancelled")

    def _verdict(self, call: Call, outcome: Outcome) -> Outcome | None:
        names = {**call.names, "result": outcome.result}
        evaluate = self.setting.language.evaluate
        written = call.arguments
        if "progress" in written:
            evaluate(written["progress"], names)
        if "fails_when" in written and evaluate(written["fails_when"], names):
            return failed(f"gave up: {written['fails_when']}", outcome.result)
        return outcome if evaluate(written["until"], names) else None

    def _pass(self, written: Arguments, deadline: float, stop: float, *, skip: bool) -> None:
        """To the next look: the first one after something has changed in the world by itself."""
        every, clock = every_seconds(written), self.world.clock
        pause = every
        if skip:
            event = min(next_changes(self.world), default=deadline)
            pause = every * max(1, -(-(event - clock) // every)) if every else event - clock
        self.world = look(replace(self.world, clock=min(clock + pause, deadline, max(stop, clock))))


def next_changes(world: World) -> list[float]:
    """The times at which the world changes by itself."""
    ends = [*(later.at for later in world.later), *work_endings(world)]
    return [end for end in ends if end > world.clock]
