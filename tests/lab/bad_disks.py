"""In a guest: an md mirror whose legs can break, be slow and flaky, and its backup, which stands still at a moment."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from tests.lab import md_scene as scene
from tests.lab.guest import Completed, Guest, Job, booted, eventually
from tests.lab.legs import MODULES, Leg, leg
from tests.lab.md_scene import DUMP, MOUNT_POINT, RUN_SECONDS
from tests.nursery import Kill

STORE = "/run/svmrun-md0-store"  # of a run that was never recovered
# As the runbooks say. A leg that is being copied to refuses to be removed.
TAKE_BACK = f"""
for leg in $(realpath LEGS); do
    {scene.WAIT}
    until mdadm --detail /dev/md0 | grep -q "active sync.* $leg\\$"; do
        mdadm /dev/md0 --remove $leg --re-add $leg || sleep 0.2
        {scene.WAIT}
    done
done
"""
AMISS = f"""
{scene.WAIT}
timeout -s KILL 5 touch {MOUNT_POINT}/touched || echo it cannot be written to
dmsetup ls | grep -v '^leg-' || true
losetup --noheadings --list
"""
DEGRADED = "test $(mdadm --detail /dev/md0 | grep -c 'active sync') = 3 || mdadm --detail /dev/md0"
LAID_OFF = f"""
fsfreeze -u {MOUNT_POINT} || true
for view in md0_backup md0_backup-data; do
    dmsetup remove $view || true
done
losetup --detach-all
"""


@dataclass(frozen=True)
class Lab:
    guest: Guest
    legs: list[Leg]

    def start(self, kill: Kill | None = None, runbook: str = "md-mirror-backup", **given: str) -> Job:
        self.guest.ok(f"rm -rf /lab/state {DUMP} {STORE}")
        execute, _usual, *parameters = scene.words(**{"compare": "false", **given})
        return self.guest.start_svmrun(execute, runbook, *parameters, kill=kill)

    @contextmanager
    def stands_still(self, kill: Kill, runbook: str = "md-mirror-backup", **given: str) -> Iterator[Job]:
        """svmrun is stopped there, and goes on afterwards; where a test fails meanwhile its guard ends the run."""
        runner = self.start(kill, runbook, **given)
        with ExitStack() as failed:
            failed.callback(runner.kill)
            with runner.standing_still():
                yield runner
            failed.pop_all()

    def ended(self, runner: Job) -> tuple[Completed, dict[str, Any]]:
        done = runner.wait(RUN_SECONDS)
        return done, scene.event(self.guest, "RunEnded")

    def has(self, **values: Any) -> bool:
        return any(values.items() <= event.items() for event in self.guest.events())

    def end_as_told(self, told: dict[str, Any]) -> None:
        """What a stuck run left: by the commands that it names (the guard may have been quicker), and recover."""
        for left in told["left"]:
            self.guest.run(left.partition("; to end it: ")[2])
        recovered = self.guest.svmrun("recover")
        assert recovered.status == 0, recovered.said
        assert scene.event(self.guest, "RunEnded")["verdict"] == "rolled back"

    def take_back(self) -> None:
        """The legs that were thrown out, their disks being well again."""
        self.guest.ok(TAKE_BACK.replace("LEGS", " ".join(one.device for one in self.legs)))

    def heal(self) -> None:
        self.guest.ok("\n".join(one.healing() for one in self.legs))

    def amiss(self) -> str:
        """What a run must not leave behind, however broken a disk is."""
        return self.guest.ok(AMISS)

    def is_whole(self) -> bool:
        return not self.guest.ok(AMISS + DEGRADED)

    def remake(self) -> None:
        """After a test that failed, for the next."""
        self.guest.ok(LAID_OFF)
        scene.unmake(self.guest)
        _make(self.guest)


@contextmanager
def made() -> Iterator[Lab]:
    """For the tests of a module."""
    with ExitStack() as stack:
        guest = stack.enter_context(booted(disks=4, disk_mb=32, modules=[*dict.fromkeys([*scene.MODULES, *MODULES])]))
        guest.ok(f"mkfs.ext4 -q {guest.disks[3]}; mkdir -p /backup {MOUNT_POINT}\nmount {guest.disks[3]} /backup")
        legs = [stack.enter_context(leg(guest, disk)) for disk in guest.disks[:3]]
        guest.disks[:3] = [one.device for one in legs]
        _make(guest)
        yield Lab(guest, legs)
        scene.unmake(guest)


def _make(guest: Guest) -> None:
    scene.make(guest)
    guest.ok(f"dd if=/dev/urandom of={MOUNT_POINT}/much bs=64k count=16 conv=fsync status=none")


@contextmanager
def left_whole(lab: Lab) -> Iterator[Lab]:
    """For each test: in the end the disks are well, and the mirror is whole."""
    yield lab
    lab.heal()
    whole = eventually(lab.is_whole)  # a recovery begins a moment after the leg is back
    if not whole:
        lab.remake()
    assert whole
    assert scene.mismatches(lab.guest) == 0
