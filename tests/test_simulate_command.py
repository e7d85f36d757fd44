"""`svmrun simulate`."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from svmrun.cli.main import main
from svmrun.simulator import state_file


def test_it_installs_the_documented_cluster_and_says_how_to_use_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["simulate", str(tmp_path / "a b")]) == 0

    advice = next(line for line in capsys.readouterr().out.splitlines() if "PATH=" in line)
    shown = subprocess.run(
        ["sh", "-c", f"{advice.strip()} hostname"], capture_output=True, text=True, env={"PATH": "/usr/bin:/bin"}
    )
    assert shown.stdout == "phys-schost-1\n"


def test_world_time_and_faults_are_chosen(tmp_path: Path) -> None:
    words = ["--world", "full-tape", "--time-scale", "0.5", "--fault", "df=fail", "--fault", "mt#2=lie"]
    assert main(["simulate", str(tmp_path), *words]) == 0

    world = state_file.read(str(tmp_path))
    assert (world.name, world.time_scale) == ("full-tape", 0.5)
    assert [fault.effect for fault in world.faults] == ["fail", "lie"]


@pytest.mark.parametrize(
    "words", [["--fault", "nosuch=fail"], ["--time-scale", "-1"], ["--time-scale", "nan"], ["--world", "nosuch"]]
)
def test_what_does_not_exist_is_an_error_of_usage(
    tmp_path: Path, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["simulate", str(tmp_path), *words]) == 2
    assert capsys.readouterr().err
