"""The journal is lost in mid-run: its disk full, its file or folder removed, its folder read-only."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.installed import until
from tests.kill_stories import Nursery, nursery, start_and_stop
from tests.nursery import Kill
from tests.running import SVMRUN, Scene, differences

THE_DETACH_IS_DONE = 18  # a record of mirror-backup
KEEPS_ROOT_OUT = ("setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all")


@pytest.fixture(scope="module")
def runner() -> Iterator[Nursery]:
    with nursery() as made:
        yield made


def start_as_owner(scene: Scene) -> subprocess.Popen[bytes]:
    """Root may write everywhere: without the right to that it is what any owner of a folder is."""
    argv = [SVMRUN, "execute", "mirror-backup", "--simulate", str(scene.folder / "host")]
    wrapped = [*KEEPS_ROOT_OUT, *argv] if os.geteuid() == 0 else argv
    with open(scene.folder / "said.txt", "wb") as said:
        return subprocess.Popen(
            wrapped,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
            env=scene.environment,
            cwd=scene.folder,
            start_new_session=True,
        )


def run_folder(scene: Scene) -> Path:
    (folder,) = (scene.state / "runs").iterdir()
    return folder


# Records of a run that fails at its dump: what the disk is full after, and whether anything was done by then.
@pytest.mark.parametrize("record", [5, 9, 10, 11, 12, 13, 15, 21, 26, 37, 38, 40, 43])
def test_a_journal_whose_disk_is_full_turns_the_run_back(runner: Nursery, scene: Scene, record: int) -> None:
    scene.host("schost", "ufsdump=fail")
    kill = Kill(record, "after", "full")
    ended = runner.run(scene, "execute", "mirror-backup", "--simulate", str(scene.folder / "host"), kill=kill)
    assert ended.code == 1, ended.said
    assert "cannot be written: File too large" in ended.said
    assert not differences(scene.before, scene.world)
    assert len(scene.events()) == record
    calls = scene.calls()
    again = runner.run(scene, "recover")
    assert again.code == 0, again.said
    assert [call for call in scene.calls()[len(calls) :] if not call.startswith("metattach")] == []
    assert not differences(scene.before, scene.world)
    assert scene.events()[-1]["verdict"] == "rolled back"
    assert "nothing to recover" in runner.run(scene, "recover").said


@pytest.mark.parametrize("what", ["journal", "folder"])
def test_a_record_that_is_removed_is_the_only_loss(runner: Nursery, scene: Scene, what: str) -> None:
    scene.host("schost", "ufsdump=fail")
    pid = start_and_stop(runner, scene, "mirror-backup", THE_DETACH_IS_DONE)
    if what == "journal":
        (run_folder(scene) / "journal.jsonl").unlink()
    else:
        shutil.rmtree(run_folder(scene))
    os.kill(pid, signal.SIGCONT)
    ended = runner.end(scene)
    assert ended.code == 1, ended.said
    assert not differences(scene.before, scene.world)
    assert runner.run(scene, "recover").code == 0


def test_a_killed_runner_whose_folder_was_removed_is_cleaned_up_by_its_guard(scene: Scene) -> None:
    scene.host("schost", "ufsdump=hang")
    process = scene.start("mirror-backup")
    scene.until_called("ufsdump")
    shutil.rmtree(run_folder(scene))
    process.kill()
    process.wait()
    until(lambda: not differences(scene.before, scene.world), "the guard releases")


@pytest.mark.parametrize("fault", [(), ("ufsdump=fail",)])
def test_a_run_folder_that_becomes_read_only_holds_nothing_up(scene: Scene, fault: tuple[str, ...]) -> None:
    scene.host("schost", *fault, command_seconds=0.2)
    process = start_as_owner(scene)
    scene.until_called("metadetach")
    run_folder(scene).chmod(0o500)
    try:
        ended = scene.ended(process)
    finally:
        run_folder(scene).chmod(0o700)
    assert ended.code == len(fault), ended.said
    assert not differences(scene.before, scene.world)
    assert scene.events()[-1]["event"] == "RunEnded"


def test_a_runner_that_dies_with_its_disk_full_is_recovered(runner: Nursery, scene: Scene) -> None:
    scene.host("schost", "metattach#1=hang")
    kill = Kill(THE_DETACH_IS_DONE, "after", "full")
    pid = runner.start(scene, "execute", "mirror-backup", "--simulate", str(scene.folder / "host"), kill=kill)
    scene.until_called("metattach")
    os.kill(pid, signal.SIGKILL)
    runner.end(scene)
    until(lambda: not differences(scene.before, scene.world), "the guard releases")
    assert runner.run(scene, "recover").code == 0
    assert not differences(scene.before, scene.world)
