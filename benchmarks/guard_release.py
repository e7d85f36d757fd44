"""How long after the runner's SIGKILL does the release command start? With a running command, and without one.

    python -m benchmarks.guard_release [ROUNDS]

Each round starts a runner of its own, kills it, and takes the time that the release command writes down when it
begins. The aim is a median under 50 ms.
"""

from __future__ import annotations

import os
import signal
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

from benchmarks.measuring import number_wanted
from svmrun.effects import memory_folder
from svmrun.effects.guard import CARD_NAME, Guard, release_body
from svmrun.plan.release import HeldRelease, release_program

AIM_SECONDS = 0.05


def main() -> None:
    rounds = number_wanted(30, __doc__)
    for title, command in (("nothing runs", ()), ("a command runs", ("/bin/sleep", "60"))):
        measured = sorted(one_round(command) for _round in range(rounds))
        median = statistics.median(measured)
        print(
            f"{title:15} median {median * 1000:6.1f} ms, highest {measured[-1] * 1000:6.1f} ms, "
            f"{rounds} rounds, aim {AIM_SECONDS * 1000:.0f} ms: {'met' if median < AIM_SECONDS else 'MISSED'}"
        )


def one_round(command: tuple[str, ...]) -> float:
    """Seconds from the kill to the start of the release command."""
    with tempfile.TemporaryDirectory(dir=memory_folder.root()) as root:
        fifo = Path(root) / "began"
        os.mkfifo(fifo)
        began = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
        runner, guard_ready = start_runner(Path(root), fifo, command)
        os.read(guard_ready, 1)
        killed = time.monotonic()
        os.kill(runner, signal.SIGKILL)
        elapsed = wait_for_byte(began) - killed
        os.waitpid(runner, 0)
        os.close(began)
        os.close(guard_ready)
        time.sleep(0.05)  # the guard says its last words before its folder goes
        return elapsed


def start_runner(root: Path, fifo: Path, command: tuple[str, ...]) -> tuple[int, int]:
    """A process that holds, and is there to be killed. The descriptor becomes readable when it is ready."""
    ready, tell = os.pipe()
    pid = os.fork()
    if pid:
        os.close(tell)
        return pid, ready
    folder = root / "guard"
    folder.mkdir()
    release = HeldRelease("lock", "Lock", 60, (("/bin/sh", "-c", f"echo >{fifo}"),))
    text = release_program("bench", "localhost", [release], str(folder / CARD_NAME), release_body())
    guard = Guard.arm(text, folder)
    guard.hold("lock")
    if command:
        guard.child(subprocess.Popen(command, start_new_session=True).pid)
        time.sleep(0.02)
    os.write(tell, b"!")
    time.sleep(60)
    os._exit(1)


def wait_for_byte(descriptor: int) -> float:
    """The time at which the release command had opened the fifo and written to it."""
    while True:
        try:
            if os.read(descriptor, 1):
                return time.monotonic()
        except BlockingIOError:
            pass
        time.sleep(0.0002)


if __name__ == "__main__":
    main()
