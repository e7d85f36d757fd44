"""What several test files share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.running import Scene, memory_folder


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    """A simulated host with nothing on it yet (see `Scene.host`), and folders of its own."""
    with memory_folder() as memory:
        scene = Scene(tmp_path, memory)
        yield scene
        for process in scene.started:  # of a test that failed
            process.kill()
            process.wait()
