"""Starting a guard: by the runner itself over two pipes, or as root over two named ones.

A guard that is root needs nobody's password when it acts, and may end the commands that run as root.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from svmrun.adapters.base import Command, Completed
from svmrun.effects.guard_channels import Feed, Report
from svmrun.errors import Refused

# Shell, card, and the longest wait in seconds. Raises OSError, subprocess.TimeoutExpired or Refused.
Start = Callable[[tuple[str, ...], Path, float], tuple[Feed, Report]]

FEED_NAME, REPORT_NAME = "feed", "report"


def directly(shell: tuple[str, ...], card: Path, timeout_seconds: float) -> tuple[Feed, Report]:
    """As the runner's own user. The first process makes the guard a process of nobody and ends at once."""
    feed_read, feed_write = os.pipe()
    report_read, report_write = os.pipe()
    try:
        process = subprocess.Popen(
            (*shell, str(card), "guard"),
            stdin=feed_read,
            stdout=report_write,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env={"PATH": os.defpath, "LC_ALL": "C"},
            start_new_session=True,
        )
    except OSError:
        os.close(feed_write)
        os.close(report_read)
        raise
    finally:
        os.close(feed_read)
        os.close(report_write)
    feed, report = Feed(feed_write), Report(report_read)
    try:
        process.wait(timeout_seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        feed.close()
        report.close()
        raise
    return feed, report


def as_root(run: Callable[[Command], Completed]) -> Start:
    """Through whatever makes commands root: su on a terminal and sudo hand on neither pipes nor descriptors.

    `run` performs a command that needs root to its end.
    """

    def start(shell: tuple[str, ...], card: Path, _timeout_seconds: float) -> tuple[Feed, Report]:
        feed, report = card.parent / FEED_NAME, card.parent / REPORT_NAME
        with ExitStack() as until_started, ExitStack() as unless_started:
            for path in (feed, report):
                path.unlink(missing_ok=True)
                os.mkfifo(path, 0o600)
                until_started.callback(path.unlink, missing_ok=True)
            # Both ends of both: the guard opens its own without waiting, and finds no end before it has begun.
            report_read = _opened(report, os.O_RDONLY | os.O_NONBLOCK, unless_started)
            _opened(report, os.O_WRONLY, until_started)
            _opened(feed, os.O_RDONLY | os.O_NONBLOCK, until_started)
            feed_write = _opened(feed, os.O_WRONLY, unless_started)
            _demand_started(run(Command((*shell, str(card), "guard-as-root"), needs_root=True)))
            unless_started.pop_all()
        return Feed(feed_write), Report(report_read)

    return start


def is_root(pid: int) -> bool:
    """True also where no process file system tells whose process it is."""
    try:
        return os.stat(f"/proc/{pid}").st_uid == 0
    except OSError:
        return True


def _opened(path: Path, flags: int, closing: ExitStack) -> int:
    descriptor = os.open(path, flags)
    closing.callback(os.close, descriptor)
    return descriptor


def _demand_started(done: Completed) -> None:
    if done.status == 0 and not done.failure:
        return
    said = (done.failure or done.stderr or done.stdout).strip()
    reason = said or ("it took too long" if done.timed_out else f"it ended with status {done.status}")
    raise Refused(f"the guard cannot be started as root: {reason}")
