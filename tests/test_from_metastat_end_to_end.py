"""From the `metastat -p` of a host to a backup of its mirror, on a world made from it."""

from __future__ import annotations

from pathlib import Path

import pytest

from svmrun.runbook.source import load
from svmrun.simulator.world_file import load_world
from tests.running import Scene, differences
from tests.test_runbook_success import images

CASES = Path(__file__).parent / "cases"
OWN = CASES / "worlds" / "metastat-p"
MIRRORS = [
    OWN / "set-short-names.txt",
    OWN / "mirror-of-concats.txt",
    OWN / "disksuite.txt",
    CASES / "simulator" / "metastat-p" / "set-full-paths.txt",
    CASES / "simulator" / "metastat-p" / "long-names.txt",
    CASES / "simulator" / "metastat-p" / "soft-partitions-on-a-mirror.txt",
]


def host_of(path: Path, scene: Scene) -> None:
    world = scene.folder / "world.yaml"
    made = scene.run("world", "from-metastat", str(path), "-o", str(world))
    assert made.code == 0, made.said
    scene.host(load_world(str(world), load))


@pytest.mark.parametrize("path", MIRRORS, ids=lambda path: path.stem)
def test_the_mirror_of_a_real_host_is_backed_up_on_its_world(path: Path, scene: Scene) -> None:
    host_of(path, scene)
    example = scene.before.parameters

    ended = scene.execute("mirror-backup")

    assert ended.code == 0, ended.said
    assert images(scene.world)[0].consistent
    assert differences(scene.before, scene.world) == []
    changes = scene.calls()
    assert changes[0] == f"lockfs -w {example['mount_point']}"
    option = f"-s {example['diskset']} " if example["diskset"] else ""
    assert changes[1].startswith(f"metadetach {option}{example['mirror']} ")
    assert changes[2] == f"lockfs -u {example['mount_point']}"


def test_the_plan_for_such_a_world_changes_nothing(scene: Scene) -> None:
    host_of(OWN / "set-short-names.txt", scene)

    ended = scene.run("plan", "mirror-backup", "--simulate", str(scene.folder / "host"))

    assert ended.code == 0, ended.said
    assert "metadetach -s harbor d30 d33" in ended.out
    assert scene.calls() == ()


def test_a_mirror_of_one_side_is_refused_and_nothing_is_changed(scene: Scene) -> None:
    host_of(OWN / "one-sided.txt", scene)

    ended = scene.execute("mirror-backup")

    assert ended.code == 6, ended.said
    assert "d10 has one side only: taking it off would leave nothing" in ended.err
    assert scene.calls() == ()
    assert scene.world.mirrors == scene.before.mirrors
