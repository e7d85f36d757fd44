"""Perform one adapter call: who performs it depends on the adapter."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from svmrun.adapters import session
from svmrun.adapters.base import Adapter, Arguments, Command, Completed, Outcome, failed
from svmrun.adapters.judge import conditions
from svmrun.adapters.wait_for import every_seconds, polled
from svmrun.effects import clock, notices, process
from svmrun.effects.cancel import Cancel, CancelDue
from svmrun.effects.open_session import OpenSessions
from svmrun.effects.ready import Ready
from svmrun.effects.setting import Setting
from svmrun.effects.terminal_dialogue import converse
from svmrun.errors import Refused

Json = Any
Names = Mapping[str, Json]
Start = Callable[[tuple[str, ...]], tuple[str, ...]]  # how a command line is started
POLLS_THAT_MAY_FAIL = 3  # in a row: a query that fails once while a disk set moves is no reason to give up


@dataclass(frozen=True)
class Call:
    """One adapter call with its rendered arguments. `names` is what its bare expressions may refer to."""

    step: str
    adapter: str
    arguments: Arguments
    timeout_seconds: float
    cancel: Cancel
    names: Names
    output: Path
    quiet: bool = False  # what it prints is of no interest while it runs
    grace_seconds: float = 5.0  # from the signal that asks it to end to the one that makes it
    on_start: Callable[[int], None] = process.ignore_start
    fence: Start = tuple  # see Guard.fenced
    ready: Ready | None = None  # a process that was started for it


class Actions:
    """Performs calls; keeps the sessions that stay open across steps."""

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        self.sessions = OpenSessions()

    def perform(self, call: Call) -> Outcome:
        """Never raises for what the host does; a program that cannot be started is a failure."""
        adapter = self._setting.adapters[call.adapter]
        try:
            outcome = self._by(adapter)(adapter, call)
        except (ValueError, Refused) as error:  # arguments that do not fit together, a command that su cannot start
            outcome = failed(str(error))
        return replace(
            outcome, message=self._setting.masked(outcome.message), result=self._setting.masked(outcome.result)
        )

    def _by(self, adapter: Adapter) -> Callable[[Adapter, Call], Outcome]:
        performers = {
            "program": self._program,
            "session": self._session,
            "operator": self._operator,
            "poll": self._poll,
            "judge": self._judge,
            "notice": self._notice,
        }
        return performers[adapter.performer]

    def _program(self, adapter: Adapter, call: Call) -> Outcome:
        command = self._setting.become(adapter.command_line(call.arguments))
        completed = self._start(command, call, adapter)
        if completed.failure and completed.status is None and not completed.interrupted:
            return failed(completed.failure)
        return adapter.interpret(call.arguments, completed)

    def _start(self, command: Command, call: Call, adapter: Adapter) -> Completed:
        setting = self._setting
        argv = call.fence((setting.program(command), *command.argv[1:]))
        watch = _Progress(adapter, call, setting)
        common: dict[str, Any] = {
            "program": argv[0],
            "timeout_seconds": call.timeout_seconds,
            "output": call.output,
            "cancel": call.cancel,
            "grace_seconds": call.grace_seconds,
            "on_start": call.on_start,
            "on_output": watch,
            "environment": setting.environment,
            "secrets": setting.secrets,
            "pass_fds": setting.pass_fds,
        }
        fenced = replace(command, argv=argv)
        run = partial(process.run, ready=call.ready) if command.dialogue is None else partial(converse, ask=self._ask)
        return replace(run(fenced, **common), argv=command.argv)

    def ready(self, adapter_name: str, arguments: Arguments, gate: Start) -> Ready | None:
        """A process for such a call that is to be let through; None when it is no plain command, or cannot be had.

        What judges has no process, and is made ready, too.
        """
        setting, adapter = self._setting, self._setting.adapters[adapter_name]
        try:
            for condition in conditions(arguments) if adapter.performer == "judge" else ():
                setting.language.prepare(condition)
            if adapter.performer != "program":
                return None
            command = setting.become(adapter.command_line(arguments))
            if command.dialogue is not None or command.stdin is not None:
                return None
            argv = gate((setting.program(command), *command.argv[1:]))
            gated = replace(command, argv=argv)
            return Ready(process.start(gated, argv[0], setting.environment, setting.pass_fds, gate=True))
        except (OSError, ValueError, Refused):
            return None  # why is told when it is its turn

    def _ask(self, transcript: str) -> str | None:
        with self._setting.observer.suspended():
            return self._setting.operator.answer(transcript)

    def _session(self, adapter: Adapter, call: Call) -> Outcome:
        wish = session.request(call.arguments)
        limits: dict[str, Any] = {"timeout_seconds": call.timeout_seconds, "cancel": call.cancel}
        if wish.deed == "open":
            done = self._open_session(adapter, call, wish, limits)
        elif wish.deed == "send":
            done = self.sessions.send(wish.name, wish.text or "", wish.expect, secret=wish.secret, **limits)
        else:
            done = self.sessions.close(wish.name, wish.text, timeout_seconds=call.timeout_seconds)
        return adapter.interpret(call.arguments, done)

    def _open_session(
        self, adapter: Adapter, call: Call, wish: session.SessionRequest, limits: dict[str, Any]
    ) -> Completed:
        command = self._setting.become(adapter.command_line(call.arguments))
        return self.sessions.open(
            wish.name,
            command,
            program=self._setting.program(command),
            prompt=wish.expect or "",
            output=call.output,
            environment=self._setting.environment,
            secrets=self._setting.secrets,
            on_output=_Progress(adapter, call, self._setting),
            **limits,
        )

    def _operator(self, _adapter: Adapter, call: Call) -> Outcome:
        try:
            with self._setting.observer.suspended(), call.cancel.breaking(call.timeout_seconds):
                answer = self._setting.operator.confirm(str(call.arguments["question"]))
        except CancelDue:
            return failed("nobody answered in time, or the question was cancelled")
        if answer is None:
            return failed("nobody is there to answer; give --yes, or run it at a terminal")
        return Outcome("succeeded", "", {"answer": "yes"}) if answer else failed("the operator said no")

    def _judge(self, _adapter: Adapter, call: Call) -> Outcome:
        for condition in conditions(call.arguments):
            if not self._setting.language.evaluate(condition, call.names):
                message = str(call.arguments.get("message") or "")
                return failed(message or f"does not hold: {condition}")
        return Outcome("succeeded", "", None, changed=False)

    def _notice(self, _adapter: Adapter, call: Call) -> Outcome:
        return notices.send(call.arguments, self._setting.outputs, call.timeout_seconds)

    def _poll(self, _adapter: Adapter, call: Call) -> Outcome:
        return _Poll(self, self._setting, call).until_done()


class _Progress:
    """Hands a command's output on, and what the adapter reads from it as progress."""

    def __init__(self, adapter: Adapter, call: Call, setting: Setting) -> None:
        self._adapter, self._call, self._observer = adapter, call, setting.observer
        self._tail = b""
        self._last: float | None = None

    def __call__(self, stream: str, data: bytes) -> None:
        if not self._call.quiet:
            self._observer.output(self._call.step, stream, data)
        self._tail = (self._tail + data)[-4096:]
        percent = self._adapter.progress(self._call.arguments, self._tail.decode("utf-8", "replace"))
        if percent is not None and percent != self._last:
            self._last = percent
            self._observer.progress(self._call.step, percent, "")


class _Poll:
    """Ask again and again until a condition over the answer holds."""

    def __init__(self, actions: Actions, setting: Setting, call: Call) -> None:
        self._actions, self._setting, self._call = actions, setting, call
        self._arguments = call.arguments
        self._polled = polled(call.arguments, setting.adapters.keys())
        self._deadline = clock.steady() + call.timeout_seconds

    def until_done(self) -> Outcome:
        failures = 0
        while True:
            outcome = self._look()
            failures = 0 if outcome.ok else failures + 1
            if outcome.kind == "unknown" and self._call.cancel.due:
                return Outcome("unknown", "the wait was cancelled")
            if failures >= POLLS_THAT_MAY_FAIL:
                return outcome
            if outcome.ok:
                verdict = self._judge(outcome)
                if verdict is not None:
                    return verdict
            left = self._deadline - clock.steady()
            if left <= 0:
                return failed("waited as long as the timeout allows, and the condition does not hold yet")
            if not self._pause(min(left, every_seconds(self._arguments))):
                return Outcome("unknown", "the wait was cancelled")

    def _pause(self, seconds: float) -> bool:
        """Against the deadline the whole pause counts, however little of it a simulated host really takes."""
        real = self._setting.passing(seconds)
        self._deadline -= seconds - real
        return clock.pause(real, self._call.cancel)

    def _look(self) -> Outcome:
        adapter = self._setting.adapters[self._polled.adapter]
        arguments = adapter.complete(self._polled.arguments)
        limit = min(adapter.default_timeout(arguments), max(1.0, self._deadline - clock.steady()))
        return self._actions.perform(
            replace(self._call, adapter=self._polled.adapter, arguments=arguments, timeout_seconds=limit, quiet=True)
        )

    def _judge(self, outcome: Outcome) -> Outcome | None:
        names = {**self._call.names, "result": outcome.result}
        evaluate = self._setting.language.evaluate
        if "progress" in self._arguments:
            percent = evaluate(self._arguments["progress"], names)
            text = "" if percent is None else f"{percent} %"
            self._setting.observer.progress(self._call.step, _number(percent), text)
        if "fails_when" in self._arguments and evaluate(self._arguments["fails_when"], names):
            return failed(f"gave up: {self._arguments['fails_when']}", outcome.result)
        return outcome if evaluate(self._arguments["until"], names) else None


def _number(value: Json) -> float | None:
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None
