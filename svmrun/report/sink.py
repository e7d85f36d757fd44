"""Where a reporter writes. A terminal that stands still or a reader that is gone must never hold up a run.

A pager that waits for a key, or Ctrl-S on a terminal, would block a plain write while a file system is locked. So
nothing is written unless it can be taken at once; what cannot waits in memory, within a bound.
"""

from __future__ import annotations

import os
import select
import stat
from typing import TextIO

PIECE_BYTES = select.PIPE_BUF  # what a pipe that is ready takes without blocking (POSIX)
BACKLOG_BYTES = 1 << 20


class Sink:
    """Writes to the descriptor of `stream`, without blocking until `close`. Errors of writing are silent.

    It has what rich's console wants of a file: `write`, `flush`, `isatty`, `fileno`, `encoding`.
    """

    def __init__(self, stream: TextIO) -> None:
        stream.flush()
        self._terminal = stream.isatty()
        self._descriptor = _never_blocking(stream.fileno()) if self._terminal else stream.fileno()
        self._waits = not stat.S_ISREG(os.fstat(self._descriptor).st_mode)
        self._backlog = bytearray()
        self._gone = False
        self.encoding = stream.encoding or "utf-8"
        # rich ends a text that is too long with this sign, whatever the encoding knows
        self._narrow = {} if self.encoding.lower().startswith("utf") else {ord("…"): "~"}

    @property
    def gone(self) -> bool:
        """The reader has left: nothing is written any more."""
        return self._gone

    @property
    def behind(self) -> bool:
        """Something waits for the reader: what may be left out should be."""
        return bool(self._backlog)

    @property
    def full(self) -> bool:
        """More waits than should: everything that is also in a file must be left out."""
        return len(self._backlog) > BACKLOG_BYTES

    def write(self, text: str) -> int:
        if not self._gone:
            self._backlog += text.translate(self._narrow).encode(self.encoding, "backslashreplace")
        return len(text)

    def flush(self) -> None:
        """Write what can be taken at once."""
        while self._backlog and self._ready(0.0) and self._write_piece():
            pass

    def close(self) -> None:
        """Write all that is left, waiting for the reader as any program does; to be called when nothing is held."""
        while self._backlog and self._ready(None):
            self._write_piece()

    def isatty(self) -> bool:
        return self._terminal

    def fileno(self) -> int:
        return self._descriptor

    def _ready(self, timeout_seconds: float | None) -> bool:
        if not self._waits:
            return True
        poll = select.poll()
        poll.register(self._descriptor, select.POLLOUT)
        return bool(poll.poll(None if timeout_seconds is None else timeout_seconds * 1000))

    def _write_piece(self) -> bool:
        piece = self._backlog[:PIECE_BYTES] if self._waits else self._backlog
        try:
            del self._backlog[: os.write(self._descriptor, piece)]
        except BlockingIOError:
            return False
        except OSError:  # the reader is gone, the terminal hung up, the disk is full: the run goes on
            self._gone = True
            self._backlog.clear()
        return True


def _never_blocking(terminal: int) -> int:
    """The same terminal opened again: whether writing blocks is shared with everybody who inherited a descriptor.

    A terminal that is ready may still have less room than is written to it. Where it belongs to another user (after
    su) it cannot be opened; then the descriptor itself must do.
    """
    try:
        return os.open(os.ttyname(terminal), os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK)
    except OSError:
        return terminal
