"""A file system of its own on a loop device, a writer on it, and a watchdog that thaws it whatever happens.

Nothing else on the machine may ever be frozen: the mount point lies in a new private folder, and a process in a
session of its own thaws it when the test has ended, was killed, or takes too long.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.installed import until
from tests.running import PATIENCE_SECONDS, SVMRUN, memory_folder

RUNBOOK = Path(__file__).parent.parent / "runbooks" / "freeze-copy-backup.yaml"
SIZE = 64 * 1024**2
LONGEST_FREEZE_SECONDS = 25  # after that the watchdog thaws
# Ours is too small for what mkfs.xfs would make for daily use; these three tell it that this is a test.
SMALL = {"TEST_DIR": "1", "TEST_DEV": "1", "QA_CHECK_FS": "1"}
MOUNT_OPTIONS = {"ext4": "ro", "xfs": "ro,nouuid"}
VERIFY = {"ext4": ("e2fsck", "-fn"), "xfs": ("xfs_repair", "-n")}
TOOLS = ("losetup", "mount", "umount", "fsfreeze", "findmnt", "blockdev", *(f"mkfs.{kind}" for kind in MOUNT_OPTIONS))

# It tells that a number is on the disk only when fsync has said so.
WRITER = """
import os, sys, time
with open(sys.argv[1], "a") as numbers:
    for number in range(1, 1000000):
        print(number, file=numbers, flush=True)
        os.fsync(numbers.fileno())
        print(number, time.time(), flush=True)
        time.sleep(0.005)
"""


def why_not() -> str:
    """Why nothing can be frozen here, in a sentence; empty where it can."""
    if os.geteuid() != 0:
        return "NOT TESTED: real freezes need root (CI has it): run the tests as root to see them"
    missing = [tool for tool in (*TOOLS, *(words[0] for words in VERIFY.values())) if shutil.which(tool) is None]
    if missing:
        return f"NOT TESTED: real freezes need {', '.join(missing)}: install util-linux, e2fsprogs and xfsprogs"
    found = subprocess.run(["losetup", "--find"], capture_output=True, text=True)
    if found.returncode != 0:
        return f"NOT TESTED: real freezes need a loop device, and this machine gives none: {found.stderr.strip()}"
    return ""


@dataclass
class Acknowledged:
    """A number that fsync has put on the disk, and when that was known (seconds since the epoch)."""

    number: int
    at: float


@dataclass
class FreezeScene:
    """A mounted file system with a writer on it. What svmrun needs lies beside it, in `folder`."""

    folder: Path
    kind: str
    device: str
    memory: Path

    @property
    def mount_point(self) -> Path:
        return self.folder / "data"

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("HOME", "PATH") if name in os.environ}
        return {**kept, "SVMRUN_STATE": str(self.folder / "state"), "SVMRUN_MEMORY": str(self.memory)}

    def start(self, copy_to: Path, runbook: Path = RUNBOOK, **changed: Any) -> subprocess.Popen[bytes]:
        """In a session of its own, its words in a file."""
        words = [SVMRUN, "execute", str(runbook), "-p", f"mount_point={self.mount_point}", "-p", f"copy_to={copy_to}"]
        with open(self.folder / "said.txt", "wb") as said:
            given: dict[str, Any] = {"stdout": said, "env": self.environment, "cwd": "/", **changed}
            return subprocess.Popen(
                words, stdin=subprocess.DEVNULL, stderr=subprocess.STDOUT, start_new_session=True, **given
            )

    def svmrun(self, *arguments: str) -> str:
        return output(SVMRUN, *arguments, **self.environment)

    def doctor(self) -> dict[str, Any]:
        words = (SVMRUN, "doctor", "--output", "json")
        done = subprocess.run(words, capture_output=True, text=True, timeout=PATIENCE_SECONDS, env=self.environment)
        document: dict[str, Any] = json.loads(done.stdout)
        assert done.returncode == int(bool(document["findings"])), done.stderr
        return document

    def said(self) -> str:
        return (self.folder / "said.txt").read_text()

    def events(self) -> list[dict[str, Any]]:
        """The last run's journal; a record that is just being written is left out."""
        journals = sorted((self.folder / "state" / "runs").glob("*/journal.jsonl"))
        if not journals:
            return []
        return [json.loads(line) for line in journals[-1].read_text().split("\n")[:-1]]

    def when(self, event: str, role: str) -> float:
        """The time of the first such record of the step that freezes (its release has the same step)."""
        at: float = next(e["at"] for e in self.events() if e["event"] == event and e.get("role") == role)
        return at

    def until_copying(self) -> None:
        """The file system is frozen, and the copy has begun."""
        begun = {"event": "ProcessStarted", "step": "copy"}
        until(lambda: any(begun.items() <= e.items() for e in self.events()), f"the copy began: {self.said()}")

    def acknowledged(self) -> list[Acknowledged]:
        lines = (self.folder / "acknowledged").read_text().split("\n")[:-1]
        return [Acknowledged(int(number), float(at)) for number, at in (line.split() for line in lines)]

    def writing_again(self, since: float) -> float:
        """Seconds from `since` until the writer got its first number to the disk."""

        def later() -> list[float]:
            return [one.at for one in self.acknowledged() if one.at > since]

        until(later, "the writer goes on")
        return later()[0] - since

    def must_be_frozen(self) -> None:
        """The writer is blocked in the kernel: no signal reaches it there."""
        before = len(self.acknowledged())
        time.sleep(0.15)
        assert len(self.acknowledged()) <= before + 1, "somebody wrote to a frozen file system"
        again = subprocess.run(["fsfreeze", "--freeze", str(self.mount_point)], capture_output=True)
        assert again.returncode != 0, "it was not frozen any more"

    def numbers_in(self, image: Path) -> list[int]:
        """What the writer had written at the moment that the image holds; the image is checked as a whole, too."""
        place = self.folder / "copy"
        place.mkdir()
        with ExitStack() as undo:
            device = output("losetup", "--find", "--show", str(image))
            undo.callback(output, "losetup", "--detach", device)
            output("mount", "-o", MOUNT_OPTIONS[self.kind], device, str(place))
            try:
                numbers = (place / "numbers").read_text().split()
            finally:
                output("umount", str(place))
            output(*VERIFY[self.kind], device)
        return [int(number) for number in numbers]


def output(*words: str, **environment: str) -> str:
    done = subprocess.run(
        words, capture_output=True, text=True, timeout=PATIENCE_SECONDS, env={**os.environ, **environment}
    )
    assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
    return done.stdout.strip()


@contextmanager
def frozen_scene(kind: str) -> Iterator[FreezeScene]:
    """A mounted file system of this kind, with a writer at work; everything is thawed and gone afterwards."""
    with ExitStack() as undo:
        memory = undo.enter_context(memory_folder())
        folder = Path(tempfile.mkdtemp(prefix="svmrun-freeze-"))
        undo.callback(shutil.rmtree, folder)
        scene = FreezeScene(folder, kind, undo.enter_context(_device(kind, folder / "image")), memory)
        scene.mount_point.mkdir()
        output("mount", scene.device, str(scene.mount_point))
        undo.callback(output, "umount", str(scene.mount_point))
        with _writer(scene), _watchdog(scene.mount_point):
            until(lambda: len(scene.acknowledged()) > 3, "the writer writes")
            yield scene


@contextmanager
def _device(kind: str, image: Path) -> Iterator[str]:
    with open(image, "wb") as file:
        file.truncate(SIZE)
    output(f"mkfs.{kind}", "-q", str(image), **SMALL)
    device = output("losetup", "--find", "--show", str(image))
    try:
        yield device
    finally:
        output("losetup", "--detach", device)


@contextmanager
def _writer(scene: FreezeScene) -> Iterator[None]:
    with open(scene.folder / "acknowledged", "wb") as told:
        numbers = str(scene.mount_point / "numbers")
        writer = subprocess.Popen([sys.executable, "-c", WRITER, numbers], stdout=told, stdin=subprocess.DEVNULL)
    try:
        yield
    finally:
        writer.kill()
        writer.wait()


@contextmanager
def _watchdog(mount_point: Path) -> Iterator[None]:
    """Thaws at the end of the pipe, which is this test's end, however it came about; else after a while."""
    program = f'timeout {LONGEST_FREEZE_SECONDS} cat >/dev/null; fsfreeze --unfreeze "$1" 2>/dev/null'
    watchdog = subprocess.Popen(
        ["sh", "-c", program, "watchdog", str(mount_point)], stdin=subprocess.PIPE, start_new_session=True
    )
    try:
        yield
    finally:
        watchdog.communicate()
