"""The second pass: things that hold between parts of a runbook. Most cases are files in tests/cases/runbooks/bad."""

from __future__ import annotations

import pytest

from svmrun.adapters.registry import REGISTRY
from svmrun.errors import InvalidInput
from svmrun.runbook.load import load_runbook
from svmrun.runbook.model import Release, Runbook, Step
from svmrun.windows import Part, excess, in_words, worst_case_seconds

HEAD = "schema: svmrun/v1\nname: x\n"


def runbook(text: str) -> Runbook:
    return load_runbook("x.yaml", (HEAD + text).encode(), REGISTRY)


def errors(text: str) -> list[str]:
    with pytest.raises(InvalidInput) as caught:
        runbook(text)
    return [f"{p.position.line}: {p.message}" for p in caught.value.problems if p.position]


def locked(inside: str, hold: str = "30s", lock: str = "") -> str:
    return f"""\
steps:
  - id: lock
    lockfs: {{mode: write, mount_point: /data}}
    timeout: 10s
{lock}    rollback:
      lockfs: {{mode: unlock, mount_point: /data}}
    hold: {hold}
{inside}  - release: lock
"""


def test_a_hold_whose_parts_fit_exactly_is_accepted() -> None:
    steps = runbook(locked("  - id: a\n    command: {argv: sync}\n    timeout: 10s\n")).steps
    assert [type(step) for step in steps] == [Step, Step, Release]


def test_a_hold_that_may_take_longer_is_refused_with_the_arithmetic() -> None:
    text = locked("  - id: a\n    command: {argv: sync}\n    timeout: 10s\n    retry: {attempts: 2, delay: 1s}\n")
    assert errors(text) == [
        "9: the hold of 'lock' may last 41s, longer than its limit of 30s: "
        "lock 10s + a 2 x 10s and pauses of 1s + release of lock 10s"
    ]


def test_a_release_inside_a_hold_counts() -> None:
    inner = """\
  - id: off
    metaoffline: {mirror: d0, submirror: d10}
    timeout: 4s
    rollback:
      metaonline: {mirror: d0, submirror: d10}
      timeout: 7s
    hold: 1h
  - release: off
"""
    assert runbook(locked(inner, "31s"))
    assert "lock 10s + off 4s + release of off 7s + release of lock 10s" in errors(locked(inner, "30s"))[0]


def test_a_timeout_that_is_known_only_later_is_left_to_the_plan() -> None:
    text = "parameters: {root: {type: boolean}}\n" + locked(
        "  - id: a\n    command: {argv: sync, needs_root: '{{ root }}'}\n"
    )
    assert runbook(text).steps


def test_a_hold_that_blocks_nobody_may_take_as_long_as_it_likes() -> None:
    text = """\
steps:
  - id: off
    metadetach: {mirror: d0, submirror: d10}
    rollback:
      metattach: {mirror: d0, submirror: d10}
    hold: 1h
  - id: ask
    confirm: {question: Right tape?}
  - id: dump
    ufsdump: {level: 0, device: /dev/md/rdsk/d10, dump_device: /dev/rmt/0}
    timeout: 10h
  - release: off
"""
    assert runbook(text).steps


def test_a_command_that_says_that_it_blocks_writers_is_held_to_the_rules() -> None:
    text = """\
steps:
  - id: quiet
    command: {argv: [quiesce], blocks_writers: true}
    timeout: 5s
    rollback: {command: {argv: [resume]}, timeout: 5s}
    hold: 1m
  - id: ask
    confirm: {question: Go on?}
    timeout: 5s
  - release: quiet
"""
    assert errors(text) == ["10: 'confirm' may ask a person while 'quiet' keeps writers waiting"]


def test_a_broken_step_does_not_break_its_neighbours() -> None:
    """The hold's release is the broken step: that the hold is never released is not said as well."""
    text = locked("").replace("release: lock", "relaese: lock")
    assert errors(text) == ["10: unknown key 'relaese'"]


def test_a_reference_to_a_broken_step_is_not_a_second_error() -> None:
    text = "steps:\n  - id: a\n    comand: {argv: x}\n  - id: b\n    command: {argv: 'echo {{ steps.a.result }}'}\n"
    assert errors(text) == ["5: unknown key 'comand'"]


def test_a_misspelt_section_is_one_error() -> None:
    text = "facs:\n  a: {svcs: {services: [x]}}\nsteps:\n  - id: a\n    command: {argv: 'echo {{ a }}'}\n"
    assert errors(text) == ["3: unknown key 'facs'"]


def test_errors_of_all_passes_are_in_the_order_of_the_file() -> None:
    text = """\
parameters:
  a: {type: string, default: '{{ nothing }}'}
  b: {type: string, default: 007}
steps:
  - id: one
    command: {argv: x, unknown: 1}
  - release: two
"""
    assert [int(error.split(":")[0]) for error in errors(text)] == [4, 5, 8, 9]


@pytest.mark.parametrize("hold", ["0s", "0.0000001s", "99999999d", "1e300", "9" * 400 + "h"])
def test_a_duration_that_cannot_be_is_refused(hold: str) -> None:
    (error,) = errors(locked("", hold))
    assert error.startswith("9: ")


def test_yaml_booleans_are_expressions() -> None:
    (step,) = runbook("steps:\n  - id: a\n    command: {argv: x}\n    when: false\n").steps
    assert isinstance(step, Step)
    assert step.when == "false"


def test_a_command_as_a_text_is_split_before_any_rendering() -> None:
    text = "parameters: {p: {}}\nsteps:\n  - id: a\n    command: {argv: \"echo '{{ p }} x' {{ p }}\"}\n"
    (step,) = runbook(text).steps
    assert isinstance(step, Step)
    assert step.action.arguments["argv"] == ["echo", "{{ p }} x", "{{ p }}"]


def test_rollback_handlers_keep_their_order() -> None:
    text = """\
steps:
  - id: a
    command: {argv: x}
    rollback:
      - command: {argv: first}
        timeout: 1m
        retry: {attempts: 5, delay: 250ms}
      - command: {argv: second}
"""
    (step,) = runbook(text).steps
    assert isinstance(step, Step)
    assert [handler.arguments["argv"] for handler in step.rollback] == [["first"], ["second"]]
    assert step.rollback[0].timeout_seconds == 60.0
    assert step.rollback[0].retry is not None
    assert step.rollback[0].retry.delay_seconds == 0.25


def test_parameters_have_the_type_of_their_choices() -> None:
    parameters = "parameters:\n  a: {}\n  b: {enum: [1, 2]}\n  c: {enum: [x]}\n  d: {const: true}\n"
    text = parameters + "steps:\n  - {id: a, command: {argv: x}}\n"
    assert [p.schema["type"] for p in runbook(text).parameters] == ["string", "integer", "string", "boolean"]


def test_worst_cases_add_attempts_and_doubling_pauses() -> None:
    parts = [Part("a", 10), Part("b", 5, attempts=3, delay_seconds=2)]
    assert worst_case_seconds(parts) == 10 + 15 + 2 + 4
    assert excess("a", 31, parts) is None
    assert excess("a", 30.5, parts) == (
        "the hold of 'a' may last 31s, longer than its limit of 30s500ms: a 10s + b 3 x 5s and pauses of 6s"
    )


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "0s"), (0.25, "250ms"), (90, "1m30s"), (5400, "1h30m"), (86400, "1d"), (1.5, "1s500ms")]
)
def test_durations_are_shown_as_they_are_written(seconds: float, words: str) -> None:
    assert in_words(seconds) == words
