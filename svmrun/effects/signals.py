"""INT, TERM and HUP: the first one cancels, all of them are counted, none of them kills svmrun."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any

from svmrun.effects.cancel import Cancel

WATCHED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def ignore_signal(_number: int) -> None:
    """Nobody wants to know."""


class SignalWatch:
    """While it is entered (in the main thread), the watched signals go to `cancel`.

    `note` is called for each signal, in the middle of whatever runs: it may print or count, never write to the journal.
    `count` tells how many came. A HUP that is ignored at the start (nohup) stays ignored. With `last` only the end of
    the process follows: a signal that comes too late must not change its exit code, and is ignored.
    """

    def __init__(self, cancel: Cancel, note: Callable[[int], None] = ignore_signal, *, last: bool = False) -> None:
        self._cancel = cancel
        self._note = note
        self._last = last
        self._before: dict[signal.Signals, Any] = {}
        self._wakeup_before = -1
        self.count = 0

    def __enter__(self) -> SignalWatch:
        # The C-level handler writes to this descriptor at once: a signal just before a select still ends the select.
        self._wakeup_before = signal.set_wakeup_fd(self._cancel.wakeup_fd, warn_on_full_buffer=False)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, WATCHED)
        for number in WATCHED:
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
                self._before[number] = signal.signal(number, self._handle)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for number, handler in self._before.items():
            # None: a handler that was not installed from Python cannot be given back.
            signal.signal(number, signal.SIG_IGN if self._last else signal.SIG_DFL if handler is None else handler)
        with contextlib.suppress(ValueError, OSError):
            signal.set_wakeup_fd(self._wakeup_before)

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        self.count += 1
        self._cancel.request(number, signal.Signals(number).name)
        self._note(number)
        self._cancel.break_if_due()
