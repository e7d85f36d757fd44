"""In a guest: an ext4 on an md mirror, writers at work on it, and a runbook that holds it frozen."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tests.freeze_scene import WRITER
from tests.lab.guest import Guest, Job, eventually

MOUNT_POINT = "/srv/data"
WRITERS = 2

# It freezes, does nothing for longer than any test takes, and thaws.
RUNBOOK = """
schema: svmrun/v1
name: stand-still
description: Keep a file system frozen for a while.
parameters:
  mount_point: {type: string, description: Where it is mounted, examples: [/srv/data]}
steps:
  - id: freeze
    fsfreeze: {mode: freeze, mount_point: "{{ mount_point }}"}
    timeout: 2s
    rollback: {fsfreeze: {mode: unfreeze, mount_point: "{{ mount_point }}"}, timeout: 2s}
    hold: LIMITs
  - id: stand
    command: {argv: [sleep, "60"], read_only: true}
    timeout: STANDs
  - release: freeze
"""


@dataclass
class FrozenMirror:
    """What svmrun and its writers do in the guest. Times are the guest's clock, seconds since the epoch."""

    guest: Guest
    writers: list[Job]

    def start(self, limit_seconds: int = 40, **environment: str) -> Job:
        """svmrun with the runbook; it holds the file system frozen for at most so long."""
        text = RUNBOOK.replace("LIMIT", str(limit_seconds)).replace("STAND", str(limit_seconds - 4))
        (self.guest.share / "stand-still.yaml").write_text(text)
        words = ("execute", "/lab/stand-still.yaml", "-p", f"mount_point={MOUNT_POINT}")
        return self.guest.start_svmrun(*words, environment=environment)

    def until_frozen(self) -> None:
        """svmrun has frozen it and waits; the writers are blocked in the kernel, where no signal reaches them."""
        assert eventually(lambda: self.began("stand")), self.guest.events()
        assert eventually(lambda: self.states(*self.writers) == "D" * WRITERS), self.states(*self.writers)

    def began(self, step: str) -> bool:
        begun = {"event": "ProcessStarted", "step": step}
        return any(begun.items() <= event.items() for event in self.guest.events())

    def states(self, *jobs: Job) -> str:
        """One letter of each that is left, as ps(1) has them: D waits in the kernel."""
        pids = ",".join(str(job.pid) for job in jobs)
        return "".join(self.guest.run(["ps", "-o", "state=", "-p", pids]).stdout.split())

    def acknowledged(self, writer: int = 0) -> list[float]:
        """When each number of this writer was known to be on the disks."""
        lines = self.writers[writer].so_far().split("\n")[:-1]
        return [float(line.split()[1]) for line in lines]

    def writing_again(self, since: float) -> float:
        """The time when all writers had got a number to the disks after `since`."""
        assert eventually(lambda: all(self.after(since, writer) for writer in range(WRITERS))), "nobody writes"
        return max(self.after(since, writer)[0] for writer in range(WRITERS))

    def after(self, since: float, writer: int) -> list[float]:
        return [at for at in self.acknowledged(writer) if at > since]

    def signal(self, name: str, *pids: int) -> float:
        """Send it, to a group by a negative number; the time just before."""
        words = " ".join(map(str, pids))
        return float(self.guest.ok(f"date +%s.%N; kill -s {name} -- {words}"))

    def event(self, kind: str, **values: Any) -> dict[str, Any]:
        wanted = {"event": kind, **values}
        return next(event for event in self.guest.events() if wanted.items() <= event.items())


def make_mirror(guest: Guest) -> None:
    """ext4 on a mirror of the first two disks, mounted."""
    first, second = guest.disks[:2]
    guest.ok(
        f"mdadm --create /dev/md0 --run --level=1 --raid-devices=2 --metadata=1.0 --assume-clean {first} {second}\n"
        f"mkfs.ext4 -q -E lazy_itable_init=0,lazy_journal_init=0 /dev/md0\n"
        f"mkdir -p {MOUNT_POINT}; mount /dev/md0 {MOUNT_POINT}"
    )


def start_writers(guest: Guest) -> list[Job]:
    (guest.share / "writer.py").write_text(WRITER.replace("0.005", "0.1"))
    programs = [["python3", "-u", "/lab/writer.py", f"{MOUNT_POINT}/numbers{number}"] for number in range(WRITERS)]
    return [guest.start(program) for program in programs]


@contextmanager
def writing(guest: Guest, writers: list[Job]) -> Iterator[FrozenMirror]:
    """The writers are at work; afterwards it is thawed, whatever happened, and what svmrun remembers is gone."""
    scene = FrozenMirror(guest, writers)
    try:
        scene.writing_again(since=0)
        yield scene
    finally:
        guest.run(f"fsfreeze --unfreeze {MOUNT_POINT} || true; rm -rf /lab/state")
