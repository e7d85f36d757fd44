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


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    """A simulated host with nothing on it yet (see `Scene.host`), and folders of its own."""
    with memory_folder() as memory:
        scene = Scene(tmp_path, memory)
        yield scene
        for process in scene.started:  # of a test that failed
            process.kill()
            process.wait()
