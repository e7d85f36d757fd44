"""A secret, and what is made of it, stands in nothing that svmrun prints or writes."""

from __future__ import annotations

from pathlib import Path

import pytest

from svmrun.adapters.registry import REGISTRY
from svmrun.runbook.load import load_runbook
from svmrun.runbook.secrecy import hidden_texts
from tests.running import Ended, Scene

SECRET = "pass'Wort/7"
HEAD = """\
schema: svmrun/v1
name: with-a-secret
description: Works with a password.
parameters:
  password: {type: string, secret: true, description: The password}
  account: {type: string, default: "operator:{{ password }}", description: Made of a secret}
"""
STEPS = """\
steps:
  - id: use
    command: {argv: [echo, "{{ password }}", "{{ account }}", "{{ password | upper }}"]}
  - id: show
    command: {argv: [sh, -c, 'printf "%s\\n" "$P"; echo "$P" >&2; exit 3'], environment: {P: "{{ account }}"}}
"""


def executed(scene: Scene, runbook: str, *more: str, command: str = "execute") -> Ended:
    path = scene.folder / "secret.yaml"
    path.write_text(runbook)
    return scene.run(command, str(path), *more, SVMRUN_PARAM_PASSWORD=SECRET)


def leaks(text: str) -> bool:
    return any(secret in text for secret in (SECRET, SECRET.upper(), repr(SECRET)[1:-1]))


def written(folder: Path) -> str:
    return "\n".join(path.read_text(errors="replace") for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("output", ["text", "json"])
def test_neither_a_secret_nor_what_is_made_of_it_is_shown_or_written(output: str, scene: Scene) -> None:
    runbook = HEAD + STEPS

    ended = executed(scene, runbook, "--output", output)
    planned = executed(scene, runbook, "--output", output, command="plan")

    assert (ended.code, planned.code) == (1, 0), ended.said + planned.said
    assert "********" in ended.said
    assert not leaks(ended.said + planned.said)
    assert "********" in written(scene.state)
    assert not leaks(written(scene.state))


def test_the_message_of_a_check_that_does_not_hold_is_masked(scene: Scene) -> None:
    ended = executed(scene, HEAD + "checks:\n  - {that: 1 == 2, message: 'not {{ account }}'}\n" + STEPS)

    assert ended.code == 6
    assert "not ********" in ended.err
    assert not leaks(ended.said)


@pytest.mark.parametrize(
    ("part", "code"),
    [
        ('facts:\n  free: {df: {path: "{{ password }}"}}\n' + STEPS, 3),
        ('steps:\n  - id: free\n    df: {path: "{{ password }}"}\n', 1),
        ("steps:\n  - {id: free, command: {argv: [echo, \"{{ {'a': 1}[password] }}\"]}}\n", 1),
    ],
    ids=["fact", "step", "filter"],
)
def test_what_is_said_about_a_value_that_does_not_fit_does_not_quote_a_secret(
    part: str, code: int, scene: Scene
) -> None:
    ended = executed(scene, HEAD + part)

    assert ended.code == code, ended.said
    assert not leaks(ended.said)
    assert not leaks(written(scene.state))


def test_texts_that_tell_nothing_of_a_secret_stay_readable() -> None:
    text = (
        HEAD
        + "steps:\n  - {id: a, command: {argv: [\"{{ 'online' if password else 'off' }}\", \"{{ password[:2] }}\"]}}\n"
    )
    runbook = load_runbook("x.yaml", text.encode(), REGISTRY)

    assert hidden_texts(runbook, {"password": "Geheimnis"}) == ("Geheimnis",)


def test_each_line_of_a_long_secret_is_hidden() -> None:
    runbook = load_runbook("x.yaml", (HEAD + STEPS).encode(), REGISTRY)

    assert {"first line", "second line"} <= set(hidden_texts(runbook, {"password": "first line\nsecond line\n"}))
