"""Programs that stay open across steps."""

from __future__ import annotations

import contextlib
import re
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pexpect

from svmrun.adapters.base import Command, Completed
from svmrun.effects import clock
from svmrun.effects.cancel import Cancel, CancelDue
from svmrun.effects.ending import Ending, end_now
from svmrun.effects.process import OnStart, cannot_start, completed, ignore_start
from svmrun.effects.spool import OnOutput, Spool, ignore_output
from svmrun.effects.terminal import STREAM, CannotType, Terminal
from svmrun.effects.terminal_dialogue import see_out

CLOSE_SECONDS = 10.0
FOREVER_SECONDS = 10.0 * 365 * 86400
_NEVER = re.compile(r"(?!)")


@dataclass
class _Session:
    command: Command
    terminal: Terminal
    spool: Spool
    prompt: re.Pattern[str]
    grace_seconds: float

    def ending(self, timeout_seconds: float) -> Ending:
        return Ending(self.terminal.child.tree, self.command.stop_signal, timeout_seconds, self.grace_seconds)


class OpenSessions:
    """The sessions of one run, by name. All methods report what went wrong in `Completed`, none raises for it."""

    def __init__(self) -> None:
        self._open: dict[str, _Session] = {}

    def open(
        self,
        name: str,
        command: Command,
        *,
        program: str,
        prompt: str,
        timeout_seconds: float,
        output: Path,
        cancel: Cancel,
        environment: Mapping[str, str],
        secrets: Sequence[str] = (),
        on_start: OnStart = ignore_start,
        on_output: OnOutput = ignore_output,
        grace_seconds: float = 5.0,
        pass_fds: tuple[int, ...] = (),
    ) -> Completed:
        """Start the program and wait for its prompt (a regular expression); `stdout` is what it printed before."""
        if name in self._open:
            return Completed(command.argv, None, failure=f"the session {name} is open already")
        spool = Spool(output, secrets, on_output)
        try:
            expected = re.compile(prompt)
            terminal = Terminal(command, program, environment, spool, pass_fds)
        except (OSError, ValueError) as error:
            spool.close()
            return Completed(command.argv, None, failure=cannot_start(program, command.directory, error))
        except re.error as error:
            spool.close()
            return Completed(command.argv, None, failure=f"the session's prompt is no regular expression: {error}")
        session = self._open[name] = _Session(command, terminal, spool, expected, grace_seconds)
        try:
            on_start(session.terminal.child.pid)
        except BaseException:
            self._drop(name)
            raise
        return self._await(name, session, session.prompt, timeout_seconds, cancel)

    def send(
        self,
        name: str,
        text: str,
        expect: str | None = None,
        *,
        timeout_seconds: float,
        cancel: Cancel,
        secret: bool = False,
    ) -> Completed:
        """Type a line and wait for `expect`, else for the session's prompt; `stdout` is the answer without the echo.

        When neither comes in time, or the program ends, the session is over: nobody knows what state it is in.
        """
        session = self._open.get(name)
        if session is None:
            return Completed((name,), None, failure=f"the session {name} is not open")
        if cancel.due:
            return Completed(session.command.argv, None, cancelled=True, failure="cancelled before it was sent")
        session.terminal.let_go_all()
        session.spool.restart(STREAM)
        if secret:
            session.spool.hide(text)
        try:
            expected = session.prompt if expect is None else re.compile(expect)
            session.terminal.enter(text, secret=secret)
        except CannotType as error:
            return self._fail(name, session, str(error))
        except re.error as error:
            return Completed(session.command.argv, None, failure=f"what is expected is no regular expression: {error}")
        return self._await(name, session, expected, timeout_seconds, cancel, echo=text)

    def close(self, name: str, text: str | None = None, *, timeout_seconds: float = CLOSE_SECONDS) -> Completed:
        """Type `text` if given, else end the input, and see the program to its end; `status` is its own."""
        session = self._open.pop(name, None)
        if session is None:
            return Completed((name,), None, failure=f"the session {name} is not open")
        session.terminal.let_go_all()
        session.spool.restart(STREAM)
        with contextlib.suppress(CannotType):
            if text is not None:
                session.terminal.enter(text)
        session.terminal.end_input()
        return _finish(session, session.ending(timeout_seconds), "")

    def close_all(self) -> None:
        """Close what is still open, the last opened first."""
        for name in reversed(tuple(self._open)):
            self.close(name)

    def _await(
        self,
        name: str,
        session: _Session,
        expected: re.Pattern[str],
        timeout_seconds: float,
        cancel: Cancel,
        echo: str | None = None,
    ) -> Completed:
        began = clock.steady()
        terminal = session.terminal
        ending = session.ending(timeout_seconds)
        terminal.cancel = cancel
        failure = ""
        try:
            index = _listen(terminal, expected, began + timeout_seconds)
            if index == 0:
                answer = _without_echo(session.spool.text(STREAM), str(terminal.after), echo)
                return Completed(session.command.argv, 0, answer, seconds=clock.steady() - began)
            if index == 1:
                failure = f"the session {name} ended by itself"
            else:
                ending.time_out()
        except CancelDue:
            ending.cancel()
        finally:
            terminal.cancel = None
        self._open.pop(name)
        return _finish(session, ending, failure)

    def _fail(self, name: str, session: _Session, failure: str) -> Completed:
        self._open.pop(name)
        ending = session.ending(FOREVER_SECONDS)
        ending.stop()
        return _finish(session, ending, failure)

    def _drop(self, name: str) -> None:
        session = self._open.pop(name)
        end_now(session.terminal.child.tree, session.terminal.child.reap)
        session.terminal.hang_up()
        session.spool.close()


def _listen(terminal: Terminal, expected: re.Pattern[str], until: float) -> int:
    """0: it came; 1: the program ended; 2: the time is over."""
    while True:
        index = terminal.expect_list([expected, pexpect.EOF, pexpect.TIMEOUT], timeout=until - clock.steady())
        if index < 2 or clock.steady() >= until:
            return int(index)
        terminal.let_go()


def _finish(session: _Session, ending: Ending, failure: str) -> Completed:
    began = clock.steady()
    terminal = session.terminal
    if ending.stage == "stopping":
        # An interactive shell ignores TERM; it leaves when its terminal hangs up.
        terminal.child.tree.stop(signal.SIGHUP)
    try:
        see_out(terminal, ending, None, _NEVER)
    except BaseException:
        end_now(terminal.child.tree, terminal.child.reap)
        raise
    finally:
        status = terminal.child.reap()
        terminal.hang_up()
        session.spool.close()
    done = completed(session.command, status, ending, session.spool.text(STREAM), "", began)
    return done if not failure else Completed(done.argv, done.status, done.stdout, failure=failure, signal=done.signal)


def _without_echo(text: str, prompt: str, echo: str | None) -> str:
    """The answer alone: no echo of what was typed, no prompt at its end."""
    answer = text.removesuffix(prompt)
    first, line_end, rest = answer.partition("\n")
    return rest if echo is not None and line_end and first.strip() == echo.strip() else answer
