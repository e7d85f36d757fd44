"""A program on a pseudo-terminal: pexpect's matching over our own child, select and bounds."""

from __future__ import annotations

import codecs
import contextlib
import os
import re
import select
import termios
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pexpect
from pexpect.fdpexpect import fdspawn

from svmrun.adapters.base import Command
from svmrun.effects import clock
from svmrun.effects.cancel import Cancel, CancelDue
from svmrun.effects.child import Child, child_environment
from svmrun.effects.ending import POLL_SECONDS
from svmrun.effects.spool import Spool

if TYPE_CHECKING:
    _Spawn = fdspawn[str]
else:
    _Spawn = fdspawn

STREAM = "stdout"
PIECE_BYTES = 4096
SLICE_CHARACTERS = 16 * 1024  # so much output is searched before the older part is let go
KEPT_CHARACTERS = 4 * 1024
NO_ECHO_SECONDS = 1.0
TYPE_SECONDS = 5.0
LINE_LIMIT_BYTES = 4095  # a terminal cuts longer lines without a word (Linux n_tty)
DRAIN_SECONDS = 1.0
END_OF_INPUT = "\x04"
_ROWS, _COLUMNS = 50, 200

# The session's leader opens its terminal by name: that makes it the controlling one, which su reads passwords from.
_TAKE_TERMINAL = ': <>"$0" && exec "$@"'


class CannotType(Exception):
    """The program does not take what should be typed; the text is a sentence."""


class _PlainText:
    """Decodes what a terminal shows, with each line end as one newline (a terminal sends two or three characters)."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._held = ""

    def decode(self, data: bytes) -> str:
        text = self._held + self._decoder.decode(data)
        whole = text.rstrip("\r")
        self._held = text[len(whole) :]
        return re.sub(r"\r*\n|\r", "\n", whole)

    def finish(self) -> str:
        last, self._held = self._held + self._decoder.decode(b"", final=True), ""
        return re.sub(r"\r*\n|\r", "\n", last)


class Terminal(_Spawn):
    """The program runs from now on; raises OSError when it cannot be started.

    What it prints goes to `spool` with plain newlines, and through `expect_list` as with any pexpect object: EOF after
    its end (or the end of the terminal), TIMEOUT also when a slice of output is full. While `cancel` is set, its being
    due ends the listening with CancelDue.
    """

    def __init__(
        self,
        command: Command,
        program: str,
        environment: Mapping[str, str],
        spool: Spool,
        pass_fds: tuple[int, ...] = (),
    ) -> None:
        if not os.access(program, os.X_OK):
            raise FileNotFoundError(2, "No such program, or it is not executable", program)
        master, slave = os.openpty()
        try:
            termios.tcsetwinsize(slave, (_ROWS, _COLUMNS))
            self.child = Child(
                ("/bin/sh", "-c", _TAKE_TERMINAL, os.ttyname(slave), program, *command.argv[1:]),
                environment={"TERM": "dumb", **child_environment(environment, command)},
                directory=command.directory,
                streams=(slave, slave, slave),
                pass_fds=pass_fds,
                private=command.private,
            )
        except (OSError, ValueError):
            os.close(master)
            raise
        finally:
            os.close(slave)
        os.set_blocking(master, False)
        super().__init__(master, maxread=PIECE_BYTES, encoding="utf-8", codec_errors="replace")
        self.cancel: Cancel | None = None
        self.last_output = clock.steady()
        self._spool = spool
        self._text = _PlainText()
        self._fresh = 0

    @property
    def quiet_seconds(self) -> float:
        return clock.steady() - self.last_output

    @property
    def unanswered(self) -> str:
        """The last, unfinished line of what was not matched yet."""
        return str(self.buffer).rpartition("\n")[2]

    def read_nonblocking(self, size: int = 1, timeout: float | None = None) -> str:
        """pexpect's hook: some text, or EOF, or TIMEOUT. `timeout` in seconds."""
        until = clock.steady() + (timeout or 0.0)
        while True:
            if self.cancel is not None and self.cancel.due:
                raise CancelDue
            if self._fresh >= SLICE_CHARACTERS:
                raise pexpect.TIMEOUT("the slice is full")
            text = self._read(size, until - clock.steady())
            if text:
                self._fresh += len(text)
                self.last_output = clock.steady()
                self._spool.write(STREAM, text.encode())
                return text
            if self.child.ended and self.quiet_seconds > DRAIN_SECONDS:
                raise pexpect.EOF("it ended, and others hold the terminal open")
            if clock.steady() >= until:
                raise pexpect.TIMEOUT("nothing was printed")

    def let_go(self, keep: int = KEPT_CHARACTERS) -> None:
        """Forget what was not matched, but for the last `keep` characters."""
        surplus = len(self.buffer) - keep
        self._fresh = 0
        if surplus > 0:
            self.expect_list([re.compile(rf"(?s)\A.{{{surplus}}}")], timeout=0)

    def let_go_all(self) -> None:
        """Read and forget all that was printed up to now (at most what a terminal holds, some times over)."""
        for _piece in range(64):
            self.let_go(keep=0)
            if self.expect_list([pexpect.EOF, pexpect.TIMEOUT], timeout=0) == 0 or not self.buffer:
                return

    def enter(self, text: str, *, secret: bool = False, newline: bool = True) -> None:
        """Type a line, or keys. A secret waits until the program has turned the echo off. Raises CannotType."""
        line = text.encode("utf-8", "replace") + b"\n" * newline
        if len(line) > LINE_LIMIT_BYTES:
            raise CannotType(f"an answer of {len(line)} bytes is too long for a terminal line ({LINE_LIMIT_BYTES})")
        if secret:
            self._wait_until_echo_is_off()
        self._type(line)

    def end_input(self) -> None:
        """Type the end of the input. Says nothing when nobody listens any more."""
        with contextlib.suppress(CannotType):
            self._type(END_OF_INPUT.encode())

    def hang_up(self) -> None:
        """Close the terminal and let the child go; its tree must have been seen to its end before."""
        self.close()
        self.child.close()

    def _type(self, data: bytes) -> None:
        view = memoryview(data)
        try:
            while view:
                if not select.select([], [self.child_fd], [], TYPE_SECONDS)[1]:
                    raise CannotType("the program does not read what is typed")
                view = view[os.write(self.child_fd, view) :]
        except BlockingIOError:
            raise CannotType("the program does not read what is typed") from None
        except OSError as error:
            raise CannotType(f"the program's terminal is closed: {error.strerror}") from error

    def _wait_until_echo_is_off(self) -> None:
        until = clock.steady() + NO_ECHO_SECONDS
        while termios.tcgetattr(self.child_fd)[3] & termios.ECHO and clock.steady() < until:
            select.select([], [], [], POLL_SECONDS / 2)

    def _read(self, size: int, seconds: float) -> str:
        """The next text; empty when nothing came, though something else may have happened."""
        watched: list[Any] = [self.child_fd]
        if self.cancel is not None:
            watched.append(self.cancel)
        limits = [seconds]
        if self.child.ended:
            limits.append(DRAIN_SECONDS)
        elif self.child.exit_fd is not None:
            watched.append(self.child.exit_fd)
        else:
            limits.append(POLL_SECONDS)
        remaining = self.cancel.remaining_seconds() if self.cancel is not None else None
        limits += [] if remaining is None else [remaining]
        ready = select.select(watched, [], [], max(0.0, min(limits)))[0]
        if self.cancel in ready and self.cancel is not None and not self.cancel.due:
            self.cancel.drain()
        return self._take(size) if self.child_fd in ready else ""

    def _take(self, size: int) -> str:
        try:
            data = os.read(self.child_fd, size)
        except BlockingIOError:
            return ""
        except OSError:
            data = b""  # EIO on Linux: everybody has closed the terminal
        if data:
            return self._text.decode(data)
        last = self._text.finish()
        if last:
            return last
        raise pexpect.EOF("the terminal is closed")
