"""INT, TERM and HUP, as real signals to real processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time

import pytest

from svmrun.effects import clock
from svmrun.effects.cancel import Cancel
from svmrun.effects.signals import SignalWatch


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_first_signal_cancels_and_all_are_counted(number: int) -> None:
    cancel, noted = Cancel(), list[int]()
    with SignalWatch(cancel, noted.append) as watch:
        os.kill(os.getpid(), number)
        os.kill(os.getpid(), signal.SIGTERM)
        assert (cancel.requested, cancel.due) == (number, True)
        assert (watch.count, noted) == (2, [number, signal.SIGTERM])
    cancel.close()


def test_after_a_reset_signals_cancel_nothing_but_are_counted() -> None:
    cancel = Cancel()
    with SignalWatch(cancel) as watch:
        os.kill(os.getpid(), signal.SIGINT)
        cancel.reset()
        os.kill(os.getpid(), signal.SIGINT)
        assert (cancel.due, watch.count) == (False, 2)
        assert clock.pause(0.05, cancel)
    cancel.close()


def test_a_signal_ends_a_pause_at_once() -> None:
    cancel = Cancel()
    with SignalWatch(cancel):
        killer = threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGTERM))
        killer.start()
        began = time.monotonic()
        assert not clock.pause(20, cancel)
        assert time.monotonic() - began < 5
        killer.join()
    cancel.close()


def test_a_deadline_ends_a_pause_and_no_cancel_lets_it_end() -> None:
    cancel = Cancel()
    assert clock.pause(0.05, cancel)
    cancel.deadline = clock.steady() + 0.05
    assert not clock.pause(20, cancel)
    assert (cancel.limit_passed, cancel.requested) == (True, None)
    cancel.close()


def test_the_handlers_from_before_come_back() -> None:
    before = [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]
    cancel = Cancel()
    with SignalWatch(cancel):
        assert signal.getsignal(signal.SIGINT) != before[0]
    assert [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)] == before
    cancel.close()


RUNS_AND_UNDOES = """
    import sys
    from pathlib import Path
    from svmrun.adapters.base import Command
    from svmrun.effects import process
    from svmrun.effects.cancel import Cancel
    from svmrun.effects.signals import SignalWatch

    def run(script):
        return process.run(Command(("sh", "-c", script)), program="/bin/sh", timeout_seconds=30, cancel=cancel,
                           output=Path("/dev/null"), environment={"PATH": "/usr/bin:/bin"},
                           on_output=lambda _stream, data: (sys.stdout.buffer.write(data), sys.stdout.flush()))

    cancel = Cancel()
    with SignalWatch(cancel) as watch:
        done = run("echo forward; sleep 60")
        cancel.reset()
        undone = run("echo undoing; sleep 0.7; echo undone")
        print(done.cancelled, undone.status, watch.count >= 3, flush=True)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_storm_of_signals_cancels_once_and_does_not_hurt_the_rollback(number: int) -> None:
    argv = [sys.executable, "-c", textwrap.dedent(RUNS_AND_UNDOES)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as runner:
        assert runner.stdout
        assert runner.stdout.readline() == "forward\n"
        runner.send_signal(number)
        assert runner.stdout.readline() == "undoing\n"
        for _again in range(5):
            runner.send_signal(number)
            time.sleep(0.02)
        assert runner.stdout.read() == "undone\nTrue 0 True\n"
    assert runner.returncode == 0


def test_blocked_and_ignored_signals_of_the_parent_do_no_harm() -> None:
    script = """
        import signal, sys
        from pathlib import Path
        from svmrun.adapters.base import Command
        from svmrun.effects import process
        from svmrun.effects.cancel import Cancel
        from svmrun.effects.signals import SignalWatch
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
        cancel = Cancel()
        with SignalWatch(cancel):
            signal.raise_signal(signal.SIGTERM)
            print(cancel.requested)
        done = process.run(Command(("sh", "-c", "exit 3")), program="/bin/sh", timeout_seconds=20, cancel=Cancel(),
                           output=Path("/dev/null"), environment={})
        print(done.status)
    """
    argv = ["/bin/sh", "-c", 'trap "" CHLD INT; exec "$@"', "sh", sys.executable, "-c", textwrap.dedent(script)]
    assert subprocess.check_output(argv, text=True) == "15\n3\n"


def test_an_ignored_hup_stays_ignored() -> None:
    script = """
        import os, signal
        from svmrun.effects.cancel import Cancel
        from svmrun.effects.signals import SignalWatch
        cancel = Cancel()
        with SignalWatch(cancel):
            os.kill(os.getpid(), signal.SIGHUP)
            print(cancel.due)
    """
    argv = ["/bin/sh", "-c", 'trap "" HUP; exec "$@"', "sh", sys.executable, "-c", textwrap.dedent(script)]
    assert subprocess.check_output(argv, text=True) == "False\n"
