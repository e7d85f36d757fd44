"""World files: the shipped ones, their schema, and what is said about wrong ones."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from svmrun.errors import InvalidInput, UsageError
from svmrun.runbook.source import load
from svmrun.simulator import linux_disks
from svmrun.simulator import world as shapes
from svmrun.simulator.world_file import load_world, shipped_names
from svmrun.simulator.world_plain import world_from_plain, world_to_plain
from svmrun.simulator.world_schema import world_schema
from svmrun.simulator.world_texts import TEXTS

CASES = Path(__file__).parent / "cases" / "simulator" / "worlds"
SCHEMA = Path(__file__).parent.parent / "schemas" / "world-v1.schema.json"


@pytest.mark.parametrize("path", sorted(CASES.glob("*.yaml")), ids=lambda path: path.stem)
def test_a_wrong_world_is_refused_with_every_problem_at_its_place(path: Path) -> None:
    with pytest.raises(InvalidInput) as refused:
        load_world(str(path), load)

    said = "".join(f"{problem}\n".splitlines()[0] + "\n" for problem in refused.value.problems)
    assert said.replace(f"{path}:", f"{path.name}:") == path.with_suffix(".expected").read_text()


@pytest.mark.parametrize("name", shipped_names())
def test_a_shipped_world_is_good_and_survives_being_written(name: str) -> None:
    world = load_world(name, load)

    plain = json.loads(json.dumps(world_to_plain(world)))

    assert world.name == name
    assert world_from_plain(plain) == world
    Draft202012Validator(world_schema()).validate(plain)


def test_the_committed_schema_is_the_generated_one() -> None:
    Draft202012Validator.check_schema(world_schema())

    assert json.loads(SCHEMA.read_text()) == world_schema()


def test_every_text_of_the_schema_belongs_to_a_field() -> None:
    for shape, texts in TEXTS.items():
        fields = (getattr(shapes, shape, None) or getattr(linux_disks, shape)).__dataclass_fields__
        assert set(texts) - {""} <= set(fields), shape


def test_an_unknown_world_is_named_with_those_that_are_there() -> None:
    with pytest.raises(UsageError, match=r"there is no world 'schots'.*schost"):
        load_world("schots", load)


def test_the_documented_world_brings_example_parameters() -> None:
    world = load_world("schost", load)

    assert world.parameters == {"diskset": "schost-1", "mirror": "d0", "mount_point": "/global/schost-1"}
