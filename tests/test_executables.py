"""Programs are found before anything is changed, or all missing ones are named."""

from __future__ import annotations

from pathlib import Path

import pytest

from svmrun.effects.executables import PINNED_PATH, resolve
from svmrun.errors import Refused


def executable(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def test_the_first_folder_wins(tmp_path: Path) -> None:
    first, _second = executable(tmp_path / "a/metastat"), executable(tmp_path / "b/metastat")
    assert resolve(["metastat"], f"{tmp_path}/a:{tmp_path}/b") == {"metastat": str(first)}


def test_a_file_that_is_not_executable_and_a_folder_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "a/lockfs").mkdir(parents=True)
    executable(tmp_path / "b/lockfs").chmod(0o644)
    good = executable(tmp_path / "c/lockfs")
    assert resolve(["lockfs"], f"{tmp_path}/a:{tmp_path}/b:{tmp_path}/c") == {"lockfs": str(good)}


def test_all_missing_programs_are_named_with_the_folders(tmp_path: Path) -> None:
    executable(tmp_path / "metastat")
    with pytest.raises(Refused, match=r"lockfs, ufsdump \(searched: .*/nowhere\)"):
        resolve(["lockfs", "metastat", "ufsdump"], f"{tmp_path}:/nowhere")


def test_a_path_is_taken_as_it_is(tmp_path: Path) -> None:
    program = executable(tmp_path / "own tool")
    assert resolve([str(program)], "") == {str(program): str(program)}


def test_the_working_directory_is_never_searched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    executable(tmp_path / "metastat")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(Refused):
        resolve(["metastat"], ":.:")


def test_the_pinned_path_finds_a_shell() -> None:
    assert resolve(["sh"])["sh"].endswith("/bin/sh")
    assert all(folder.startswith("/") for folder in PINNED_PATH.split(":"))
