"""The first promise on a real kernel: a frozen ext4 and xfs become writable, however the runner ends."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.freeze_scene import RUNBOOK, SIZE, FreezeScene, frozen_scene, why_not
from tests.running import PATIENCE_SECONDS

LIMIT_SECONDS = 3.0
MARGIN_SECONDS = 0.5  # the guard gives a runner that lives the time to keep the limit by itself
AT_ONCE_SECONDS = 1.0


@pytest.fixture(params=["ext4", "xfs"])
def frozen(request: pytest.FixtureRequest) -> Iterator[FreezeScene]:
    if reason := why_not():
        pytest.skip(reason)
    with frozen_scene(request.param) as scene:
        yield scene


@pytest.fixture
def endless(frozen: FreezeScene) -> Path:
    """A goal for the copy that takes nothing: nobody reads from this pipe."""
    pipe = frozen.folder / "pipe"
    os.mkfifo(pipe)
    return pipe


def with_limit(folder: Path) -> Path:
    """The shipped runbook with a limit that a test can wait for."""
    text = RUNBOOK.read_text()
    shorter = {"hold: 5m": f"hold: {LIMIT_SECONDS:g}s", "timeout: 15s": "timeout: 1s", "timeout: 4m": "timeout: 1s"}
    for old, new in shorter.items():
        assert old in text, f"the shipped runbook no longer says {old}"
        text = text.replace(old, new)
    copy = folder / RUNBOOK.name
    copy.write_text(text)
    return copy


def test_the_copy_of_a_frozen_file_system_holds_one_moment(frozen: FreezeScene) -> None:
    image = frozen.folder / "copied"
    runner = frozen.start(image)
    assert runner.wait(timeout=PATIENCE_SECONDS) == 0, frozen.said()
    frozen.writing_again(since=time.time())
    freezing, thawing = frozen.when("ActionStarted", "forward"), frozen.when("ActionStarted", "release")
    before = [one.number for one in frozen.acknowledged() if one.at < freezing]
    until_thaw = [one.number for one in frozen.acknowledged() if one.at < thawing]
    numbers = frozen.numbers_in(image)
    assert image.stat().st_size == SIZE
    assert numbers == list(range(1, len(numbers) + 1))
    # The last number may be written and not yet acknowledged; one that was written after the thaw is in no case there.
    assert before[-1] <= numbers[-1] <= until_thaw[-1] + 1
    assert frozen.acknowledged()[-1].number > numbers[-1] + 1


@pytest.mark.parametrize("whom", ["the runner", "its group"])
def test_a_killed_runner_leaves_a_writable_file_system(frozen: FreezeScene, endless: Path, whom: str) -> None:
    with frozen.start(endless) as runner:
        frozen.until_copying()
        frozen.must_be_frozen()
        killed_at = time.time()
        (os.kill if whom == "the runner" else os.killpg)(runner.pid, signal.SIGKILL)
        assert frozen.writing_again(killed_at) < AT_ONCE_SECONDS
    frozen.svmrun("recover")
    assert frozen.events()[-1]["verdict"] == "rolled back"


def test_killed_with_its_guard_it_is_frozen_until_somebody_types_what_doctor_tells(
    frozen: FreezeScene, endless: Path
) -> None:
    with frozen.start(endless) as runner:
        frozen.until_copying()
        guard = os.getpgid(next(e["pid"] for e in frozen.events() if e["event"] == "GuardArmed"))
        os.killpg(guard, signal.SIGSTOP)  # so that it does nothing between the two deaths
        os.kill(runner.pid, signal.SIGKILL)
        os.killpg(guard, signal.SIGKILL)
    frozen.must_be_frozen()
    found = {one["kind"]: one for one in frozen.doctor()["findings"]}
    assert set(found) == {"unfinished run", "command of a dead run"}
    assert f"freeze (fsfreeze {frozen.mount_point})" in found["unfinished run"]["text"]
    svmrun, *words = found["unfinished run"]["command"].split()
    assert svmrun == "svmrun"
    frozen.svmrun(*words)
    frozen.writing_again(since=time.time())
    assert frozen.doctor()["findings"] == []


def test_a_runner_that_sleeps_past_the_limit_finds_a_writable_file_system(frozen: FreezeScene, endless: Path) -> None:
    with frozen.start(endless, with_limit(frozen.folder)) as runner:
        frozen.until_copying()
        runner.send_signal(signal.SIGSTOP)
        frozen.must_be_frozen()
        frozen.writing_again(since=time.time())
        frozen_at = frozen.when("ActionStarted", "forward")
        thawed_at = next(one.at for one in frozen.acknowledged() if one.at > frozen_at + LIMIT_SECONDS / 2)
        assert thawed_at - frozen_at < LIMIT_SECONDS + MARGIN_SECONDS + AT_ONCE_SECONDS
        runner.send_signal(signal.SIGCONT)
        assert runner.wait(timeout=PATIENCE_SECONDS) == 1, frozen.said()
    assert "the guard" in frozen.said()


def test_a_run_whose_log_lies_on_the_file_system_is_refused_before_the_freeze(frozen: FreezeScene) -> None:
    log = frozen.mount_point / "night.log"
    with open(log, "wb") as file, frozen.start(frozen.folder / "copied", stdout=file) as runner:
        assert runner.wait(timeout=PATIENCE_SECONDS) == 6
    said = log.read_text()
    assert f"standard output ({log}) lies on {frozen.mount_point} ({frozen.device})" in said
    assert not frozen.events()


def test_a_run_whose_state_lies_on_the_file_system_is_refused_before_the_freeze(frozen: FreezeScene) -> None:
    state = frozen.mount_point / "state"
    environment = {**frozen.environment, "SVMRUN_STATE": str(state)}
    with frozen.start(frozen.folder / "copied", env=environment) as runner:
        assert runner.wait(timeout=PATIENCE_SECONDS) == 6
    assert f"the journal ({state}) lies on {frozen.mount_point} ({frozen.device})" in frozen.said()
    assert not list(state.glob("runs/*"))


def test_what_somebody_else_has_frozen_is_not_thawed(frozen: FreezeScene) -> None:
    """Their freeze is as found: ours fails, and lifts nothing."""
    subprocess.run(["fsfreeze", "--freeze", str(frozen.mount_point)], check=True)
    runner = frozen.start(frozen.folder / "copied")
    assert runner.wait(timeout=PATIENCE_SECONDS) == 1, frozen.said()
    frozen.must_be_frozen()
    subprocess.run(["fsfreeze", "--unfreeze", str(frozen.mount_point)], check=True)
    frozen.writing_again(since=time.time())
