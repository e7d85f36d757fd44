"""The request to end what runs now."""

from __future__ import annotations

import contextlib
import os

from svmrun.effects import clock


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

    def remaining_seconds(self) -> float | None:
        """Seconds until the deadline, at least 0; None without one."""
        return None if self.deadline is None else max(0.0, self.deadline - clock.steady())

    def request(self, signal: int, reason: str = "") -> None:
        """Ask once; further requests, and all requests after `reset`, change nothing."""
        if self._shielded or self.requested is not None:
            return
        self.requested, self.reason = signal, reason
        with contextlib.suppress(BlockingIOError):
            os.write(self.wakeup_fd, b"\0")

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
