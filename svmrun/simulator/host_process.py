"""A simulated process without a process: answers the requests of a model in the world's own time."""

from __future__ import annotations

import math
import signal
from collections.abc import Callable, Generator, Sequence
from typing import Any

from svmrun.simulator import commands
from svmrun.simulator.processes import without
from svmrun.simulator.requests import (
    Ask,
    Await,
    Call,
    Change,
    Die,
    Execute,
    Fork,
    Join,
    Kill,
    Look,
    Outlive,
    Pass,
    Print,
    Signalled,
    Trap,
)
from svmrun.simulator.volumes import settle, work_endings
from svmrun.simulator.world import Later, World
from svmrun.values import replace

Answer = Callable[[str], str | None]
GRACE_SECONDS = 10.0  # between the stop signal and the one that cannot be caught
FIRST_PID = 1000


class Hung(Exception):
    """The command waits for something that never comes, and nothing limits it."""


class Killed(Exception):
    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.number = int(signal.Signals[f"SIG{name}"])


class Left(Exception):
    """Nobody stops the command: it runs on."""


class Process:
    """A process with its children; a child runs when it is waited for."""

    def __init__(self, world: World, terminal: bool, answer: Answer, deadline: float, stop_signal: str | None) -> None:
        self.world = world
        self.terminal = terminal
        self.answer = answer
        self.deadline = deadline
        self.stop_signal = stop_signal
        self.stopped = False
        self.printed: list[tuple[str, str]] = []
        self.heard = 0
        self.pids: list[int] = []
        self.traps: list[tuple[str, ...]] = []
        self.signalled: list[str] = []  # what the waiting parents of the running process have still to hear
        self.children: dict[int, Generator[Any, Any, int]] = {}
        self.statuses: dict[int, int] = {}
        self.outliving: list[Outlive] = []

    def new_pid(self) -> int:
        taken = [o.pid for o in self.world.opens] + self.pids + [FIRST_PID]
        self.pids.append(max(taken) + 1)
        return self.pids[-1]

    def buried(self, died: bool) -> World:
        """The world after the end of all these processes."""
        late = [Later(self.world.clock + one.seconds, one.argv, one.user) for one in self.outliving if died]
        world = without(self.world, self.pids)
        return look(replace(world, later=(*world.later, *late)) if late else world)

    def shown(self, *streams: str) -> str:
        return "".join(text for stream, text in self.printed if stream in streams)

    def run(self, model: Generator[Any, Any, int]) -> int:
        self.traps.append(())
        self.signalled.append("")
        try:
            request = model.send(None)
            while True:
                try:
                    answer = ANSWERS[type(request)](self, request)
                except Signalled as arrived:
                    request = model.throw(arrived)
                else:
                    request = model.send(answer)
        except StopIteration as stop:
            return int(stop.value)
        finally:
            self.traps.pop()
            self.signalled.pop()

    def _print(self, request: Print) -> None:
        self.printed.append((request.stream, request.text))

    def _look(self, _request: Look | None = None) -> World:
        self.world = look(self.world)
        return self.world

    def _change(self, request: Change) -> World:
        self.world = request.function(self._look())
        return self.world

    def _pass(self, request: Pass) -> None:
        self._pass_until(self.world.clock + request.seconds)

    def _pass_until(self, moment: float) -> None:
        if moment <= self.deadline:
            self.world = replace(self.world, clock=max(moment, self.world.clock))
            return
        self.world = replace(self.world, clock=self.deadline)
        self._stop()

    def _stop(self) -> None:
        """Everybody in the group gets the signal; who does not trap it is dead, and the first process's end counts."""
        name, self.stop_signal = self.stop_signal, "KILL"
        self.stopped = True
        self.deadline += GRACE_SECONDS
        if name is None:
            raise Left
        if name not in self.traps[0]:
            raise Killed(name)
        self.signalled = [name] * (len(self.signalled) - 1) + [""]
        if name in self.traps[-1]:
            raise Signalled(name)
        raise Killed(name)

    def _await(self, request: Await) -> World:
        while not request.condition(self._look()):
            moment = self._next_event()
            if moment is None and self.deadline == math.inf:
                raise Hung
            self._pass_until(self.deadline + 1 if moment is None else moment)
        return self.world

    def _next_event(self) -> float | None:
        """When the world next changes by itself."""
        ends = [later.at for later in self.world.later]
        ends += work_endings(self.world)
        return min((moment for moment in ends if moment > self.world.clock), default=None)

    def _ask(self, request: Ask) -> str | None:
        if request.secret and not self.terminal:
            return None
        question = "".join(text for _, text in self.printed[self.heard :])
        self.heard = len(self.printed)
        line = self.answer(question)
        if self.terminal and line is not None:
            self.printed.append(("out", "\n" if request.secret else f"{line}\n"))
            self.heard += 1
        return line

    def _trap(self, request: Trap) -> None:
        self.traps[-1] = request.signals

    def _fork(self, request: Fork) -> int:
        pid = self.new_pid()
        self.children[pid] = request.body(pid)
        return pid

    def _join(self, request: Join) -> int:
        if request.pid not in self.statuses:
            try:
                self.statuses[request.pid] = self.run(self.children.pop(request.pid))
            except Killed as end:
                if end.number == signal.SIGKILL:
                    raise
                self.statuses[request.pid] = -end.number
        name, self.signalled[-1] = self.signalled[-1], ""
        if name:
            raise Signalled(name)
        return self.statuses[request.pid]

    def _die(self, request: Die) -> None:
        raise Killed(request.signal)

    def _kill(self, request: Kill) -> None:
        self.world = without(self.world, {request.pid})

    def _execute(self, request: Execute) -> int:
        argv = plain(request.argv)
        if argv[0] not in commands.names():
            return 127
        return self.run(commands.start(Call(argv, request.user, self.pids[0], self.terminal)))

    def _outlive(self, request: Outlive) -> None:
        self.outliving.append(request)


ANSWERS: dict[type, Callable[[Process, Any], Any]] = {
    Print: Process._print,
    Look: Process._look,
    Change: Process._change,
    Pass: Process._pass,
    Await: Process._await,
    Ask: Process._ask,
    Trap: Process._trap,
    Fork: Process._fork,
    Join: Process._join,
    Die: Process._die,
    Kill: Process._kill,
    Execute: Process._execute,
    Outlive: Process._outlive,
}


def look(world: World) -> World:
    """The world with everything done that is due by its clock: finished resyncs, effects that come late."""
    world = settle(world)
    due = [later for later in world.later if later.at <= world.clock]
    for later in sorted(due, key=lambda one: one.at):
        rest = tuple(one for one in world.later if one is not later)
        ended = runplain(replace(world, later=rest), later.argv, later.user)
        world = replace(ended, clock=world.clock)
    return world


def runplain(world: World, argv: Sequence[str], user: str) -> World:
    """The world after a command that meets no fault and is not written down as a call."""
    process = Process(world, False, lambda _question: None, math.inf, "KILL")
    call = Call(tuple(argv), user, process.new_pid())
    try:
        process.run(commands.model(call.argv[0])(call))
    except (Hung, Killed):
        return process.buried(died=True)
    return process.buried(died=False)


def plain(argv: Sequence[str]) -> tuple[str, ...]:
    """The program without its folder."""
    return (argv[0].rpartition("/")[2], *argv[1:])
