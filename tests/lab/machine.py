"""One power-on of a guest: its kernel's process, its console, and the line to the agent in it."""

from __future__ import annotations

import os
import queue
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.lab import console

KERNEL = "/usr/bin/linux.uml"
MODULES_FOLDER = Path("/usr/lib/uml/modules")
HERE = Path(__file__).resolve().parent
BOOT_SECONDS = 60.0
NAME = "guest"
FIRST_DISK = 1  # ubd0 would be the root's
# It ends the kernel and its helpers, on order (`cut`), or because the test process is no more: then its files go, too.
WATCHER = 'read -r order; kill -s KILL -- "-$1"; test "$order" = cut || rm -rf "$2"'
# The net of a guest ends with it: both are of one process group.
SWITCH = """
folder=$1; shift
slirp4netns --target-type=bess --api-socket "$folder/api" "$folder/net" >&2 &
echo $! >"$folder/switch"
exec "$@"
"""


class Lost(AssertionError):
    """The machine is off, or did not come up; with the end of what its console showed."""


@dataclass(frozen=True)
class Hardware:
    """What a machine is built of; `folder` holds all its files and must be in memory."""

    folder: Path
    disks: tuple[Path, ...]
    memory_mb: int
    cpu: int
    network: bool = False

    def words(self, line: int) -> list[str]:
        """The kernel's command line; `line` is the descriptor of the agent's end."""
        disks = [f"ubd{number}={path}" for number, path in enumerate(self.disks, FIRST_DISK)]
        root = ["rootfstype=hostfs", "rootflags=/", "ro", "init=/bin/sh"]
        told = [f"LAB_FOLDER={self.folder}", f"LAB_MODULES={MODULES_FOLDER}"]
        lines = ["con=null", "con0=fd:0,fd:1", f"con1=fd:{line},fd:{line}", "ssl=null"]
        pinned = ["taskset", "--cpu-list", str(self.cpu)]
        own = [f"mem={self.memory_mb}M", f"uml_dir={self.folder}/", f"umid={NAME}", "quiet"]
        if self.network:
            pinned = ["sh", "-c", SWITCH, "switch", str(self.folder), *pinned]
            lines.append(f"vec0:transport=bess,dst={self.folder / 'net'},depth=128,gro=1,mac=52:54:00:12:34:56")
        return [*pinned, KERNEL, *own, *root, *told, *lines, *disks, "--", str(HERE / "stage0.sh")]


def _power_on(hardware: Hardware, line: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        hardware.words(line),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        pass_fds=[line],
        start_new_session=True,
        env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "TMPDIR": str(hardware.folder)},
    )


class Machine:
    """Running from its making until `cut`. Raises Lost when it does not come up."""

    def __init__(self, hardware: Hardware) -> None:
        self.hardware = hardware
        self._said: list[bytes] = []
        self._ended: dict[int, queue.SimpleQueue[int | None]] = {}
        self._ready = threading.Event()
        self._off = False
        self._line, agents_end = socket.socketpair()
        with agents_end:
            self._process = _power_on(hardware, agents_end.fileno())
        watch = ["sh", "-c", WATCHER, "watcher", str(self.pid), str(hardware.folder)]
        self._watcher = subprocess.Popen(watch, stdin=subprocess.PIPE, start_new_session=True)
        for listen in (self._keep_what_is_said, self._hear_the_agent):
            threading.Thread(target=listen, daemon=True).start()
        self._wait_until_up()

    def _keep_what_is_said(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as output:
            while data := os.read(output.fileno(), 65536):
                self._said.append(data)

    def _hear_the_agent(self) -> None:
        for words in self._lines():
            if words == ["ready"]:
                self._ready.set()
            elif words[:1] == ["ended"]:
                self._ended[int(words[1])].put(int(words[2]))
        self._off = True
        for job in list(self._ended.values()):
            job.put(None)

    def _lines(self) -> Iterator[list[str]]:
        with self._line.makefile("rb") as lines:
            try:
                for line in lines:
                    yield line.decode(errors="replace").split()
            except OSError:
                return

    def _wait_until_up(self) -> None:
        until = time.monotonic() + BOOT_SECONDS
        while not self._ready.wait(0.1):
            if self._off or time.monotonic() > until or self._process.poll() is not None:
                self.cut()
                raise Lost(f"the guest did not come up:\n{self.said()}")

    @property
    def pid(self) -> int:
        """The kernel's process, the leader of all that belong to it."""
        return self._process.pid

    def said(self) -> str:
        """The console since the start."""
        return b"".join(self._said).decode(errors="replace").replace("\r", "")

    def begin(self, job: int, order: str) -> None:
        """`order` is `run`, or `svmrun` for the zygote."""
        self._ended[job] = queue.SimpleQueue()
        self._order(f"{order} {job}")

    def kill(self, job: int) -> None:
        self._order(f"kill {job}")

    def _order(self, words: str) -> None:
        try:
            self._line.sendall(f"{words}\n".encode())
        except OSError as error:
            raise Lost(f"the guest is off:\n{self.said()[-2000:]}") from error

    def status_of(self, job: int, timeout_seconds: float) -> int:
        """Waits for the job's end. Raises TimeoutError, or Lost when the machine goes off meanwhile."""
        try:
            status = self._ended[job].get(timeout=timeout_seconds)
        except queue.Empty:
            raise TimeoutError from None
        self._ended[job].put(status)  # who asks again is told again
        if status is None:
            raise Lost(f"the guest went off:\n{self.said()[-2000:]}")
        return status

    def manage(self, command: str) -> str:
        return console.order(self.hardware.folder / NAME / "mconsole", command)

    def cut(self) -> None:
        """The power is gone: nothing is flushed, nobody is told."""
        self._watcher.communicate(b"cut\n")
        self._process.wait()
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._line.close()
