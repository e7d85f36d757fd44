"""What several test files share."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.running import Scene, memory_folder

# Under nohup hang-ups are ignored, and what a test starts would inherit that: svmrun leaves an ignored one ignored.
signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """Tests of one group stay on one worker, where several share the work: they share what is costly to make."""
    if config.getoption("numprocesses", None) and config.getoption("dist") == "no":
        config.option.dist = "loadgroup"


# Files of many stories with real processes: of each, one test in so many is tried with every change, and the others,
# being `thorough`, on demand.
SAMPLED = {
    "test_approval": 2,
    "test_become_end_to_end": 2,
    "test_btrfs_backup": 2,
    "test_doctor": 2,
    "test_fence": 2,
    "test_freeze_real": 2,
    "test_from_metastat_end_to_end": 3,
    "test_interruptions": 3,
    "test_kills": 2,
    "test_linux_refusals": 3,
    "test_lost_journal": 3,
    "test_md_backup": 3,
    "test_own_world": 2,
    "test_resume": 2,
    "test_runbook_faults": 3,
    "test_runbook_signals": 2,
}


@pytest.hookimpl(tryfirst=True)  # before marks are chosen from
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for name, every in SAMPLED.items():
        for number, item in enumerate(one for one in items if one.path.stem == name):
            if number % every:
                item.add_marker(pytest.mark.thorough)


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    """A simulated host with nothing on it yet (see `Scene.host`), and folders of its own."""
    with memory_folder() as memory:
        scene = Scene(tmp_path, memory)
        yield scene
        for process in scene.started:  # of a test that failed
            process.kill()
            process.wait()
