"""Where a command's output goes: whole into a file, bounded into memory."""

from __future__ import annotations

import contextlib
import os
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType

from svmrun.effects.redact import Redactor

FILE_LIMIT_BYTES = 256 * 1024 * 1024
KEPT_BYTES = 256 * 1024

OnOutput = Callable[[str, bytes], None]


def ignore_output(_stream: str, _data: bytes) -> None:
    """Nobody watches."""


class Bounded:
    """The first and the last `limit` bytes of a stream."""

    def __init__(self, limit: int = KEPT_BYTES) -> None:
        self._limit = limit
        self._head = bytearray()
        self._tail = bytearray()
        self._size = 0

    def add(self, data: bytes) -> None:
        self._size += len(data)
        room = self._limit - len(self._head)
        self._head += data[:room]
        self._tail += data[room:] if room < len(data) else b""
        if len(self._tail) > 2 * self._limit:
            del self._tail[: -self._limit]

    def bytes(self) -> bytes:
        tail = bytes(self._tail[-self._limit :])
        left_out = self._size - len(self._head) - len(tail)
        return bytes(self._head) + (left_out_note(left_out) if left_out else b"") + tail

    def text(self) -> str:
        return self.bytes().decode("utf-8", "replace")


def left_out_note(count: int) -> bytes:
    return b"\n[svmrun: %d bytes left out here]\n" % count


class CappedFile:
    """An output file: the first `limit` bytes, then a note of what is left out, then the last bytes.

    A full or unwritable disk loses the file, never the run: a rollback goes on without it (`lost` says why).
    It takes at most half of the space that is free, because the journal needs the rest.
    """

    def __init__(self, path: Path, limit: int = FILE_LIMIT_BYTES) -> None:
        self.lost = ""
        self._left = 0
        self._rest = Bounded()
        self._descriptor = -1
        try:
            self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
            space = os.fstatvfs(self._descriptor)
            self._left = min(limit, space.f_bavail * space.f_frsize // 2)
        except OSError as error:
            self.lost = f"{path}: {error.strerror}"

    def write(self, data: bytes) -> None:
        first, rest = data[: self._left], data[self._left :]
        self._left -= len(first)
        self._put(first)
        self._rest.add(rest)

    def _put(self, data: bytes) -> None:
        view = memoryview(data)
        try:
            while view and not self.lost:
                view = view[os.write(self._descriptor, view) :]
        except OSError as error:
            self.lost = str(error.strerror)

    def close(self) -> None:
        self._put(self._rest.bytes())
        if self._descriptor >= 0:
            with contextlib.suppress(OSError):
                os.close(self._descriptor)
            self._descriptor = -1


class Spool:
    """Takes the output of one command, stream by stream, without its secrets."""

    def __init__(self, path: Path, secrets: Sequence[str] = (), on_output: OnOutput = ignore_output) -> None:
        self._file = CappedFile(path)
        self._streams: defaultdict[str, Bounded] = defaultdict(Bounded)
        self._secrets = list(secrets)
        self._redactors: defaultdict[str, Redactor] = defaultdict(lambda: Redactor(self._secrets))
        self._on_output = on_output

    def write(self, stream: str, data: bytes) -> None:
        self._deliver(stream, self._redactors[stream].feed(data))

    def note(self, sentence: str) -> None:
        """Something that svmrun itself has to say, in the file only."""
        self._file.write(f"\n[svmrun: {sentence}]\n".encode())

    def hide(self, secret: str) -> None:
        """One more secret, from now on."""
        for stream in tuple(self._redactors):
            self._flush(stream)
        self._redactors.clear()
        self._secrets.append(secret)

    def restart(self, stream: str) -> None:
        """Forget the stream in memory; the file keeps it."""
        self._flush(stream)
        self._streams[stream] = Bounded()

    def text(self, stream: str) -> str:
        self._flush(stream)
        return self._streams[stream].text()

    def __enter__(self) -> Spool:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        for stream in tuple(self._redactors):
            self._flush(stream)
        self._file.close()

    def _flush(self, stream: str) -> None:
        self._deliver(stream, self._redactors[stream].finish())

    def _deliver(self, stream: str, data: bytes) -> None:
        if data:
            self._file.write(data)
            self._streams[stream].add(data)
            self._on_output(stream, data)
