"""The core against a host of switches: whatever fails, what was turned on is turned off, or said to be on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeGuard

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from svmrun.core import events as e
from svmrun.core.decide import Finish, GoBack, Perform, decide, held, outstanding
from svmrun.core.resume import again, done_twice
from svmrun.core.state import State, replay
from svmrun.interpreter import Recorder, drive
from svmrun.plan.model import Plan, PlannedAction
from tests.toy import BACKUP, WORDS, Killed, Memory, ToyHost, plan, release, step

FATES = st.lists(st.sampled_from(WORDS), max_size=14)
STARTED = e.RunStarted("r", {}, 1, "0", "h", "0")


def run(of: Plan, host: ToyHost, journal: Memory | None = None) -> tuple[State, Memory]:
    journal = journal or Memory()
    record = Recorder(journal, lambda event: None, lambda: 1.0, replay(journal.events))
    return drive(of, record, host), journal


def recover(of: Plan, host: ToyHost, journal: Memory) -> tuple[State, Memory]:
    again = Memory(list(journal.events))
    again.append(e.RecoveryStarted(2, "0", "h"))
    return run(of, host, again)


def forward_after_rollback(events: Sequence[e.Event]) -> list[e.Event]:
    start = next((n for n, event in enumerate(events) if isinstance(event, e.RollbackStarted)), len(events))
    return [x for x in events[start:] if isinstance(x, e.ActionStarted) and x.role in ("forward", "found", "release")]


def check_truth(of: Plan, state: State, host: ToyHost) -> None:
    """The verdict agrees with the switches, and nothing is left on in silence."""
    on = {s.id for s in of.steps if s.rollback and host.switches.get(s.id)}
    assert state.ended is not None
    if state.ended.verdict != "stuck":
        assert not on
    assert on <= set(state.ended.left)
    assert (state.ended.exit_code == 0) == (state.ended.verdict == "succeeded")


def test_a_run_without_failure_takes_and_releases_every_hold_in_order() -> None:
    host = ToyHost(BACKUP)
    state, _ = run(BACKUP, host)
    assert state.ended is not None
    assert state.ended.verdict == "succeeded"
    assert [x for x in host.log if x[1] in ("forward", "release")] == [
        ("lock", "forward"),
        ("detach", "forward"),
        ("lock", "release"),
        ("dump", "forward"),
        ("detach", "release"),
    ]
    assert host.finished
    assert not outstanding(BACKUP, state)


def test_rollback_runs_last_first_over_the_failed_step_too() -> None:
    host = ToyHost(BACKUP, fates=["ok", "ok", "ok", "fail-after"])
    state, _ = run(BACKUP, host)
    assert [x for x in host.log if x[1] == "rollback"] == [("detach", "rollback"), ("lock", "rollback")]
    assert state.ended is not None
    assert (state.ended.verdict, state.ended.exit_code) == ("rolled back", 1)
    assert not any(host.switches.values())


def test_writers_go_on_before_anything_else_is_undone() -> None:
    locking = replace(step("lock"), action=PlannedAction("toy", {}, 10.0, probed=True, blocks_writers=True))
    host = ToyHost(plan(locking, *BACKUP.steps[1:]), fates=["ok", "ok", "ok", "fail-after"])
    run(host.plan, host)
    assert [x for x in host.log if x[1] == "rollback"] == [("lock", "rollback"), ("detach", "rollback")]


def test_an_effect_that_was_there_before_is_never_lifted() -> None:
    host = ToyHost(BACKUP, switches={"lock": True})
    state, _ = run(BACKUP, host)
    assert host.switches == {"lock": True}
    assert host.log == [("lock", "found")]
    assert state.ended is not None
    assert (state.ended.verdict, state.ended.exit_code) == ("rolled back", 6)


def test_an_effect_that_appeared_since_the_first_look_is_never_lifted() -> None:
    host = ToyHost(BACKUP)

    def somebody_locks() -> e.Event:
        host.switches["lock"] = True
        return e.StepSkipped("nothing", "it only happens")

    host.surprises = {2: somebody_locks}
    state, _ = run(BACKUP, host)
    assert host.switches == {"lock": True}
    assert state.ended is not None
    assert (state.ended.verdict, state.ended.exit_code) == ("rolled back", 6)


def test_a_handler_that_fails_for_good_never_stops_the_next_one() -> None:
    both = plan(step("a"), step("b", handlers=2), step("dump", hold=None, handlers=0))
    host = ToyHost(both, fates=["ok", "ok", "ok", "ok", "fail", "ok"] + ["fail"] * 3)
    state, _ = run(both, host)
    assert ("a", "rollback") in host.log
    assert not host.switches["a"]
    check_truth(both, state, host)


@pytest.mark.parametrize(("failures", "verdict"), [(3, "rolled back"), (6, "stuck")])
def test_a_handler_that_does_harm_without_the_one_before_it_waits_for_it(failures: int, verdict: str) -> None:
    note, merge = step("b", handlers=2).rollback
    chained = replace(step("b"), rollback=(note, replace(merge, needs_previous=True)))
    both = plan(step("a"), chained, step("dump", hold=None, handlers=0))
    host = ToyHost(both, fates=["ok", "ok", "ok", "ok", "fail", "ok"] + (["fail"] * 3 + ["ok"]) * (failures // 3))
    state, journal = run(both, host)
    assert state.ended is not None
    assert state.ended.verdict == verdict
    assert host.switches == {"a": False, "b": verdict == "stuck"}
    undone = [(event.part, event.outcome) for event in journal.events if _undoes(event, "b")]
    assert undone == [(0, "failed")] * failures + ([(0, "succeeded"), (1, "succeeded")] if verdict != "stuck" else [])


def _undoes(event: e.Event, step_id: str) -> TypeGuard[e.ActionEnded]:
    return isinstance(event, e.ActionEnded) and event.role == "rollback" and event.step == step_id


def test_a_release_that_lies_is_found_out_and_repeated() -> None:
    host = ToyHost(BACKUP, fates=["ok", "ok", "ok", "ok", "lie"])
    state, _ = run(BACKUP, host)
    assert host.log.count(("lock", "release")) == 2
    assert state.ended is not None
    assert state.ended.verdict == "succeeded"


def test_a_step_is_tried_as_often_as_the_plan_says() -> None:
    patient = plan(step("dump", hold=None, handlers=0, attempts=3))
    state, _ = run(patient, ToyHost(patient, fates=["fail", "fail"]))
    assert state.ended is not None
    assert state.ended.verdict == "succeeded"


def test_a_late_effect_is_waited_for() -> None:
    host = ToyHost(BACKUP, fates=["ok", "ok", "late"])
    state, _ = run(BACKUP, host)
    check_truth(BACKUP, state, host)
    assert not any(host.switches.values())


def test_a_late_effect_is_waited_for_although_the_first_look_was_blind() -> None:
    host = ToyHost(BACKUP, fates=["ok", "ok", "late", "fail"])
    state, _ = run(BACKUP, host)
    assert [x for x in host.log if x[1] == "probe"][:1] == [("lock", "probe")]
    host.settle()
    check_truth(BACKUP, state, host)
    assert not any(host.switches.values())


@pytest.mark.parametrize("number", range(9))
@pytest.mark.parametrize(
    "event",
    [e.CancelRequested(15), e.LimitPassed("lock"), e.GuardFired("limit", ("lock",)), e.CancelRequested(0, "no")],
    ids=lambda event: type(event).__name__,
)
def test_what_happens_between_two_actions_turns_the_run_back(number: int, event: e.Event) -> None:
    host = ToyHost(BACKUP, surprises={number: lambda: event})
    state, journal = run(BACKUP, host)
    check_truth(BACKUP, state, host)
    assert not forward_after_rollback(journal.events)


@given(FATES)
@settings(deadline=None, max_examples=300)
def test_whatever_becomes_of_the_actions_nothing_is_left_on_in_silence(fates: list[str]) -> None:
    host = ToyHost(BACKUP, fates=fates)
    state, journal = run(BACKUP, host)
    host.settle()
    if "late" not in fates:
        check_truth(BACKUP, state, host)
    assert not forward_after_rollback(journal.events)
    assert replay(journal.events) == state


@given(FATES, st.integers(0, 24))
@settings(deadline=None, max_examples=200)
def test_a_journal_that_is_lost_turns_the_run_back(fates: list[str], lost_at: int) -> None:
    host = ToyHost(BACKUP, fates=[f for f in fates if f != "late"])
    state, _ = run(BACKUP, host, Memory(lost_at=lost_at))
    check_truth(BACKUP, state, host)


@given(FATES, st.integers(0, 60), FATES)
@settings(deadline=None, max_examples=400)
def test_a_runner_killed_at_any_record_is_recovered(fates: list[str], half: int, later: list[str]) -> None:
    fates, later = ([f for f in x if f != "late"] for x in (fates, later))
    host = ToyHost(BACKUP, fates=fates)
    journal = Memory([STARTED], killed_at=1 + half / 2)
    try:
        run(BACKUP, host, journal)
    except Killed:
        host.fates, host.number = later, 0
        state, again = recover(BACKUP, host, journal)
        check_truth(BACKUP, state, host)
        assert not forward_after_rollback(again.events)


def test_a_run_that_was_stuck_is_tried_again_by_recovery() -> None:
    host = ToyHost(BACKUP, fates=["ok", "ok", "ok", "fail", "ok"] + ["fail"] * 20)
    state, journal = run(BACKUP, host)
    assert state.ended is not None
    assert (state.ended.verdict, state.ended.exit_code) == ("stuck", 4)
    host.fates = ()
    state, _ = recover(BACKUP, host, journal)
    assert state.ended is not None
    assert (state.ended.verdict, state.ended.exit_code) == ("rolled back", 1)
    assert not any(host.switches.values())


def test_recovery_of_a_stuck_run_lifts_nothing_that_was_undone_before_and_is_there_again() -> None:
    host = ToyHost(BACKUP, fates=["ok", "ok", "ok", "ok", "fail", "ok"] + ["fail"] * 20)
    _, journal = run(BACKUP, host)
    assert host.switches == {"lock": False, "detach": True}
    host.fates = ()
    host.switches["lock"] = True  # somebody else's
    host.log.clear()
    state, _ = recover(BACKUP, host, journal)
    assert state.ended is not None
    assert state.ended.verdict == "rolled back"
    assert host.switches == {"lock": True, "detach": False}


def test_a_run_whose_last_record_alone_is_missing_is_called_succeeded() -> None:
    host = ToyHost(BACKUP)
    _, journal = run(BACKUP, host)
    host.log.clear()
    state, _ = recover(BACKUP, host, Memory(journal.events[:-1]))
    assert host.log == []
    assert state.ended is not None
    assert state.ended.verdict == "succeeded"


def test_the_holds_of_a_state_are_those_not_yet_undone() -> None:
    host = ToyHost(BACKUP)
    _, journal = run(BACKUP, host)
    ends = [n for n, x in enumerate(journal.events) if isinstance(x, e.ActionEnded) and x.role == "forward"]
    assert [[s.id for s in held(BACKUP, replay(journal.events[: n + 1]))] for n in ends] == [
        ["lock"],
        ["lock", "detach"],
        ["detach"],
    ]


def test_a_plan_of_nothing_but_a_skipped_hold_needs_no_guard() -> None:
    skipped = plan(step("a"), release("a"))
    state = replay([e.StepSkipped("a", "no"), e.StepSkipped("release-a", "a was skipped")])
    assert decide(skipped, state) == Finish("succeeded", 0)


def test_an_image_that_was_taken_after_the_guard_lifted_the_lock_is_called_inconsistent() -> None:
    locking = replace(step("lock"), action=PlannedAction("toy", {}, 10.0, probed=True, blocks_writers=True))
    backup = plan(locking, *BACKUP.steps[1:])
    host = ToyHost(backup, surprises={4: lambda: e.GuardFired("limit", ("lock",))})
    state, _ = run(backup, host)
    assert "before detach was done: its image is inconsistent" in (state.cause or "")


def test_a_lock_that_is_gone_when_it_is_to_be_released_spoils_the_run() -> None:
    """The release alone tells it where there is no probe; it may be the last step."""
    locking = PlannedAction("toy", {}, 10.0, blocks_writers=True)
    events = [*done("lock", "forward"), *done("lock", "release", changed=False)]
    blind = plan(replace(step("lock"), action=locking), release("lock"))
    move = decide(blind, replay(events))
    assert isinstance(move, GoBack)
    assert move.cause.startswith("lock: it was gone when it was to be released")
    back = replay([*events, e.RollbackStarted(move.cause, move.exit_code)])
    assert decide(blind, back) == Finish("rolled back", 1, move.cause)


def test_without_a_probe_the_handler_of_a_doubtful_step_is_repeated_until_it_has_undone_something() -> None:
    """An effect that comes late is there after a handler that found nothing to undo."""
    blind = plan(replace(step("lock"), action=PlannedAction("toy", {}, 10.0)), release("lock"))
    events = [*done("lock", "forward", outcome="unknown"), e.RollbackStarted("lock: timed out", 1)]
    pauses = []
    while isinstance(move := decide(blind, replay(events)), Perform):
        pauses.append(move.after_seconds)
        events += done("lock", "rollback", changed=len(pauses) == 3)
    assert pauses == [0.0, 1.0, 2.0]
    assert isinstance(move, Finish)
    assert move.verdict == "rolled back"


def done(name: str, role: e.Role, *, outcome: e.Kind = "succeeded", changed: bool = True) -> list[e.Event]:
    return [
        e.ActionStarted(name, role, 0, 1, "toy", ()),
        e.ActionEnded(name, role, 0, 1, outcome, changed=changed),
    ]


def test_a_resumed_run_does_again_what_depends_on_a_hold_that_was_rolled_back() -> None:
    before = step("before", hold=None, handlers=0)
    backup = plan(before, *BACKUP.steps)
    host = ToyHost(backup, fates=["ok"] * 7 + ["fail"])
    failed, journal = run(backup, host)
    assert failed.ended is not None
    assert failed.causing_step == "dump"
    chosen = again(backup, failed)
    assert chosen == ("lock", "detach", "release-lock", "dump", "release-detach")
    host.log.clear()
    journal.append(e.RunResumed({}, chosen, 3, "0", "h"))
    state, journal = run(backup, host, journal)
    assert state.ended is not None
    assert state.ended.verdict == "succeeded"
    assert ("before", "forward") not in host.log
    assert host.log.count(("lock", "forward")) == 1
    assert state.step("before").result == failed.step("before").result


def test_what_may_have_been_done_already_is_named_before_it_is_repeated() -> None:
    check, dump = (step(name, hold=None, handlers=0) for name in ("check", "dump"))
    backup = plan(step("detach"), check, dump, release("detach"))
    failed, _ = run(backup, ToyHost(backup, fates=["ok", "ok", "ok", "fail"]))
    chosen = again(backup, failed)
    assert [s.id for s in done_twice(backup, failed, chosen)] == ["check"]


def test_a_run_that_failed_outside_every_hold_goes_on_where_it_failed() -> None:
    backup = plan(*BACKUP.steps, step("resync", hold=None, handlers=0))
    failed, _ = run(backup, ToyHost(backup, fates=["ok"] * 9 + ["fail"]))
    assert failed.causing_step == "resync"
    assert again(backup, failed) == ("resync",)
