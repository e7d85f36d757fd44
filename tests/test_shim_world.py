"""The world behind the installed commands: its file, its clock, and where the commands can be installed."""

from __future__ import annotations

import os
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from svmrun.errors import StateError, UsageError
from svmrun.simulator import state_file
from svmrun.simulator.fault_text import parse_fault
from svmrun.simulator.install import install
from svmrun.simulator.processes import opened
from tests.installed import Installed
from tests.simulated_host import shipped

DETACH, ATTACH = "metadetach -s schost-1 d0 d30", "metattach -s schost-1 d0 d30"
LOCK, UNLOCK = "lockfs -w /global/schost-1", "lockfs -u /global/schost-1"


@pytest.fixture
def simulated(tmp_path: Path) -> Installed:
    return Installed(tmp_path / "sim", shipped())


def test_the_clock_runs_with_real_time_by_its_scale(tmp_path: Path) -> None:
    simulated = Installed(tmp_path, shipped(), time_scale=0.001)
    before = simulated.world.clock
    time.sleep(0.1)
    assert simulated.world.clock >= before + 100

    standing = Installed(tmp_path, shipped())
    assert standing.world.clock == standing.world.clock
    standing.run("fsck -n /dev/md/schost-1/rdsk/d30")
    assert standing.world.clock == shipped().clock + 30


@pytest.mark.parametrize("name", ["schost", "raw-volume", "full-tape", "solaris9-two-way"])
def test_a_world_comes_back_from_its_file_as_it_was(tmp_path: Path, name: str) -> None:
    world = replace(shipped(name), time_scale=0.0, faults=(parse_fault("df=late:1"),))
    state_file.write(str(tmp_path), world)

    assert state_file.read(str(tmp_path)) == world


def test_a_process_number_that_is_used_again_is_another_process(simulated: Installed) -> None:
    folder = str(simulated.folder)
    state_file.change(folder, lambda world: opened(world, os.getpid(), "/dev/md/schost-1/rdsk/d30"))
    assert simulated.has_open("schost-1/d30") == {os.getpid()}

    text = (simulated.folder / "world.json").read_text()
    (simulated.folder / "world.json").write_text(text.replace(str(state_file.born(os.getpid())), "1"))
    assert not simulated.has_open("schost-1/d30")


def test_a_resync_ends_for_those_who_ask_again_even_when_time_stands_still(simulated: Installed) -> None:
    for command in (LOCK, DETACH, UNLOCK, ATTACH):
        simulated.run(command)
    shown = [simulated.run("metastat -s schost-1 d0").stdout for _ in range(11)]

    assert "Resync in progress: 10 % done" in shown[0]
    assert "Resync" not in shown[-1]


def test_an_interpreter_in_a_folder_with_blanks_is_started_through_the_shell(tmp_path: Path) -> None:
    (tmp_path / "with blanks").mkdir()
    python = tmp_path / "with blanks" / "python"
    python.symlink_to(os.path.realpath(sys.executable))
    simulated = Installed(tmp_path / "sim", shipped())
    install(simulated.folder, shipped(), str(python))

    assert "with blanks" in Path(simulated.program("hostname")).read_text()
    assert simulated.run("hostname").stdout == "phys-schost-1\n"


def test_a_folder_that_cannot_be_made_is_an_error_of_usage(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError):
        install(tmp_path / "file", shipped())


def test_a_world_that_cannot_be_read_is_told_in_a_sentence(simulated: Installed) -> None:
    (simulated.folder / "world.json").write_text("{")
    ended = simulated.run("metastat")

    assert ended.returncode == 70
    assert "make one with svmrun simulate" in ended.stderr
    with pytest.raises(StateError):
        state_file.read(str(simulated.folder))


def test_what_others_have_open_in_the_world_stays_open(tmp_path: Path) -> None:
    simulated = Installed(tmp_path, shipped("raw-volume"))

    assert simulated.run("fuser /dev/md/rdsk/books_m1").stdout.split() == ["1021"]
