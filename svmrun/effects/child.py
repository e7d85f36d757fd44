"""A child process in a session of its own, whose end can be waited for together with its output."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import threading
from collections.abc import Mapping
from typing import IO

from svmrun.adapters.base import Command
from svmrun.effects.become import kill_helper
from svmrun.effects.group import MARKER, Tree, kill_through, new_marker

Stream = int | IO[bytes] | None
PRIVATE, INHERITED = 0o077, -1  # as Popen's `umask` has it


class Child:
    """Started at once; raises OSError when the program cannot be started. `private` is a command's own.

    The number stays taken until `reap`: nobody else can get it while the tree may still be signalled.
    """

    def __init__(
        self,
        argv: tuple[str, ...],
        *,
        environment: Mapping[str, str],
        directory: str | None,
        streams: tuple[Stream, Stream, Stream],
        pass_fds: tuple[int, ...] = (),
        private: bool = False,
    ) -> None:
        _hear_of_ends()
        marker = new_marker()
        self.popen = subprocess.Popen(
            argv,
            stdin=streams[0],
            stdout=streams[1],
            stderr=streams[2],
            bufsize=0,
            cwd=directory,
            env={**environment, MARKER: marker},
            start_new_session=True,
            pass_fds=pass_fds,
            umask=PRIVATE if private else INHERITED,
        )
        self.pid = self.popen.pid
        self.tree = Tree(self.pid, marker, kill_through(kill_helper(argv)))
        self.exit_fd = _open_exit_descriptor(self.pid)

    @property
    def ended(self) -> bool:
        if self.popen.returncode is not None:
            return True
        return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def wait_for_end(self, seconds: float) -> None:
        """Until it ends, at most so long."""
        watched = [] if self.exit_fd is None or self.ended else [self.exit_fd]
        select.select(watched, [], [], seconds)

    def reap(self) -> int | None:
        """The exit status, negative for a signal; None when it still runs."""
        return self.popen.poll()

    def close(self) -> None:
        """Let go of all descriptors. The process itself is left alone."""
        if self.exit_fd is not None:
            os.close(self.exit_fd)
            self.exit_fd = None
        for stream in (self.popen.stdin, self.popen.stdout, self.popen.stderr):
            if stream:
                with contextlib.suppress(OSError):
                    stream.close()
        if self.popen.poll() is None:
            # Given up on purpose: Popen's destructor would warn about it.
            self.popen.returncode = 0


def _hear_of_ends() -> None:
    """Who is started with CHLD ignored would never learn how a child ended."""
    in_main_thread = threading.current_thread() is threading.main_thread()
    if in_main_thread and signal.getsignal(signal.SIGCHLD) == signal.SIG_IGN:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)


def child_environment(environment: Mapping[str, str], command: Command) -> dict[str, str]:
    """What a command gets: its output is read by programs, so it speaks the C locale unless it is told otherwise."""
    inherited = {name: value for name, value in environment.items() if not name.startswith("LC_")}
    return {**inherited, "LC_ALL": "C", "LANG": "C", **command.environment}


def _open_exit_descriptor(pid: int) -> int | None:
    """Readable when the process ends; None where the system has no such thing (then it must be polled)."""
    try:
        return os.pidfd_open(pid)
    except (AttributeError, OSError):
        return None
