"""The language's own adapters, from command to notify; and what holds of every adapter."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from svmrun.adapters import judge, session, wait_for
from svmrun.adapters.base import Parts
from svmrun.adapters.registry import REGISTRY
from tests import adapter_cases
from tests.program_cases import check

ARGUMENTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))


@pytest.mark.parametrize("name", adapter_cases.names("command", "dialogue", "session"))
def test_any_program_is_started_and_read_as_the_case_says(name: str) -> None:
    check(name)


@settings(deadline=None, max_examples=15)
@given(st.lists(ARGUMENTS | st.sampled_from(["-x", "a b", "'", '"; rm -rf /', "\n", "$(id)", "*", ""]), max_size=6))
def test_every_argument_reaches_the_program_as_one(arguments: list[str]) -> None:
    show = [sys.executable, "-S", "-E", "-c", "import sys, json; print(json.dumps(sys.argv[1:]))", *arguments]
    command = REGISTRY["command"].command_line(REGISTRY["command"].complete({"argv": show}))
    done = subprocess.run(command.argv, capture_output=True, check=True, env={"LC_ALL": "C.UTF-8"})
    assert json.loads(done.stdout) == arguments


@pytest.mark.parametrize("name", sorted(REGISTRY))
def test_every_field_of_an_adapter_teaches_in_an_editor(name: str) -> None:
    adapter = REGISTRY[name]
    jsonschema.Draft202012Validator.check_schema(dict(adapter.schema))
    assert adapter.name == name
    assert adapter.summary
    for field, schema in adapter.schema["properties"].items():
        assert {"title", "description", "examples"} <= schema.keys(), field
        for example in [*schema["examples"], *([schema["default"]] if "default" in schema else [])]:
            jsonschema.validate(example, schema, cls=jsonschema.Draft202012Validator)


@pytest.mark.parametrize("name", adapter_cases.names(*REGISTRY))
def test_the_arguments_of_a_case_fit_the_schema(name: str) -> None:
    case = adapter_cases.load(name)
    if "refused" not in case.head:
        schema = dict(REGISTRY[case.adapter].schema)
        jsonschema.validate(case.head["arguments"], schema, cls=jsonschema.Draft202012Validator)


def test_a_command_is_what_its_runbook_says_of_it() -> None:
    adapter = REGISTRY["command"]
    quiet = {"argv": ["quiesce"], "blocks_writers": True, "resource": "database PROD"}
    assert adapter.blocks_writers(quiet)
    assert adapter.resource(quiet) == "database PROD"
    assert not adapter.read_only(quiet)
    copy = {"argv": ["dd"], "copies_data": True}
    assert adapter.copies(copy)
    assert adapter.default_timeout(copy) > adapter.default_timeout(quiet)
    assert adapter.read_only({"argv": ["x"], "read_only": True})


def test_a_template_is_not_a_promise_to_change_nothing() -> None:
    for name in ("command", "dialogue"):
        assert not REGISTRY[name].read_only({"argv": ["x"], "read_only": "{{ maybe }}"})
        assert REGISTRY[name].blocks_writers({"argv": ["x"], "blocks_writers": "{{ maybe }}"})


def test_a_command_gets_its_surroundings() -> None:
    adapter = REGISTRY["command"]
    wish = {"argv": ["x"], "environment": {"A": 1}, "directory": "/var/tmp", "stdin": "yes\n", "stop_signal": "INT"}
    command = adapter.command_line(adapter.complete(wish))
    assert (command.environment, command.directory, command.stdin) == ({"A": "1"}, "/var/tmp", "yes\n")
    assert command.stop_signal == "INT"


def test_a_dialogue_knows_its_prompts_and_its_silence() -> None:
    adapter = REGISTRY["dialogue"]
    prompts = [
        {"expect": "Password: ?$", "answer": "pw", "secret": True, "at_most": 1},
        {"expect": "no!", "fails": "refused"},
    ]
    command = adapter.command_line(adapter.complete({"argv": ["x"], "prompts": prompts, "silence": "1m30s"}))
    assert command.dialogue is not None
    assert command.dialogue.silence_seconds == 90
    first, second = command.dialogue.prompts
    assert (first.pattern, first.answer, first.secret, first.at_most) == ("Password: ?$", "pw", True, 1)
    assert (second.answer, second.fails) == (None, "refused")


def test_a_dialogue_asks_the_operator_only_where_an_answer_is_left_out() -> None:
    adapter = REGISTRY["dialogue"]
    assert not adapter.asks({"argv": ["x"], "prompts": [{"expect": "a", "answer": "b"}, {"expect": "c", "fails": "d"}]})
    assert adapter.asks({"argv": ["x"], "prompts": [{"expect": "Tape ready?"}]})
    assert REGISTRY["confirm"].asks({"question": "Go on?"})


def test_a_session_is_opened_spoken_to_and_closed() -> None:
    complete = REGISTRY["session"].complete
    opened = session.request(complete({"open": "db", "argv": ["sqlplus"], "prompt": "SQL> $"}))
    sent = session.request(complete({"send": "db", "text": "alter system suspend;", "expect": "altered"}))
    closed = session.request(complete({"close": "db", "text": "exit"}))
    assert opened == session.SessionRequest("open", "db", None, "SQL> $")
    assert sent == session.SessionRequest("send", "db", "alter system suspend;", "altered")
    assert closed == session.SessionRequest("close", "db", "exit")
    with pytest.raises(ValueError, match="starts no program"):
        REGISTRY["session"].command_line(complete({"close": "db"}))


def test_a_session_that_has_a_proof_is_looked_for_by_another_program() -> None:
    adapter = REGISTRY["session"]
    proof = {"argv": ["dbctl", "sessions"], "shows": "backup open", "otherwise": "none"}
    opened = adapter.complete({"open": "db", "argv": ["sqlplus"], "prompt": "SQL> $", "proof": proof})
    adapter.check(opened)
    look = adapter.probe(opened)
    assert look is not None
    assert (look.adapter, look.arguments["argv"]) == ("command", ["dbctl", "sessions"])
    assert [look.present({"lines": [line]}) for line in ("backup 7 open", "none", "?")] == [True, False, None]
    assert adapter.probe(adapter.complete({"close": "db"})) is None
    with pytest.raises(ValueError, match="does not belong"):
        adapter.check(adapter.complete({"close": "db", "proof": proof}))


@pytest.mark.parametrize("key", ["prompt", "fails"])
def test_a_session_refuses_a_pattern_that_is_none(key: str) -> None:
    with pytest.raises(ValueError, match="not a regular expression"):
        session.request({"open": "db", "argv": ["x"], "prompt": "> ", key: "("})


def test_waiting_polls_exactly_one_action() -> None:
    names = REGISTRY.keys()
    wish = {"svcs": {"services": ["x"]}, "until": "result.online", "every": "500ms"}
    assert wait_for.polled(wish, names) == Parts("svcs", {"services": ["x"]})
    assert wait_for.every_seconds(wish) == 0.5
    with pytest.raises(ValueError, match=r"exactly one read-only action to repeat$"):
        wait_for.polled({"until": "true"}, names)
    with pytest.raises(ValueError, match="not `svcs` and `df`"):
        wait_for.polled({"svcs": {}, "df": {}, "until": "true"}, names)
    with pytest.raises(ValueError, match="not a duration"):
        wait_for.every_seconds({"every": "soon"})


def test_conditions_are_one_or_many() -> None:
    assert judge.conditions({"that": "a == 1"}) == ("a == 1",)
    assert judge.conditions({"that": ["a", "b"]}) == ("a", "b")


@pytest.mark.parametrize(("to", "lacks"), [("mail", "recipients"), ("http", "url")])
def test_a_message_without_a_goal_is_refused(to: str, lacks: str) -> None:
    with pytest.raises(ValueError, match=lacks):
        REGISTRY["notify"].check({"to": to, "message": "m"})


@pytest.mark.parametrize(
    ("name", "arguments", "reason"),
    [
        ("session", {"send": "db", "text": "x", "fails": "("}, "regular expression"),
        ("session", {"open": "db", "argv": "cat", "prompt": ">"}, "list of words"),
        ("wait_for", {"until": "true", "every": "0s"}, "longer than nothing"),
        ("svcs", {"services": []}, "empty"),
    ],
)
def test_arguments_that_do_not_fit_together_are_found_before_anything_runs(
    name: str, arguments: dict[str, Any], reason: str
) -> None:
    with pytest.raises(ValueError, match=reason):
        REGISTRY[name].check(REGISTRY[name].complete(arguments))


def test_only_programs_have_command_lines() -> None:
    for name in ("confirm", "wait_for", "assert", "notify"):
        assert REGISTRY[name].performer != "program"
        with pytest.raises(ValueError, match="is not a program"):
            REGISTRY[name].command_line({})
