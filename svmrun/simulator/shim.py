"""What the installed executables run: a command's model as a real process.

Real signals, real standard input and terminal, real time (scaled by the world's `time_scale`). Whatever kills the
process leaves the world as it was at its last change, as with the real commands.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import time
from collections.abc import Callable, Generator
from typing import Any, NoReturn

from svmrun.errors import StateError
from svmrun.simulator import commands, state_file
from svmrun.simulator.processes import owners
from svmrun.simulator.real_process import default_signals, keep_only, leave, secret, write
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
from svmrun.simulator.user import USER_VARIABLE
from svmrun.simulator.world import World

LOOK_SECONDS = 0.02  # between two looks for a change that somebody else makes
RECHECK_SECONDS = 0.5  # between two looks for what changes without a writer: time, and dead processes


def main(folder: str) -> int:
    """Run the command whose name this program was called by, on the world in `folder`. Gives the exit status."""
    began = time.monotonic()
    default_signals()
    try:
        world = state_file.begin(folder)
        argv = (os.path.basename(sys.argv[0]), *sys.argv[1:])
        call = Call(argv, os.environ.get(USER_VARIABLE, world.user), os.getpid(), os.isatty(0))
        status = Process(folder).run(commands.start(call))
    except StateError as error:
        write(2, f"{os.path.basename(sys.argv[0])}: {error}\n")
        return 70
    time.sleep(max(0.0, began + world.command_seconds - time.monotonic()))
    return status


class Process:
    """Answers the requests of one model, in the process that it runs in."""

    def __init__(self, folder: str, silent: bool = False) -> None:
        self.folder = folder
        self.silent = silent
        self.trapped: set[signal.Signals] = set()
        self.answers: dict[type, Callable[[Any], Any]] = {
            Print: self._print,
            Look: lambda _: state_file.read(folder),
            Change: lambda request: state_file.change(folder, request.function),
            Pass: self._pass,
            Await: self._await,
            Ask: self._ask,
            Trap: self._trap,
            Fork: self._fork,
            Join: self._join,
            Die: self._die,
            Kill: self._kill,
            Execute: self._execute,
            Outlive: self._outlive,
        }

    def run(self, model: Generator[Any, Any, int]) -> int:
        try:
            request = model.send(None)
            while True:
                try:
                    answer = self.answers[type(request)](request)
                except Signalled as arrived:
                    request = model.throw(arrived)
                else:
                    request = model.send(answer)
        except StopIteration as stop:
            return int(stop.value)

    def _print(self, request: Print) -> None:
        if not self.silent:
            write(1 if request.stream == "out" else 2, request.text)

    def _pass(self, request: Pass) -> None:
        world = state_file.read(self.folder)
        if world.time_scale > 0:
            self._wait(request.seconds * world.time_scale)
        else:
            state_file.advance(self.folder, request.seconds)

    def _await(self, request: Await) -> World:
        while True:
            seen = state_file.stamp(self.folder)
            world = state_file.read(self.folder)
            if request.condition(world):
                return world
            until = time.monotonic() + RECHECK_SECONDS
            while state_file.stamp(self.folder) == seen and time.monotonic() < until:
                self._wait(LOOK_SECONDS)

    def _ask(self, request: Ask) -> str | None:
        """Waits in real time, since whoever answers lives in it."""
        until = None if request.seconds is None else time.monotonic() + request.seconds
        if request.secret:
            return secret()
        line = b""
        while not line.endswith(b"\n"):
            if not self._readable(until):
                return ""
            read = os.read(0, 1)
            if not read:
                return line.decode(errors="replace") if line else None
            line += read
        return line[:-1].decode(errors="replace")

    def _readable(self, until: float | None) -> bool:
        while until is None or time.monotonic() < until:
            if select.select([0], [], [], 0.05)[0]:
                return True
            self._wait(0)
        return False

    def _trap(self, request: Trap) -> None:
        """Trapped signals stay blocked and are collected while the process waits: none is lost, none interrupts."""
        self.trapped = {signal.Signals[f"SIG{name}"] for name in request.signals}
        signal.pthread_sigmask(signal.SIG_BLOCK, self.trapped)

    def _wait(self, seconds: float) -> None:
        if not self.trapped:
            time.sleep(seconds)
        elif arrived := signal.sigtimedwait(self.trapped, seconds):
            raise Signalled(signal.Signals(arrived.si_signo).name.removeprefix("SIG"))

    def _fork(self, request: Fork) -> int:
        pid = os.fork()
        if pid == 0:
            signal.pthread_sigmask(signal.SIG_SETMASK, ())
            self.trapped = set()
            leave(lambda: self.run(request.body(os.getpid())))
        return pid

    def _join(self, request: Join) -> int:
        while True:
            pid, status = os.waitpid(request.pid, os.WNOHANG if self.trapped else 0)
            if pid:
                return os.waitstatus_to_exitcode(status)
            self._wait(LOOK_SECONDS)

    def _die(self, request: Die) -> NoReturn:
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        os.kill(os.getpid(), signal.Signals[f"SIG{request.signal}"])
        while True:
            signal.pause()

    def _kill(self, request: Kill) -> None:
        if request.pid in owners(state_file.read(self.folder)):
            os.kill(request.pid, signal.SIGKILL)

    def _execute(self, request: Execute) -> int:
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        try:
            os.execvpe(request.argv[0], request.argv, {**os.environ, USER_VARIABLE: request.user})
        except OSError:
            return 127

    def _outlive(self, request: Outlive) -> None:
        """A child in a session of its own, with nothing of this process open, waits for the process to die."""
        reader, writer = os.pipe()
        os.set_inheritable(writer, False)
        if os.fork():
            os.close(reader)
            return
        os.setsid()
        keep_only(reader)
        os.read(0, 1)
        scale = state_file.read(self.folder).time_scale
        time.sleep(request.seconds * scale)
        call = Call(request.argv, request.user, os.getpid())
        leave(lambda: Process(self.folder, silent=True).run(commands.model(call.argv[0])(call)))
