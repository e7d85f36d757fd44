"""The guard with a frozen ext4 on a real mirror, and writers that wait in the kernel: no death leaves it frozen."""

from __future__ import annotations

import re
import signal
import time
from collections.abc import Iterator

import pytest

from tests.lab.frozen_mirror import MOUNT_POINT, FrozenMirror, make_mirror, start_writers, writing
from tests.lab.guest import Guest, Job, booted, eventually

AT_ONCE_SECONDS = 1.0
LIMIT_SECONDS = 6
MARGIN_SECONDS = 0.5  # the guard gives a runner that lives the time to keep the limit by itself
FREEZE = {"step": "freeze", "role": "forward"}


@pytest.fixture(scope="module")
def guest() -> Iterator[Guest]:
    with booted(disks=2, modules=["raid1"]) as guest:
        make_mirror(guest)
        yield guest


@pytest.fixture(scope="module")
def writers(guest: Guest) -> list[Job]:
    return start_writers(guest)


@pytest.fixture
def scene(guest: Guest, writers: list[Job]) -> Iterator[FrozenMirror]:
    with writing(guest, writers) as scene:
        yield scene


@pytest.mark.parametrize("whom", ["the runner", "its group"])
def test_a_killed_runner_leaves_a_writable_file_system_within_a_second(scene: FrozenMirror, whom: str) -> None:
    runner = scene.start()
    scene.until_frozen()
    killed_at = scene.signal("KILL", runner.pid if whom == "the runner" else -runner.pid)
    assert scene.writing_again(since=killed_at) - killed_at < AT_ONCE_SECONDS * scene.guest.slowness()
    runner.wait()
    assert scene.guest.svmrun("recover").status == 0
    assert scene.guest.events()[-1]["verdict"] == "rolled back"


def test_a_runner_that_is_stopped_keeps_it_frozen_until_the_limit_and_no_longer(scene: FrozenMirror) -> None:
    runner = scene.start(LIMIT_SECONDS)
    scene.until_frozen()
    stopped_at = scene.signal("STOP", runner.pid)
    stood_until = scene.writing_again(since=stopped_at) - scene.event("ActionStarted", **FREEZE)["at"]
    late_seconds = MARGIN_SECONDS + AT_ONCE_SECONDS * scene.guest.slowness()
    assert LIMIT_SECONDS - 1 < stood_until < LIMIT_SECONDS + late_seconds
    scene.signal("CONT", runner.pid)
    ended = runner.wait()
    assert (ended.status, "the guard" in ended.said) == (1, True)


def test_a_machine_that_stood_still_past_the_limit_is_writable_as_soon_as_it_goes_on(scene: FrozenMirror) -> None:
    """As a virtual machine that is moved or suspended: nobody in it could keep the limit."""
    runner = scene.start(LIMIT_SECONDS)
    scene.until_frozen()
    scene.guest.hang()
    time.sleep(LIMIT_SECONDS)
    went_on_at = time.time()
    scene.guest.go_on()
    late_seconds = scene.writing_again(since=went_on_at) - went_on_at
    assert late_seconds < MARGIN_SECONDS + AT_ONCE_SECONDS * scene.guest.slowness()
    assert runner.wait().status == 1


def test_a_writer_that_was_killed_while_it_waited_dies_when_the_guard_thaws(scene: FrozenMirror) -> None:
    runner = scene.start()
    scene.until_frozen()
    late = scene.guest.start(["touch", f"{MOUNT_POINT}/late"])
    assert eventually(lambda: scene.states(late) == "D")
    late.kill()
    with pytest.raises(TimeoutError):
        late.machine.status_of(late.number, 0.5)
    scene.signal("KILL", runner.pid)
    assert late.wait().status == 128 + signal.SIGKILL


def test_the_guard_opens_no_file_while_it_is_armed(scene: FrozenMirror) -> None:
    runner = scene.start()
    scene.until_frozen()
    guard = scene.event("GuardArmed")["pid"]
    attached = f'for pid in $(pgrep -g $(ps -o pgid= -p {guard})); do set -- "$@" -p $pid; done'
    scene.guest.run(f'{attached}; timeout -s INT 1.5 strace -f -o /lab/trace "$@"; chmod a+r /lab/trace')
    scene.signal("KILL", runner.pid)
    calls = (scene.guest.share / "trace").read_text()
    assert "read(0" in calls
    assert not re.search(r"\b(open\w*|creat|write|exec\w*|fork|clone\w*)\(", calls)


@pytest.mark.parametrize("state", [f"{MOUNT_POINT}/state", "/tmp/elsewhere/state"])
def test_what_svmrun_would_log_to_is_not_frozen(scene: FrozenMirror, state: str) -> None:
    """By its own name, and where it is mounted a second time."""
    scene.guest.ok(f"mkdir -p /tmp/elsewhere; mount --bind {MOUNT_POINT} /tmp/elsewhere")
    ended = scene.start(SVMRUN_STATE=state).wait()
    scene.guest.ok("umount /tmp/elsewhere")
    assert ended.status == 6
    assert f"the journal ({state}) lies on" in ended.said
    assert scene.writing_again(since=scene.signal("CONT", scene.writers[0].pid))
    assert scene.guest.run(f"ls {MOUNT_POINT}/state/runs/*").status != 0
