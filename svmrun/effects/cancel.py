"""The request to end what runs now."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Iterator
from types import FrameType

from svmrun.effects import clock


class CancelDue(Exception):
    """The cancel became due, or the time was over, in the middle of something that had to wait."""


class Cancel:
    """A request to end the running action, in a form that `select` can wait for.

    `requested` is the signal that asked (0: the operator), None as long as nobody did. `deadline` (a time of
    `clock.steady`) makes it due by itself: the earliest limit of the holds that stand.
    """

    def __init__(self) -> None:
        self._reader, self.wakeup_fd = os.pipe()
        os.set_blocking(self._reader, False)
        os.set_blocking(self.wakeup_fd, False)
        self._shielded = False
        self._breaking = False
        self.requested: int | None = None
        self.reason = ""
        self.deadline: float | None = None

    def fileno(self) -> int:
        """Readable after a request, and after any signal: look at `due`, and `drain` when it is not."""
        return self._reader

    @property
    def due(self) -> bool:
        return self.requested is not None or self.limit_passed

    @property
    def limit_passed(self) -> bool:
        return self.deadline is not None and clock.steady() >= self.deadline

    def seconds_to_deadline(self) -> float | None:
        """At least 0; None without a deadline."""
        return None if self.deadline is None else max(0.0, self.deadline - clock.steady())

    def remaining_seconds(self) -> float | None:
        """After so many seconds, at the latest, whoever waits looks whether it is due; None: no need to look."""
        return self.seconds_to_deadline()

    def request(self, signal: int, reason: str = "") -> None:
        """Ask once; further requests, and all requests after `reset`, change nothing."""
        if self._shielded or self.requested is not None:
            return
        self.requested, self.reason = signal, reason
        with contextlib.suppress(BlockingIOError):
            os.write(self.wakeup_fd, b"\0")

    @contextlib.contextmanager
    def breaking(self, seconds: float) -> Iterator[None]:
        """Within, what blocks without a limit (a person who reads a question) ends with CancelDue.

        That is at a watched signal that makes the cancel due, at its deadline, and after `seconds`.
        """
        if self.due:
            raise CancelDue
        limit = self.seconds_to_deadline()
        self._breaking = True
        try:
            with _alarm(seconds if limit is None else min(seconds, limit)):
                yield
        finally:
            self._breaking = False

    def break_if_due(self) -> None:
        """For a signal's handler, when all else is done."""
        if self._breaking and self.due:
            self._breaking = False
            raise CancelDue

    def reset(self) -> None:
        """Forget the request and its deadline, and take no further request: a rollback is never cancelled."""
        self._shielded = True
        self.requested, self.reason, self.deadline = None, "", None
        self.drain()

    def drain(self) -> None:
        """Read away what made `fileno` readable."""
        with contextlib.suppress(BlockingIOError):
            while os.read(self._reader, 4096):
                pass

    def close(self) -> None:
        os.close(self._reader)
        os.close(self.wakeup_fd)


@contextlib.contextmanager
def _alarm(seconds: float) -> Iterator[None]:
    """CancelDue after so long; handlers exist in the main thread only, elsewhere there is no alarm."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGALRM, _too_late)
    signal.setitimer(signal.ITIMER_REAL, max(seconds, 0.001))
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _too_late(_number: int, _frame: FrameType | None) -> None:
    raise CancelDue
