"""What a user installs: the wheel, built here and installed in an environment of its own, far from the sources."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[1]
SOURCES = PROJECT / "svmrun"


@dataclass(frozen=True)
class Installed:
    """An installed svmrun, and an empty folder to run it in."""

    wheel: Path
    environment: Path
    folder: Path

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        names = {"PATH": "/usr/bin:/bin", "HOME": str(self.folder), "SVMRUN_STATE": str(self.folder / "state")}
        kept = {name: os.environ[name] for name in ("SVMRUN_MEMORY", "XDG_RUNTIME_DIR") if name in os.environ}
        return subprocess.run(
            [str(self.environment / "bin" / "svmrun"), *arguments],
            cwd=self.folder,
            env={**names, **kept},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=100,
        )


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """Nothing is fetched: the dependencies are those of the environment that runs the tests."""
    folder = tmp_path_factory.mktemp("wheel")
    quietly(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder / "dist", PROJECT)
    (wheel,) = (folder / "dist").glob("*.whl")
    environment = folder / "environment"
    quietly(sys.executable, "-m", "venv", "--without-pip", environment)
    python = environment / "bin" / "python"
    quietly(sys.executable, "-m", "pip", "--python", python, "install", "--no-deps", "--no-index", wheel)
    (packages,) = (environment / "lib").glob("python*/site-packages")
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    (folder / "empty").mkdir()
    return Installed(wheel, environment, folder / "empty")


def quietly(*command: str | Path) -> None:
    ended = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_the_wheel_holds_all_that_lies_beside_the_programs(installed: Installed) -> None:
    with zipfile.ZipFile(installed.wheel) as archive:
        inside = set(archive.namelist())
    beside = {f"svmrun/_shipped/{p.relative_to(PROJECT)}" for p in shipped_files()}
    among = {str(p.relative_to(PROJECT)) for p in SOURCES.rglob("*") if p.suffix in (".yaml", ".sh", ".typed")}
    assert beside | among <= inside
    assert {"svmrun/effects/release.sh", "svmrun/py.typed"} <= among
    assert not {name for name in inside if name.startswith(("tests/", "benchmarks/"))}


def shipped_files() -> list[Path]:
    folders = {"schemas": "*.json", "runbooks": "*.yaml", "docs/rules": "*.md"}
    return [path for folder, pattern in folders.items() for path in (PROJECT / folder).glob(pattern)]


def test_the_installed_schema_is_the_committed_one(installed: Installed) -> None:
    ended = installed.run("schema")
    assert ended.returncode == 0, ended.stderr
    committed = (PROJECT / "schemas" / "runbook-v1.schema.json").read_text(encoding="utf-8")
    assert json.loads(ended.stdout) == json.loads(committed)


def test_the_installed_program_runs_the_backup_in_an_empty_folder(installed: Installed) -> None:
    ended = installed.run("execute", "mirror-backup", "--simulate", "--time-scale", "0")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "SUCCEEDED" in ended.stdout
    assert sorted(p.name for p in installed.folder.iterdir()) == ["state"]


def test_the_installed_lint_explains_every_rule(installed: Installed) -> None:
    ended = installed.run("lint", "--explain", "SR")
    assert ended.returncode == 0, ended.stderr
    for page in (PROJECT / "docs" / "rules").glob("*.md"):
        assert page.read_text(encoding="utf-8").splitlines()[0] in ended.stdout


def test_every_installed_runbook_is_valid(installed: Installed) -> None:
    names = [path.stem for path in (PROJECT / "runbooks").glob("*.yaml")]
    ended = installed.run("validate", *names)
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_every_world_can_be_shown_where_no_source_is(installed: Installed) -> None:
    ended = installed.run("world", "list")
    assert ended.returncode == 0, ended.stderr
    for world in (SOURCES / "simulator" / "worlds").glob("*.yaml"):
        assert world.stem in ended.stdout
