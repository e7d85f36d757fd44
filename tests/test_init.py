"""`svmrun init`: a new runbook out of answers, which validates, lints and verifies as written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pexpect
import pytest

from svmrun.adapters.registry import REGISTRY
from svmrun.drafting.fill import fill
from svmrun.drafting.question import Devices
from svmrun.drafting.questions import PATTERNS, asked
from svmrun.effects.runbook_files import shipped
from svmrun.lint.engine import lint
from svmrun.runbook.load import load_runbook
from svmrun.runbook.source import load
from svmrun.simulator.from_metastat import world_from_metastat
from svmrun.simulator.world import World
from svmrun.simulator.world_file import load_world
from svmrun.values import replace
from svmrun.verify.prepare import Preparation
from svmrun.verify.verification import verify
from tests.running import SVMRUN, Ended, Scene

Json = Any
METASTAT = """\
oracle/d5 -m oracle/d15 oracle/d25 1
oracle/d15 1 1 c1t0d0s0
oracle/d25 1 1 c2t0d0s0
oracle/d6 -m oracle/d16 oracle/d26 oracle/d36 1
oracle/d16 1 1 c1t1d0s0
oracle/d26 1 1 c2t1d0s0
oracle/d36 1 1 c3t1d0s0
oracle/d9 -m oracle/d19 1
oracle/d19 1 1 c1t2d0s0
"""


@pytest.fixture
def folder(scene: Scene) -> Path:
    """The working folder, with the output of a real host's metastat in it."""
    (scene.folder / "runbooks").mkdir()
    (scene.folder / "oracle.txt").write_text(METASTAT)
    return scene.folder


def init(scene: Scene, answers: Json, *words: str) -> Ended:
    (scene.folder / "answers.yaml").write_text(json.dumps(answers))
    return scene.run("init", "--answers", "answers.yaml", *words)


def at_terminal(scene: Scene, *words: str) -> Any:
    environment = {**scene.environment, "TERM": "dumb"}
    return pexpect.spawn(SVMRUN, ["init", *words], env=environment, cwd=str(scene.folder), timeout=60)


def values(path: Path) -> dict[str, Json]:
    document, _ = load(str(path), path.read_bytes())
    return {name: one["default"] for name, one in document["parameters"].items() if "default" in one}


def demand_flawless(path: Path, world: World, **given: Json) -> None:
    """It is valid, lint finds nothing, and no single failure in that world ends badly."""
    runbook = load_runbook(str(path), path.read_bytes(), REGISTRY)
    assert lint(str(path), path.read_bytes(), REGISTRY) == []
    result = verify(Preparation(runbook, REGISTRY, world, {**world.parameters, **given}), 1, 1)
    assert (result.prevented, result.violations) == ("", ())


def of_oracle(mirror: str) -> World:
    return world_from_metastat(METASTAT, name="oracle", mirror=mirror)


@pytest.mark.parametrize("how", ["detach", "offline"])
def test_a_mirror_of_the_users_own_host_verifies_as_written(scene: Scene, folder: Path, how: str) -> None:
    answers = {"how": how, "mirror": "oracle/d6", "mount_point": "/export/d6", "dump_device": "/backup/d6.dump"}
    ended = init(scene, answers, "nightly", "--metastat", "oracle.txt")
    assert ended.code == 0, ended.said
    path = folder / "runbooks" / "nightly.yaml"
    told = values(path)
    assert (told["diskset"], told["mirror"], told["mount_point"]) == ("oracle", "d6", "/export/d6")
    assert told["dump_device"] == "/backup/d6.dump"
    assert told.get("sides") == (3 if how == "detach" else None)
    demand_flawless(path, of_oracle("oracle/d6"), dump_device="/dev/rmt/0")


def test_raw_data_on_a_mirror_of_the_host_verifies_as_written(scene: Scene, folder: Path) -> None:
    answers = {"data": "raw", "control": "svmsim-quiesce", "database": "books_m1"}
    ended = init(scene, answers, "books", "--simulate", "raw-volume")
    assert ended.code == 0, ended.said
    demand_flawless(folder / "runbooks" / "books.yaml", load_world("raw-volume", load))


def test_a_file_system_on_linux_is_valid_and_lints(scene: Scene, folder: Path) -> None:
    ended = init(scene, {"family": "linux", "mount_point": "/srv/data", "copy_to": "/backup/data.image"}, "data")
    assert ended.code == 0, ended.said
    assert lint("data.yaml", (folder / "runbooks" / "data.yaml").read_bytes(), REGISTRY) == []


LINUX = {
    "md": {"array": "/dev/md0", "legs": "3", "mount_point": "/srv/data", "dump_to": "/backup/data.dump"},
    "lvm": {"volume": "vg/data", "mount_point": "/srv/data", "dump_to": "/backup/data.dump"},
    "btrfs": {"subvolume": "/srv/data", "send_to": "/backup/data.btrfs"},
    "postgresql": {"copy_to": "/backup/postgresql"},
}


@pytest.mark.parametrize("family", LINUX)
def test_data_on_linux_verify_as_written(scene: Scene, folder: Path, family: str) -> None:
    ended = init(scene, {"family": family, **LINUX[family]}, "data")
    assert ended.code == 0, ended.said
    demand_flawless(folder / "runbooks" / "data.yaml", replace(load_world(family, load), parameters={}))


@pytest.mark.parametrize(("world", "pattern"), [("md", "e2fsck"), ("xfs", "xfs_repair")])
def test_an_array_that_is_mounted_is_offered_with_its_file_system(
    scene: Scene, folder: Path, world: str, pattern: str
) -> None:
    ended = init(scene, {"dump_to": "/backup/data.dump"}, "data", "--simulate", world)
    assert ended.code == 0, ended.said
    path = folder / "runbooks" / "data.yaml"
    assert (values(path)["array"], values(path)["mount_point"]) == ("/dev/md0", "/srv/data")
    assert f" {pattern}:" in path.read_text()


def test_a_host_without_mirrors_is_taken_for_what_it_is(scene: Scene, folder: Path) -> None:
    ended = init(scene, {"mount_point": "/srv/data", "copy_to": "/backup/data.image"}, "data", "--local")
    assert ended.code == 0, ended.said
    assert values(folder / "runbooks" / "data.yaml")["mount_point"] == "/srv/data"


def test_mirrors_and_mount_points_of_the_host_are_the_defaults(scene: Scene, folder: Path) -> None:
    ended = init(scene, {}, "--simulate")
    assert ended.code == 0, ended.said
    told = values(folder / "runbooks" / "backup-schost-1-d0.yaml")
    assert (told["mirror"], told["mount_point"], told["sides"]) == ("d0", "/global/schost-1", 3)
    assert "{{" in told["submirror"], "the last side is found by the runbook itself"


def test_another_side_than_the_last_is_written_down(scene: Scene, folder: Path) -> None:
    init(scene, {"submirror": "schost-1/d10"}, "early", "--simulate")
    assert values(folder / "runbooks" / "early.yaml")["submirror"] == "d10"


def test_the_schema_is_written_beside_so_that_editors_complete(scene: Scene, folder: Path) -> None:
    init(scene, {}, "nightly", "--simulate")
    first = (folder / "runbooks" / "nightly.yaml").read_text().splitlines()[0]
    assert first == "# yaml-language-server: $schema=../schemas/runbook-v1.schema.json"
    assert json.loads((folder / "schemas" / "runbook-v1.schema.json").read_text())["title"].startswith("svmrun")


def test_a_person_is_asked_at_the_terminal_and_asked_again_for_what_does_not_do(scene: Scene, folder: Path) -> None:
    child = at_terminal(scene, "--metastat", "oracle.txt")
    dialogue = [
        ("What holds the data", ""),
        ("What lies on the mirror", "tapes"),
        ("is none of ufs, raw", ""),
        ("How is a side taken off", ""),
        (r"Which mirror.*oracle/d5, oracle/d6\) \[oracle/d5\]", "oracle/d6"),
        (r"Which side.*\[oracle/d36\]", ""),
        ("Where is it mounted", ""),
        ("an answer is needed", "export"),
        ("must be an absolute path", "/export/d6"),
        (r"Tape drive.*\[/dev/rmt/0\]", ""),
        (r"Name of the runbook\? \[backup-oracle-d6\]", "night"),
    ]
    for expected, answer in dialogue:
        child.expect(expected)
        child.sendline(answer)
    child.expect("wrote runbooks/night.yaml")
    child.expect("from-metastat oracle.txt --mirror oracle/d6")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0
    demand_flawless(folder / "runbooks" / "night.yaml", of_oracle("oracle/d6"))


def test_nothing_is_written_when_the_person_leaves(scene: Scene, folder: Path) -> None:
    child = at_terminal(scene)
    child.expect("What holds the data")
    child.sendeof()
    child.expect("nothing was written")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 2
    assert list((folder / "runbooks").iterdir()) == []


@pytest.mark.parametrize(
    ("answers", "words", "code", "said"),
    [
        ({}, ("--metastat", "oracle.txt"), 3, "mount_point is missing"),
        ({"mirror": "oracle/d9"}, ("--metastat", "oracle.txt"), 3, "none of oracle/d5, oracle/d6"),
        ({"mount_pont": "/x", "mount_point": "/x"}, ("--metastat", "oracle.txt"), 3, "nobody asks for 'mount_pont'"),
        ({"name": "a b"}, ("--simulate",), 3, "'a b' does not do"),
        ({}, ("--metastat", "answers.yaml"), 3, "answers.yaml"),
        ({}, ("--metastat", "nowhere"), 3, "cannot read nowhere"),
        ({}, ("../../x", "--simulate"), 2, "a name has letters"),
        (["x"], ("--simulate",), 3, "answers are a mapping"),
    ],
)
def test_answers_that_do_not_do_are_refused_with_a_sentence(
    scene: Scene, folder: Path, answers: Json, words: tuple[str, ...], code: int, said: str
) -> None:
    ended = init(scene, answers, *words)
    assert (ended.code, said in ended.said) == (code, True), ended.said
    assert list((folder / "runbooks").iterdir()) == []


def test_nothing_is_overwritten(scene: Scene, folder: Path) -> None:
    path = folder / "runbooks" / "nightly.yaml"
    path.write_text("mine")
    assert init(scene, {}, "nightly", "--simulate").code == 3
    assert path.read_text() == "mine"


@pytest.mark.parametrize("pattern", sorted(PATTERNS.values()))
@pytest.mark.parametrize("value", ["it's", "007", "yes: no", "#1", "é{{ 'x' }}", "null"])
def test_whatever_is_answered_the_text_says_it_and_keeps_all_comments(pattern: str, value: str) -> None:
    text = (shipped("runbooks") / f"{pattern}.yaml").read_text()
    key = next(key for key in ("mount_point", "database", "subvolume", "copy_to") if f"  {key}:" in text)
    filled = fill(text, "new", "s.json", {key: value})
    document, _ = load("new.yaml", filled.encode())
    assert value in [one.get("default") for one in document["parameters"].values()]
    assert document["name"] == "new"
    assert filled.count("#") == text.count("#") + value.count("#")


def test_every_pattern_can_be_reached_by_answers() -> None:
    def answers(wanted: dict[str, str]) -> dict[str, str]:
        return asked(Devices(), lambda one: wanted.get(one.key, one.default or "/x"))

    for way in PATTERNS:
        wanted = dict(zip(("family", "data", "how"), way, strict=False))
        assert wanted.items() <= answers(wanted).items()
