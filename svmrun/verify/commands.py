"""One command line in a world, in the world's own time, maybe with something going wrong."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import NamedTuple

from svmrun.adapters.base import Command, Completed, Dialogue
from svmrun.adapters.session import SessionRequest
from svmrun.simulator import commands as simulated
from svmrun.simulator import host
from svmrun.simulator.host_process import plain
from svmrun.simulator.world import Fault, World
from svmrun.values import replace
from svmrun.verify.kinds import LATE_SECONDS

TERMINATED = 15
Model = Callable[[World, tuple[str, ...]], tuple[World, Completed]]


class Limits(NamedTuple):
    """When a command that does not end by itself is ended, in seconds from its start, and by whom."""

    timeout: float
    cancel: float = math.inf
    guard: float = math.inf

    @property
    def first(self) -> float:
        return min(self.timeout, self.cancel, self.guard)


@dataclass
class Runner:
    """Runs command lines. `models` are those that a runbook gives for its own programs, by command line.

    `unknown` collects the programs that had no model: they are taken to do nothing to disks.
    """

    user: str = "root"
    models: dict[tuple[str, ...], Model] = field(default_factory=dict)
    unknown: set[str] = field(default_factory=set)

    def run(self, world: World, command: Command, limits: Limits, effect: str = "") -> tuple[World, Completed]:
        """The world afterwards, and how the command ended."""
        argv = plain(command.argv)
        if argv in self.models:
            return modelled(self.models[argv], world, command, limits, effect)
        if argv[0] not in _names():
            self.unknown.add(argv[0])
            return modelled(nothing, world, command, limits, effect)
        faults = (Fault(argv[0], effect, 1, 1, (), LATE_SECONDS),) if effect else ()
        talk = _Answers(command.dialogue) if command.dialogue else None
        ended = host.run(
            replace(world, calls=(), faults=faults),
            argv,
            user="root" if command.needs_root else self.user,
            terminal=talk is not None,
            answer=talk if talk else lambda _question: None,
            timeout_seconds=limits.first,
            stop_signal=command.stop_signal,
        )
        after = replace(ended.world, calls=world.calls, faults=())
        done = Completed(
            command.argv,
            ended.status,
            ended.stdout,
            ended.stderr,
            ended.signal,
            failure=talk.failure if talk else "",
            seconds=ended.seconds,
        )
        return after, _ended_early(done, limits) if ended.timed_out else done


def _ended_early(done: Completed, limits: Limits) -> Completed:
    if limits.first == limits.guard:
        return replace(done, status=None, signal=TERMINATED)
    if limits.first == limits.cancel:
        return replace(done, status=None, cancelled=True)
    return replace(done, status=None, timed_out=True)


def modelled(model: Model, world: World, command: Command, limits: Limits, effect: str) -> tuple[World, Completed]:
    """A program that only the runbook knows: the same failures, without a simulated process."""
    failed = Completed(command.argv, 1, stderr=f"{command.argv[0]}: simulated fault: I/O error\n")
    if effect in ("fail", "prompt"):
        return world, failed
    if effect == "lie":
        return world, Completed(command.argv, 0)
    if effect in ("hang", "late"):
        return _waited(world, limits), _ended_early(Completed(command.argv, None), limits)
    after, done = model(world, command.argv)
    if effect == "fail-after":
        return after, failed
    if effect == "hang-after":
        return _waited(after, limits), _ended_early(Completed(command.argv, None), limits)
    if effect == "garbage":
        return after, replace(done, stdout="\x1b[2J\x00 \ufffd Segmentation Fault\n")
    if after.clock - world.clock > limits.first:
        return _waited(world, limits), _ended_early(Completed(command.argv, None), limits)
    return after, done


def _waited(world: World, limits: Limits) -> World:
    return host.look(replace(world, clock=world.clock + limits.first))


def nothing(world: World, argv: tuple[str, ...]) -> tuple[World, Completed]:
    return world, Completed(argv, 0)


def session_key(wish: SessionRequest) -> tuple[str, ...]:
    """What stands for a session's request among the command lines."""
    return ("session", wish.deed, wish.name, wish.text or "")


@cache
def _names() -> frozenset[str]:
    return frozenset(simulated.names())


class _Answers:
    """What svmrun types on a terminal: the answers that the dialogue knows; an unknown question ends the program."""

    def __init__(self, dialogue: Dialogue) -> None:
        self._dialogue = dialogue
        self._given: dict[str, int] = {}
        self.failure = ""

    def __call__(self, question: str) -> str | None:
        for prompt in self._dialogue.prompts:
            if not re.search(prompt.pattern, question):
                continue
            self._given[prompt.pattern] = self._given.get(prompt.pattern, 0) + 1
            if prompt.fails is not None:
                self.failure = prompt.fails
            elif self._given[prompt.pattern] > prompt.at_most:
                self.failure = f"asked more than {prompt.at_most} times: {question.strip()[-80:]}"
            elif prompt.answer is not None:
                return prompt.answer
            else:
                self.failure = f"nobody is there to answer: {question.strip()[-80:]}"
            return None
        self.failure = f"an unknown question: {question.strip()[-80:]}"
        return None
