"""What the shim does to the process that it runs in: signals, streams, children, the terminal."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import NoReturn

from svmrun.errors import StateError

MOST_DESCRIPTORS = 1024


def default_signals() -> None:
    """As a C program has them: a broken pipe and an interrupt kill silently; what the parent ignores stays ignored."""
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    if signal.getsignal(signal.SIGINT) == signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)


def write(descriptor: int, text: str) -> None:
    data = text.encode(errors="replace")
    while data:
        data = data[os.write(descriptor, data) :]


def leave(body: Callable[[], int]) -> NoReturn:
    """End a forked child without coming back into the code of its parent."""
    status = 70
    try:
        status = body()
    except StateError as error:
        write(2, f"{error}\n")
    finally:
        os._exit(status)


def keep_only(descriptor: int) -> None:
    """That descriptor becomes standard input; the other standard streams are empty, everything else is closed."""
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(descriptor, 0)
    os.dup2(nothing, 1)
    os.dup2(nothing, 2)
    os.closerange(3, MOST_DESCRIPTORS)


def secret() -> str | None:
    import termios

    try:
        terminal = os.open("/dev/tty", os.O_RDWR)
    except OSError:
        return None
    before = termios.tcgetattr(terminal)
    hidden = [*before[:3], before[3] & ~termios.ECHO, *before[4:]]
    termios.tcsetattr(terminal, termios.TCSAFLUSH, hidden)
    try:
        line = os.read(terminal, 1024)
    finally:
        termios.tcsetattr(terminal, termios.TCSAFLUSH, before)
        os.write(terminal, b"\n")
        os.close(terminal)
    return line.decode(errors="replace").rstrip("\n") if line else None
