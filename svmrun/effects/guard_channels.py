"""The two pipes between the runner and its guard: the feed (runner to guard) and the report (guard to runner)."""

from __future__ import annotations

import os
import select
from collections.abc import Callable

from svmrun.effects import clock


class Feed:
    """The write end of the feed. Its closing, however it comes about, is what makes the guard act."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor: int | None = descriptor

    def say(self, line: str) -> bool:
        """Send one line; False when nobody listens any more."""
        if self._descriptor is None:
            return False
        try:
            os.write(self._descriptor, f"{line}\n".encode())  # shorter than PIPE_BUF: whole or not at all
        except OSError:
            return False
        return True

    @property
    def broken(self) -> bool:
        """True when the reader is gone (poll(2): POLLERR on the write end of a pipe)."""
        if self._descriptor is None:
            return True
        poll = select.poll()
        poll.register(self._descriptor, 0)
        return bool(poll.poll(0))

    def close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


class Report:
    """The read end of the report, line by line, never waiting longer than asked. `ended` once the guard is gone."""

    def __init__(self, descriptor: int) -> None:
        os.set_blocking(descriptor, False)
        self.descriptor = descriptor
        self.ended = False
        self._rest = b""
        self._lines: list[str] = []

    def take(self) -> list[str]:
        """All lines that came since the last call."""
        self._read()
        lines, self._lines = self._lines, []
        return lines

    def wait_for(self, wanted: Callable[[str], bool], timeout_seconds: float) -> str | None:
        """The first wanted line, taken out; None when the guard ended or said nothing of the kind in time.

        The other lines stay for `take`.
        """
        until = clock.steady() + timeout_seconds
        while True:
            self._read()
            found = next((line for line in self._lines if wanted(line)), None)
            if found is not None:
                self._lines.remove(found)
                return found
            left = until - clock.steady()
            if self.ended or left <= 0:
                return None
            select.select([self.descriptor], [], [], left)

    def wait_for_end(self, timeout_seconds: float) -> None:
        """Until the guard is gone, or the time is over."""
        self.wait_for(lambda _line: False, timeout_seconds)

    def close(self) -> None:
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor, self.ended = -1, True

    def _read(self) -> None:
        while not self.ended:
            try:
                data = os.read(self.descriptor, 4096)
            except BlockingIOError:
                return
            self.ended = not data
            *whole, self._rest = (self._rest + data).split(b"\n")
            self._lines += [line.decode(errors="replace") for line in whole]
