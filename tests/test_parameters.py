"""Values of parameters: origins, types, secrets, defaults."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from svmrun.adapters.registry import REGISTRY
from svmrun.errors import InvalidInput
from svmrun.runbook.arguments import argument_faults
from svmrun.runbook.load import load_runbook
from svmrun.runbook.model import Parameter, Runbook
from svmrun.runbook.parameters import Origins, default_value, given
from tests.verifying import preparation

Json = Any
TEXT = """\
schema: svmrun/v1
name: x
parameters:
  mirror: {type: string, description: Mirror to back up, pattern: '^d[0-9]+$'}
  level: {type: integer, minimum: 0, maximum: 9, default: 0}
  factor: {type: number, default: 1}
  update: {type: boolean, default: true}
  hosts: {type: array, items: {type: string}, default: []}
  options: {type: object, default: {}}
  kind: {enum: [ufs, raw], default: ufs}
  password: {type: string, secret: true, minLength: 4}
  label: {type: string, default: "{{ mirror }} on {{ host.name }}"}
  next_level: {type: integer, default: "{{ level + 1 }}"}
steps:
  - id: a
    command: {argv: sync}
"""
THIRD = "  third: {type: integer, default: 5}\n"
HOST = {"host": {"name": "one"}}


def book(text: str = TEXT) -> Runbook:
    return load_runbook("x.yaml", text.encode(), REGISTRY)


def values(*assignments: str, **origins: Any) -> dict[str, Json]:
    origins.setdefault("environment", {"SVMRUN_PARAM_PASSWORD": "geheim"})
    return given(book(), Origins(assignments, **origins))


def problems(*assignments: str, **origins: Any) -> list[str]:
    with pytest.raises(InvalidInput) as caught:
        values(*assignments, **origins)
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("assignment", "value"),
    [
        ("level=3", 3),
        ("factor=1.5", 1.5),
        ("factor=2", 2),
        ("update=false", False),
        ("hosts=[a, b]", ["a", "b"]),
        ('hosts=["a"]', ["a"]),
        ("options={a: 1}", {"a": 1}),
        ("kind=raw", "raw"),
        ("label=007", "007"),
        ("label=true", "true"),
        ("label=", ""),
        ("label=a=b", "a=b"),
        ("label={{ 1 + 1 }}", "{{ 1 + 1 }}"),
        ("label=@file", "@file"),
    ],
)
def test_a_value_is_read_by_the_type_of_its_parameter(assignment: str, value: Json) -> None:
    read = values("mirror=d0", assignment)[assignment.split("=")[0]]
    assert (read, type(read)) == (value, type(value))


@pytest.mark.parametrize(
    ("assignment", "message"),
    [
        ("level=x", "'x' is not a whole number"),
        ("level=1.5", "'1.5' is not a whole number"),
        ("level=true", "'true' is not a whole number"),
        ("level=10", "10 is greater than 9"),
        ("update=yes", "'yes' is not true or false"),
        ("hosts=a", "write it as [a, b]"),
        ("hosts=[1]", "this must be a text, not 1"),
        ("kind=zfs", "did you mean 'ufs'"),
        ("lebel=3", "did you mean 'level'"),
        ("level", "there is no value"),
        ("label=\udcff", "not text in UTF-8"),
        ("label=a\x00b", "not text in UTF-8"),
    ],
)
def test_a_value_that_does_not_fit_is_refused(assignment: str, message: str) -> None:
    (problem,) = problems("mirror=d0", assignment)
    assert message in problem


def test_all_problems_are_reported_together() -> None:
    found = problems("level=x", "nosuch=1", "update=maybe", "factor=1", "factor=2", environment={})
    assert len(found) == 6
    assert "the parameter 'mirror' needs a value (Mirror to back up)" in found[4]
    assert "SVMRUN_PARAM_PASSWORD" in found[5]


def test_the_command_line_wins_over_the_file_and_the_file_over_the_example() -> None:
    file = ("p.yaml", b"mirror: d1\nlevel: 1\n")
    read = values("mirror=d0", file=file, fallback={"level": 5, "mirror": "d5", "factor": 7, "unknown": 1})
    assert (read["mirror"], read["level"], read["factor"]) == ("d0", 1, 7)


def test_errors_of_a_file_have_their_place() -> None:
    found = problems(file=("p.yaml", b"mirror: x\nlevl: 1\n"))
    assert found[0].startswith("p.yaml:1:9: error: mirror: 'x' does not match the pattern")
    assert "hint: Mirror to back up" in found[0]
    assert found[1].startswith("p.yaml:2:1: error: the runbook has no parameter 'levl'")
    assert len(found) == 2


def test_what_breaks_a_pattern_is_told_by_the_examples_before_the_expression() -> None:
    shown = TEXT.replace("pattern: '^d[0-9]+$'", "examples: [d0, d10, d20], pattern: '^d[0-9]+$'")
    with pytest.raises(InvalidInput) as caught:
        given(book(shown), Origins(["mirror=x"], environment={"SVMRUN_PARAM_PASSWORD": "geheim"}))
    (problem,) = map(str, caught.value.problems)
    assert "-p mirror: 'x' does not have the form of 'd0' or 'd10' (it must match ^d[0-9]+$)" in problem
    assert "hint: Mirror to back up" in problem


@pytest.mark.parametrize("data", [b"", b"- a\n", b"a: [", b"\xff"])
def test_a_broken_file_is_told_without_blaming_what_it_may_have_held(data: bytes) -> None:
    assert all("p.yaml" in problem or "needs a value" in problem for problem in problems(file=("p.yaml", data)))


def test_a_secret_comes_from_the_environment_a_file_or_a_prompt() -> None:
    assert values("mirror=d0")["password"] == "geheim"
    asked: list[str] = []

    def ask(parameter: Parameter) -> str:
        asked.append(parameter.name)
        return "typed"

    assert values("mirror=d0", environment={}, ask=ask)["password"] == "typed"
    assert asked == ["password"]
    files = {"/run/secret": "from a file\n"}
    assert values("mirror=d0", "password=@/run/secret", read_file=files.__getitem__)["password"] == "from a file"


def test_a_missing_secret_file_is_told() -> None:
    def read_file(path: str) -> str:
        raise FileNotFoundError(2, "No such file or directory", path)

    (problem,) = problems("mirror=d0", "password=@/nowhere", read_file=read_file)
    assert problem.startswith("error: -p password: cannot read /nowhere: No such file")


def test_no_message_shows_a_secret() -> None:
    shown = problems("mirror=d0", "password=pw") + problems("mirror=d0", environment={"SVMRUN_PARAM_PASSWORD": "pw"})
    shown += problems("mirror=d0", environment={}, file=("p.yaml", b"password: pw\n"))
    assert len(shown) == 3
    assert not any("pw" in problem for problem in shown)


def test_only_secrets_are_taken_from_the_environment() -> None:
    found = problems(environment={"SVMRUN_PARAM_MIRROR": "d0", "SVMRUN_PARAM_PASSWORD": "geheim"})
    assert len(found) == 1


def default(name: str, names: dict[str, Json], text: str = TEXT) -> Json:
    parameter = next(p for p in book(text).parameters if p.name == name)
    return default_value(book(text), parameter, names)


def test_defaults_are_rendered_over_parameters_and_facts() -> None:
    assert default("label", {"mirror": "d0", **HOST}) == "d0 on one"
    assert default("next_level", {"level": 3}) == 4
    assert default("kind", {}) == "ufs"


def test_a_default_may_refer_to_one_that_stands_later(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(TEXT.replace("default: 0}", 'default: "{{ third }}"}').replace("steps:", THIRD + "steps:"))
    read = preparation(path, "schost", "mirror=d0", "password=geheim").desk().known
    assert (read["level"], read["next_level"]) == (5, 6)


def test_a_default_that_fails_or_does_not_fit_is_told_with_its_place() -> None:
    with pytest.raises(InvalidInput, match=r"x.yaml:12:34: error: the default of 'label' has no value: there is no"):
        default("label", {"mirror": "d0", "host": {}})
    with pytest.raises(InvalidInput, match=r"x.yaml:13:40: error: the default of 'next_level' has no value"):
        default("next_level", {"level": "x"})
    with pytest.raises(InvalidInput, match="does not fit: this must be a whole number"):
        default("next_level", {"level": 1}, TEXT.replace("{{ level + 1 }}", "{{ level ~ 'x' }}"))


def test_rendered_arguments_are_judged_by_the_adapter_of_the_action() -> None:
    def faults(name: str, arguments: dict[str, Json]) -> list[tuple[Json, str]]:
        found = argument_faults(name, arguments, REGISTRY, lambda value: value == {"$later": "x"})
        return [(fault.path, fault.message) for fault in found]

    assert faults("lockfs", {"mode": "write", "mount_point": "/data"}) == []
    assert faults("lockfs", {"mode": "write", "mount_point": "-a"}) == [
        (("mount_point",), "'-a' is not an absolute path")
    ]
    assert faults("lockfs", {"mode": "write", "mount_point": {"$later": "x"}}) == []
    polled = {"svcs": {"services": [1]}, "until": "true"}
    assert [path for path, _ in faults("wait_for", polled)] == [("svcs", "services", 0)]
