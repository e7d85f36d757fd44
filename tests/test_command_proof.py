"""A command with a proof: what a look at its effect must show."""

from __future__ import annotations

import pytest

from svmrun.adapters.base import Completed
from svmrun.adapters.command import RunCommand

ADAPTER = RunCommand()
WRITTEN = {"argv": ["dbctl", "suspend", "books"], "needs_root": True}
PROOF = {"argv": ["dbctl", "status", "books"], "shows": "books suspended", "otherwise": "books running"}


@pytest.mark.parametrize(
    ("printed", "present"),
    [
        ("books suspended\n", True),
        ("database books is suspended since 12:00\n", True),
        ("books running\n", False),
        ("suspended books\n", None),
        ("books\nsuspended\n", None),
        ("booksuspended\n", None),
        ("books suspended\nbooks running\n", None),
        ("\x1b[2J Segmentation Fault\n", None),
        ("", None),
    ],
)
def test_its_words_stand_in_one_line_in_their_order(printed: str, present: bool | None) -> None:
    probe = ADAPTER.probe(ADAPTER.complete({**WRITTEN, "proof": PROOF}))
    assert probe is not None
    arguments = ADAPTER.complete(probe.arguments)
    outcome = ADAPTER.interpret(arguments, Completed(("dbctl",), 0, printed))
    assert probe.present(outcome.result) is present


def test_the_look_reads_only_and_takes_no_longer_than_a_hold_can_wait() -> None:
    probe = ADAPTER.probe(ADAPTER.complete({**WRITTEN, "proof": PROOF}))
    assert probe is not None
    assert ADAPTER.read_only(probe.arguments)
    assert probe.timeout_seconds is not None
    assert probe.timeout_seconds <= 10
    assert ADAPTER.command_line(ADAPTER.complete(probe.arguments)).argv == ("dbctl", "status", "books")


def test_the_guard_is_told_the_same_look_and_the_same_words() -> None:
    proof = ADAPTER.done_in_shell(ADAPTER.complete({**WRITTEN, "proof": PROOF}))
    assert proof.command is not None
    assert (proof.command.argv, proof.words) == (("dbctl", "status", "books"), ("books", "suspended"))


def test_without_a_proof_nothing_can_tell() -> None:
    assert ADAPTER.probe(ADAPTER.complete(WRITTEN)) is None
    assert ADAPTER.done_in_shell(ADAPTER.complete(WRITTEN)).command is None
