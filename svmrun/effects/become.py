"""Commands that need root, run by somebody else: the prefix, and the password that is asked once."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from svmrun.adapters.base import Command, Dialogue, Prompt
from svmrun.errors import Refused

PROGRAM = {"pfexec": "pfexec", "sudo": "sudo", "su": "su"}
_BEFORE: dict[str, tuple[str, ...]] = {"pfexec": (), "sudo": ("-n", "--")}
_EXEC = "exec "  # before a command for su: no shell stays in between
# su(1M) "Sorry", Linux "su: Authentication failure": nothing was run.
_DENIED = r"su: (Sorry|[Aa]uthentication failure|incorrect password|[Uu]nknown id.*|Permission denied)"


def prefix(command: Command, how: str, programs: Mapping[str, str], password: str = "") -> Command:
    """The command as it is started: unchanged when it needs no root or `how` is empty.

    `how` is `pfexec`, `sudo` or `su`; `programs` maps plain names to absolute paths. sudo never asks (`-n`): without
    a password rule it says so. su is answered with `password` on a pseudo-terminal: its output is one stream then.
    Raises Refused for a command that needs text on stdin through su.
    """
    if not how or not command.needs_root:
        return command
    words = (programs.get(command.argv[0], command.argv[0]), *command.argv[1:])
    if how == "su":
        return _through_su(command, words, password)
    return replace(command, argv=(PROGRAM[how], *_BEFORE[how], *words), needs_root=False)


class Becoming:
    """How one run's commands that need root get it (`setting.Become`).

    `programs` is filled with the absolute path of the prefix, by `resolve`; `password` is asked for su alone, when the
    first command is started or when `ready` is called.
    """

    def __init__(
        self,
        how: str,
        programs: dict[str, str],
        resolve: Callable[[list[str]], Mapping[str, str]],
        password: Callable[[], str],
    ) -> None:
        self._how, self._programs, self._resolve, self._password = how, programs, resolve, password

    def __call__(self, command: Command) -> Command:
        return self._prefixed(command, self._password if self._how == "su" else str)

    def shown(self, command: Command) -> Command:
        return self._prefixed(command, str)

    def ready(self) -> None:
        if self._how == "su":
            self._password()

    def _prefixed(self, command: Command, password: Callable[[], str]) -> Command:
        if not self._how or not command.needs_root:
            return command
        self._programs.update(self._resolve([PROGRAM[self._how]]))
        return prefix(command, self._how, self._programs, password())


def kill_helper(argv: Sequence[str]) -> tuple[str, ...]:
    """How to signal what such a command line started: it belongs to root, so kill(2) is not allowed to its starter."""
    for word in argv:
        if os.path.basename(word) in _BEFORE:
            return (word, *_BEFORE[os.path.basename(word)])
    return ()


def program_behind(argv: Sequence[str]) -> str:
    """The name of the program that such a command line runs in the end: a process is known by it."""
    words = list(argv)
    how = os.path.basename(words[0]) if words else ""
    if how in _BEFORE:
        words = words[1 + len(_BEFORE[how]) :]
    elif how == PROGRAM["su"] and words[-1].startswith(_EXEC):
        words = words[-1].removeprefix(_EXEC).split()
    return os.path.basename(words[0].strip("'")) if words else how


def _through_su(command: Command, words: tuple[str, ...], password: str) -> Command:
    if command.stdin:
        raise Refused(f"{command.argv[0]} reads text from its input and cannot run through su; use sudo or pfexec")
    nothing_to_read = "" if command.stdin is None else " </dev/null"
    talk = command.dialogue or Dialogue()
    denied = Prompt(_DENIED, fails="su did not accept the password for root")
    asked = Prompt(r"[Pp]assword: ?$", answer=password, secret=True, at_most=1, name="password")
    argv = (PROGRAM["su"], "root", "-c", f"{_EXEC}{_quoted(words)}{nothing_to_read}")
    return replace(
        command, argv=argv, needs_root=False, stdin=None, dialogue=replace(talk, prompts=(denied, asked, *talk.prompts))
    )


def _quoted(words: tuple[str, ...]) -> str:
    """For root's own shell, which may be sh or csh: csh would replace `!` even within quotes."""
    return shlex.join(words).replace("!", "'\\!'")


class PasswordOnce:
    """Asks for the password when it is first needed and keeps it in memory; it has no printable form."""

    def __init__(self, ask: Callable[[], str]) -> None:
        self._ask = ask
        self._answer: str | None = None

    def __call__(self) -> str:
        if self._answer is None:
            self._answer = self._ask()
        return self._answer
