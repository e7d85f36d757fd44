"""The person at the terminal."""

from __future__ import annotations

import getpass
import sys


class Terminal:
    """Asks on the terminal that svmrun was started from. End of file is no answer."""

    def answer(self, question: str, *, secret: bool = False) -> str | None:
        try:
            if secret:
                return getpass.getpass(f"{question} ")
            sys.stderr.write(f"{question.rstrip()} ")
            sys.stderr.flush()
            line = sys.stdin.readline()
        except (EOFError, OSError, getpass.GetPassWarning):
            return None
        return line.rstrip("\n") if line else None

    def confirm(self, question: str) -> bool | None:
        while True:
            answer = self.answer(f"{question} [yes/no]")
            if answer is None:
                return None
            if answer.strip().lower() in ("yes", "y"):
                return True
            if answer.strip().lower() in ("no", "n"):
                return False


class Yes:
    """`--yes`: confirmations are given in advance; other questions go to the person, if there is one."""

    def __init__(self, person: Terminal | None) -> None:
        self._person = person

    def answer(self, question: str, *, secret: bool = False) -> str | None:
        return None if self._person is None else self._person.answer(question, secret=secret)

    def confirm(self, question: str) -> bool | None:  # noqa: ARG002
        return True


def somebody_is_there() -> bool:
    """A person can answer: both ends are a terminal."""
    return sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty()
