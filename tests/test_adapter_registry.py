"""The registry: our adapters by name, and those of packages that somebody installed beside svmrun."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from svmrun.adapters.registry import REGISTRY

Json = Any
SHOW = """
import json
from svmrun.adapters.registry import adapters, unusable_adapters
print(json.dumps([sorted(adapters()), dict(unusable_adapters()), adapters()["lockfs"].summary]))
"""
PACKAGE = """
from svmrun.adapters.base import Adapter

class Fssnap(Adapter):
    name = "fssnap"
    summary = "Take a snapshot"
    schema = {"type": "object", "properties": {}, "additionalProperties": False}

class Lockfs(Fssnap):
    name = "lockfs"

not_an_adapter = 7
"""


@pytest.fixture
def seen(tmp_path: Path) -> Json:
    """What a process sees in whose path a package brings adapters, good and bad ones."""
    (tmp_path / "snapshots.py").write_text(textwrap.dedent(PACKAGE))
    info = tmp_path / "snapshots-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: snapshots\nVersion: 1\n")
    points = ["fssnap = snapshots:Fssnap", "lockfs = snapshots:Lockfs", "seven = snapshots:not_an_adapter"]
    points += ["gone = snapshots:missing", "lost = no_such_module_at_all:X"]
    (info / "entry_points.txt").write_text("[svmrun.adapters]\n" + "\n".join(points) + "\n")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", SHOW], env=environment, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def test_an_installed_package_adds_an_adapter_but_replaces_none_of_ours(seen: Json) -> None:
    names, unusable, summary = seen
    assert names == sorted([*REGISTRY, "fssnap"])
    assert summary == REGISTRY["lockfs"].summary
    assert "one of svmrun's own" in unusable["lockfs"]


def test_a_broken_package_is_left_out_with_the_reason(seen: Json) -> None:
    unusable = seen[1]
    assert sorted(unusable) == ["gone", "lockfs", "lost", "seven"]
    assert "cannot be loaded" in unusable["lost"]
    assert "not an svmrun adapter" in unusable["seven"]


@pytest.mark.parametrize("name", list(REGISTRY))
def test_an_adapter_is_registered_under_its_own_name(name: str) -> None:
    assert REGISTRY[name].name == name
    assert REGISTRY[name].summary
