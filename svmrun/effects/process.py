"""Run one command to its end, whatever it does."""

from __future__ import annotations

import os
import selectors
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from subprocess import DEVNULL, PIPE

from svmrun.adapters.base import Command, Completed
from svmrun.effects import clock
from svmrun.effects.cancel import Cancel
from svmrun.effects.child import Child, child_environment
from svmrun.effects.ending import POLL_SECONDS, Ending, end_now
from svmrun.effects.ready import Ready
from svmrun.effects.spool import OnOutput, Spool, ignore_output

DRAIN_SECONDS = 1.0  # how long a background process may hold the output open after the command's own end
PIECE_BYTES = 64 * 1024

OnStart = Callable[[int], None]


def ignore_start(_pid: int) -> None:
    """Nobody wants to know."""


def run(
    command: Command,
    *,
    program: str,
    timeout_seconds: float,
    output: Path,
    cancel: Cancel,
    environment: Mapping[str, str],
    on_start: OnStart = ignore_start,
    on_output: OnOutput = ignore_output,
    grace_seconds: float = 5.0,
    pass_fds: tuple[int, ...] = (),
    secrets: Sequence[str] = (),
    ready: Ready | None = None,
) -> Completed:
    """Start `program` (absolute) with the command's arguments, and stay until it and its processes have ended.

    Both streams go whole to the file `output`, and bounded into the result. Time-out and cancel end the whole tree:
    the command's stop signal to its group, KILL after `grace_seconds`, then everybody who left the group. What
    survives that is given up and named in `abandoned_pid`. A background process that keeps the output open after the
    command's end is ended with the group; one that closed it (a daemon) is left running. A process that stands `ready`
    for the command is let through instead of starting one.
    """
    started = clock.steady()
    if cancel.due:
        return Completed(command.argv, None, cancelled=True, failure="cancelled before it was started")
    with Spool(output, secrets, on_output) as spool:
        try:
            child = (ready and ready.go()) or start(command, program, environment, pass_fds)
        except (OSError, ValueError) as error:
            return Completed(command.argv, None, failure=cannot_start(program, command.directory, error))
        ending = Ending(child.tree, command.stop_signal, timeout_seconds, grace_seconds)
        try:
            on_start(child.pid)
            _Supervision(child, ending, spool, cancel, command.stdin).stay()
        except BaseException:
            end_now(child.tree, child.reap)
            raise
        finally:
            status = child.reap()
            child.close()
        return completed(command, status, ending, spool.text("stdout"), spool.text("stderr"), started)


def start(
    command: Command,
    program: str,
    environment: Mapping[str, str],
    pass_fds: tuple[int, ...],
    gate: bool = False,
) -> Child:
    """Its process; with `gate` its standard input is open, whatever it reads. Raises OSError or ValueError."""
    return Child(
        (program, *command.argv[1:]),
        environment=child_environment(environment, command),
        directory=command.directory,
        streams=(DEVNULL if command.stdin is None and not gate else PIPE, PIPE, PIPE),
        pass_fds=pass_fds,
        private=command.private,
    )


def cannot_start(program: str, directory: str | None, error: OSError | ValueError) -> str:
    """One sentence. A missing working directory looks like a missing program; say which it is."""
    reason = (error.strerror or str(error)) if isinstance(error, OSError) else str(error)
    if isinstance(error, OSError) and directory is not None and not os.path.isdir(directory):
        return f"cannot start {program} in the directory {directory}: {reason}"
    return f"cannot start {program}: {reason}"


def completed(
    command: Command, status: int | None, ending: Ending, stdout: str, stderr: str, started: float
) -> Completed:
    """The result of a command that was followed to its end by `ending`; `status` as Popen gives it."""
    return Completed(
        command.argv,
        status if status is not None and status >= 0 and ending.abandoned_pid is None else None,
        stdout,
        stderr,
        signal=-status if status is not None and status < 0 else None,
        timed_out=ending.timed_out,
        cancelled=ending.cancelled,
        abandoned_pid=ending.abandoned_pid,
        seconds=clock.steady() - started,
    )


class _Supervision:
    """One selector over both streams, stdin, the cancel and the child's end."""

    def __init__(self, child: Child, ending: Ending, spool: Spool, cancel: Cancel, stdin: str | None) -> None:
        self._child = child
        self._ending = ending
        self._spool = spool
        self._cancel = cancel
        self._input = memoryview((stdin or "").encode("utf-8", "surrogateescape"))
        self._selector = selectors.DefaultSelector()
        self._open_streams: set[int] = set()
        self._drain_deadline: float | None = None

    def stay(self) -> None:
        with self._selector:
            self._register()
            while not self._over():
                for key, _events in self._selector.select(self._pause_seconds()):
                    key.data()
                self._judge()
            self._read_what_is_left()

    def _register(self) -> None:
        popen = self._child.popen
        for name, pipe in (("stdout", popen.stdout), ("stderr", popen.stderr)):
            if pipe:
                self._watch(name, pipe.fileno())
        if popen.stdin:
            os.set_blocking(popen.stdin.fileno(), False)
            self._selector.register(popen.stdin, selectors.EVENT_WRITE, self._write_input)
        self._selector.register(self._cancel, selectors.EVENT_READ, self._cancel.drain)
        if self._child.exit_fd is not None:
            self._selector.register(self._child.exit_fd, selectors.EVENT_READ, self._forget_exit_descriptor)

    def _watch(self, name: str, descriptor: int) -> None:
        os.set_blocking(descriptor, False)
        self._open_streams.add(descriptor)
        self._selector.register(descriptor, selectors.EVENT_READ, lambda: self._read(name, descriptor))

    def _read(self, name: str, descriptor: int) -> bool:
        """One piece; False when there is nothing to read now."""
        try:
            data = os.read(descriptor, PIECE_BYTES)
        except BlockingIOError:
            return False
        if data:
            self._spool.write(name, data)
        else:
            self._selector.unregister(descriptor)
            self._open_streams.discard(descriptor)
        return bool(data)

    def _write_input(self) -> None:
        pipe = self._child.popen.stdin
        if pipe is None:
            return
        try:
            self._input = self._input[os.write(pipe.fileno(), self._input[:PIECE_BYTES]) :]
        except BlockingIOError:
            return
        except BrokenPipeError:
            self._input = memoryview(b"")
        if not self._input:
            self._selector.unregister(pipe)
            pipe.close()

    def _judge(self) -> None:
        """Is it time to end it? Not when it just ended by itself."""
        if self._ending.stage == "running" and self._child.ended:
            return
        if self._cancel.due:
            self._ending.cancel()
        self._ending.advance()

    def _forget_exit_descriptor(self) -> None:
        if self._child.exit_fd is not None:
            self._selector.unregister(self._child.exit_fd)

    def _over(self) -> bool:
        if self._ending.stage == "running":
            return self._child.ended and self._drained()
        return self._ending.over(self._child.ended)

    def _drained(self) -> bool:
        """After the command's own end: wait a moment for the end of its output, then end who holds it open."""
        if not self._open_streams:
            return True
        if self._drain_deadline is None:
            self._drain_deadline = clock.steady() + DRAIN_SECONDS
        if clock.steady() < self._drain_deadline:
            return False
        if self._child.tree.group_members():
            self._spool.note("a process in the background held the output open; it was ended with its group")
            self._child.tree.kill_group()
        return True

    def _read_what_is_left(self) -> None:
        for key in list(self._selector.get_map().values()):
            if key.fd in self._open_streams:
                for _piece in range(64):
                    if not key.data():
                        break

    def _pause_seconds(self) -> float | None:
        if self._drain_deadline is not None:
            return max(0.0, self._drain_deadline - clock.steady())
        must_poll = self._child.exit_fd is None or (self._ending.stage != "running" and self._child.ended)
        limits = [max(0.0, self._ending.next_deadline - clock.steady())]
        limits += [POLL_SECONDS] if must_poll else []
        remaining = self._cancel.remaining_seconds() if self._ending.stage == "running" else None
        limits += [] if remaining is None else [remaining]
        return min(limits)
