"""The journal file of one run: append-only, every record durable before anything else happens."""

from __future__ import annotations

import contextlib
import os
from dataclasses import replace
from pathlib import Path

from svmrun.core.events import Event, ProcessStarted, RunStarted
from svmrun.core.record import FIRST_CHECKSUM, decode, encode
from svmrun.effects import clock
from svmrun.errors import JournalError, StateError

JOURNAL_NAME = "journal.jsonl"
TORN_NAME = "journal.torn"
_sync_data = getattr(os, "fdatasync", os.fsync)


class Journal:
    """One open journal. `found` holds the events that were in it when it was opened again."""

    def __init__(self, path: Path, descriptor: int, found: tuple[Event, ...] = (), checksum: str = "") -> None:
        self.path = path
        self.found = found
        self._descriptor = descriptor
        self._size = os.fstat(descriptor).st_size
        self._sequence = len(found)
        self._checksum = checksum
        self._lost = ""

    @staticmethod
    def create(folder: Path, event: RunStarted) -> Journal:
        """Begin the journal of a run: the file appears with its first record, or not at all.

        Raises StateError: nothing was started yet.
        """
        path, temporary = folder / JOURNAL_NAME, folder / f".{JOURNAL_NAME}.new"
        try:
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
            journal = Journal(path, descriptor)
            journal.found = (journal.append(event),)
            os.rename(temporary, path)
            sync_folder(folder)
        except (OSError, JournalError) as error:
            reason = error.strerror if isinstance(error, OSError) else str(error)
            raise StateError(f"cannot write the journal in {folder}: {reason}") from error
        return journal

    @staticmethod
    def reopen(path: Path) -> Journal:
        """Continue the journal of a dead run. A torn last record is cut off and kept beside it."""
        events, torn, checksum = _read(path)
        if not events:
            raise StateError(f"{path}: holds no complete record; nothing was started, remove the folder {path.parent}")
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_APPEND)
            if torn:
                _cut(path, descriptor, torn)
        except OSError as error:
            raise StateError(f"{path}: cannot be continued: {error.strerror}") from error
        return Journal(path, descriptor, tuple(events), checksum)

    @staticmethod
    def read(path: Path) -> tuple[list[Event], bytes]:
        """All events, and the bytes of a torn last record. Changes nothing; raises StateError for damage."""
        events, torn, _checksum = _read(path)
        return events, torn

    def append(self, event: Event) -> Event:
        """Make one event durable, and return it as a reader of the journal will see it (with its time).

        A started process is only written: what ends the machine before the disk has it, ends the process, too.

        Raises JournalError when that fails, and from then on always: a disk that lost one record may lose more.
        """
        if self._lost:
            raise JournalError(self._lost)
        sequence = self._sequence + 1
        try:
            line = encode(replace(event, at=clock.now()), sequence, self._checksum)
            self._write(line, durable=not isinstance(event, ProcessStarted))
        except (OSError, ValueError, TypeError) as error:
            self._give_up(error)
            raise JournalError(self._lost) from error
        self._sequence, self._size = sequence, self._size + len(line)
        stored, self._checksum = decode(line[:-1], sequence, self._checksum)
        return stored

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
        self._lost = self._lost or f"{self.path} is closed"

    def _write(self, line: bytes, *, durable: bool) -> None:
        view = memoryview(line)
        while view:
            # A full disk first takes a part without any error; the error comes with the rest.
            view = view[os.write(self._descriptor, view) :]
        if durable:
            _sync_data(self._descriptor)

    def _give_up(self, error: Exception) -> None:
        """Cut back to the last sound record, so that a later reader finds no half one."""
        reason = error.strerror if isinstance(error, OSError) else str(error)
        self._lost = f"{self.path}: cannot be written: {reason}"
        with contextlib.suppress(OSError):
            os.ftruncate(self._descriptor, self._size)
            os.fsync(self._descriptor)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _read(path: Path) -> tuple[list[Event], bytes, str]:
    try:
        *lines, torn = path.read_bytes().split(b"\n")
    except OSError as error:
        raise StateError(f"{path}: cannot be read: {error.strerror}") from error
    events: list[Event] = []
    checksum = FIRST_CHECKSUM
    for sequence, line in enumerate(lines, start=1):
        try:
            event, checksum = decode(line, sequence, checksum)
        except StateError as error:
            raise StateError(f"{path}: {error}") from error
        events.append(event)
    return events, torn, checksum


def _cut(path: Path, descriptor: int, torn: bytes) -> None:
    """The torn bytes are made durable beside the journal before they leave it."""
    with open(path.with_name(TORN_NAME), "ab", opener=_private) as kept:
        kept.write(torn + b"\n")
        kept.flush()
        os.fsync(kept.fileno())
    sync_folder(path.parent)
    os.ftruncate(descriptor, path.stat().st_size - len(torn))
    os.fsync(descriptor)


def _private(name: str, flags: int) -> int:
    return os.open(name, flags, 0o600)
