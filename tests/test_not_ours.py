"""A lock, or a detached side, that somebody else made is never lifted: not by the run, its guard, or a recovery."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest

from tests.kill_stories import Nursery, nursery, start_and_stop
from tests.nursery import kill_victims
from tests.running import Scene

LOCK = "lockfs -c maintenance -w /global/schost-1"


@pytest.fixture(scope="module")
def runner() -> Iterator[Nursery]:
    with nursery() as made:
        yield made


def by_hand(scene: Scene, command: str) -> None:
    done = scene.shell(f"PATH={scene.folder}/host/bin:$PATH {command}")
    assert done.returncode == 0, done.stderr


def lock(scene: Scene) -> str:
    return next(f.lock for f in scene.world.file_systems if f.mount_point == "/global/schost-1")


def unlocks(scene: Scene) -> list[str]:
    return [call for call in scene.world.calls if call.startswith("lockfs -u")]


def test_a_lock_that_is_there_before_the_run_stays(scene: Scene) -> None:
    scene.host("locked")
    ended = scene.execute("mirror-backup")
    assert ended.code == 6
    assert "locked already, by somebody else" in ended.said
    assert lock(scene) == "write"
    assert not unlocks(scene)


def test_a_side_that_is_detached_before_the_run_stays_so(scene: Scene) -> None:
    scene.host("detached")
    ended = scene.execute("mirror-backup", "-p", "submirror=d30")
    assert ended.code == 6
    assert not [call for call in scene.world.calls if call.startswith("metattach")]
    assert scene.world.mirrors == scene.before.mirrors


@pytest.mark.parametrize("fault", [(), ("ufsdump=fail",)])
def test_a_lock_that_somebody_takes_while_we_dump_stays(runner: Nursery, scene: Scene, fault: tuple[str, ...]) -> None:
    scene.host("schost", *fault)
    our_own_lock_is_over = 32
    pid = start_and_stop(runner, scene, "mirror-backup", our_own_lock_is_over)
    assert lock(scene) == "unlock"
    by_hand(scene, LOCK)
    os.kill(pid, signal.SIGCONT)
    ended = runner.end(scene)
    assert ended.code == len(fault), ended.said
    assert lock(scene) == "write"
    assert len(unlocks(scene)) == 1


@pytest.mark.parametrize("victims", ["runner", "all"])
def test_a_lock_that_somebody_takes_while_we_dump_survives_our_death(scene: Scene, victims: str) -> None:
    scene.host("schost", "ufsdump=hang")
    process = scene.start("mirror-backup")
    scene.until_called("ufsdump")
    by_hand(scene, LOCK)
    kill_victims(victims, process.pid, scene.memory)
    process.wait()
    assert scene.run("recover").code == 0
    assert lock(scene) == "write"
    assert len(unlocks(scene)) == 1


def test_a_lock_that_appears_after_the_checks_and_before_ours_stays(runner: Nursery, scene: Scene) -> None:
    scene.host()
    pid = start_and_stop(runner, scene, "mirror-backup", 1)
    by_hand(scene, LOCK)
    os.kill(pid, signal.SIGCONT)
    ended = runner.end(scene)
    assert ended.code == 6, ended.said
    assert lock(scene) == "write"
    assert not unlocks(scene)


def test_a_lock_that_appears_after_the_guard_was_armed_stays(runner: Nursery, scene: Scene) -> None:
    scene.host()
    guard_is_armed = 9
    pid = start_and_stop(runner, scene, "mirror-backup", guard_is_armed)
    by_hand(scene, LOCK)
    os.kill(pid, signal.SIGCONT)
    ended = runner.end(scene)
    assert ended.code != 0
    assert lock(scene) == "write"
    assert not unlocks(scene)
