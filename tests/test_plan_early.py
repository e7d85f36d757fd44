"""What a run will occupy is known before anything is asked of the host, where the values given tell it."""

from __future__ import annotations

import pytest

from svmrun.adapters.registry import REGISTRY
from svmrun.errors import InvalidInput
from svmrun.plan.build import Builder, Known, build
from svmrun.plan.early import early_resources
from svmrun.runbook import template
from svmrun.runbook.load import load_runbook
from tests.running import RUNBOOKS

BACKUP = {"diskset": "schost-1", "mirror": "d0", "mount_point": "/global/schost-1", "services": []}


def resources(text: str, **values: object) -> tuple[str, ...]:
    runbook = load_runbook("x.yaml", text.encode(), REGISTRY)
    return early_resources(Builder(runbook, REGISTRY, template, Known({}, values, {}), lambda _name, _arguments: ()))


def test_a_submirror_that_a_fact_tells_does_not_hide_which_mirror_is_taken() -> None:
    found = resources((RUNBOOKS / "mirror-backup.yaml").read_text(), **BACKUP)

    assert found == ("file system /global/schost-1", "mirror schost-1/d0")


@pytest.mark.parametrize(("kind", "found"), [("ufs", ("file system /export",)), ("raw", ())])
def test_what_a_skipped_step_would_hold_is_not_occupied(kind: str, found: tuple[str, ...]) -> None:
    lock = "lockfs: {mode: %s, mount_point: /export}"
    text = f"""\
schema: svmrun/v1
name: x
parameters: {{kind: {{type: string}}}}
steps:
  - {{id: a, when: kind == 'ufs', {lock % "write"}, rollback: {{{lock % "unlock"}}}, hold: 1h}}
  - release: a
"""
    assert resources(text, kind=kind) == found
    assert resources(text) == ()


def test_a_value_that_does_not_fit_is_left_to_the_plan() -> None:
    assert resources((RUNBOOKS / "mirror-backup.yaml").read_text(), **{**BACKUP, "mount_point": "?"}) == (
        "mirror schost-1/d0",
    )


def test_a_value_that_cannot_be_rendered_is_told_once() -> None:
    text = "schema: svmrun/v1\nname: x\nparameters: {many: {type: array}}\n"
    text += 'steps:\n  - {id: a, command: {argv: "{{ many }}"}}\n'
    runbook = load_runbook("x.yaml", text.encode(), REGISTRY)
    builder = Builder(runbook, REGISTRY, template, Known({}, {"many": ["a"]}, {}), lambda _name, _arguments: ())
    with pytest.raises(InvalidInput) as told:
        build(builder, "")
    assert [problem.message for problem in told.value.problems] == [
        "a list cannot stand inside a text; use `join` or `tojson`"
    ]
