"""The files that a runbook brings in. Which files there are, and what lies in them, is asked of somebody else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

MOST_DEEP = 8  # files within files; who reads it must still find the way
MOST_FILES = 200  # in one runbook, each as often as it is brought in
Way = tuple[str, ...]  # the files that lead to a place, from the runbook's own on


class Files(Protocol):
    """Both raise ValueError with a sentence."""

    def beside(self, file: str, written: str) -> str:
        """The name of the file that a text in `file` calls `written`; refused when it leads out of the tree."""

    def read(self, name: str) -> bytes:
        """What is in the file of that name."""


@dataclass(frozen=True)
class Either:
    """The files of the first, and of the second what the first has not."""

    first: Files
    second: Files

    def beside(self, file: str, written: str) -> str:
        return self.first.beside(file, written)

    def read(self, name: str) -> bytes:
        try:
            return self.first.read(name)
        except ValueError as error:
            try:
                return self.second.read(name)
            except ValueError:
                raise error from None


class Unfollowed(ValueError):
    """A text that is read by itself: what it brings in is left alone."""


class Shelf:
    """Opens what the files of one runbook bring in, within bounds; nothing where there are no files."""

    def __init__(self, files: Files | None) -> None:
        self._files, self._opened = files, 0

    def opened(self, way: Way, written: str) -> tuple[str, bytes]:
        """The name and the bytes of what the last file of a way brings in.

        Raises ValueError with a sentence: a circle, too deep, too many, outside of the tree, not there.
        """
        if self._files is None:
            raise Unfollowed
        name = self._files.beside(way[-1], written)
        if name in way:
            raise ValueError(f"these files bring each other in: {' -> '.join((*way[way.index(name) :], name))}")
        if len(way) > MOST_DEEP:
            raise ValueError(f"files within files, deeper than {MOST_DEEP}: {' -> '.join((*way, name))}")
        self._opened += 1
        if self._opened > MOST_FILES:
            raise ValueError(f"more than {MOST_FILES} files are brought in")
        return name, self._files.read(name)
