"""What can go wrong with any command, and the time in which it goes wrong."""

from __future__ import annotations

import shlex
from dataclasses import replace

import pytest

from svmrun.errors import UsageError
from svmrun.simulator import host
from svmrun.simulator.fault_text import parse_fault
from svmrun.simulator.faults import EFFECTS
from svmrun.simulator.volumes import mirror_of
from svmrun.simulator.world import Fault, World
from tests.simulated_host import shipped

DETACH = "metadetach -s schost-1 d0 d30"
UNLOCK = "lockfs -u /global/schost-1"
FATES: list[tuple[str, int | None, bool]] = [
    ("fail", 1, False),
    ("fail-after", 1, True),
    ("lie", 0, False),
    ("hang", None, False),
    ("hang-after", None, True),
    ("stubborn", None, False),
    ("garbage", 0, True),
    ("signal", None, False),
    ("prompt", 1, False),
    ("late:5", None, False),
]


def with_faults(*texts: str) -> World:
    return replace(shipped(), faults=tuple(parse_fault(text) for text in texts))


def run(world: World, command: str, timeout_seconds: float = 60.0) -> host.Ended:
    return host.run(world, shlex.split(command), timeout_seconds=timeout_seconds)


def is_detached(world: World) -> bool:
    return mirror_of(world, "schost-1/d30") is None


@pytest.mark.parametrize(("effect", "status", "happens"), FATES)
def test_each_effect_has_its_status_and_happens_or_not(effect: str, status: int | None, happens: bool) -> None:
    ended = run(with_faults(f"metadetach={effect}"), DETACH)

    assert (ended.status, is_detached(ended.world)) == (status, happens)
    assert ended.world.calls == (DETACH,)


def test_every_effect_is_tried_here() -> None:
    assert {effect.partition(":")[0] for effect, _, _ in FATES} == set(EFFECTS)


def test_a_hanging_command_is_stopped_at_its_limit_by_the_signal_asked_for() -> None:
    ended = run(with_faults("metadetach=hang"), DETACH, 60)

    assert (ended.signal, ended.seconds, ended.timed_out) == (15, 60, True)


def test_a_stubborn_command_dies_ten_seconds_later() -> None:
    ended = run(with_faults("metadetach=stubborn"), DETACH, 60)

    assert (ended.signal, ended.seconds) == (9, 70)


def test_a_hanging_command_without_a_limit_is_told_at_once() -> None:
    ended = host.run(with_faults("metadetach=hang"), DETACH.split())

    assert (ended.status, ended.signal, ended.timed_out) == (None, None, True)


def test_a_late_effect_comes_after_the_death_of_its_command() -> None:
    ended = run(with_faults("metadetach=late:5"), DETACH, 60)
    world = ended.world

    assert not is_detached(host.look(replace(world, clock=world.clock + 4)))
    assert is_detached(host.look(replace(world, clock=world.clock + 5)))
    assert len(world.calls) == 1


def test_an_answered_unknown_question_lets_the_command_go_on() -> None:
    world = with_faults("metadetach=prompt")
    ended = host.run(world, DETACH.split(), terminal=True, answer=lambda question: "Saturn")

    assert ended.status == 0
    assert "Saturn\nschost-1/d0: submirror" in ended.stdout


def test_only_the_numbered_calls_with_all_the_words_are_met() -> None:
    world = with_faults("lockfs -u#2=fail")
    statuses = []
    for command in ("lockfs -w /global/schost-1", UNLOCK, UNLOCK, UNLOCK):
        ended = run(world, command)
        world = ended.world
        statuses.append(ended.status)

    assert statuses == [0, 0, 1, 0]


def test_a_fault_meets_a_command_that_another_one_starts() -> None:
    ended = run(with_faults("metadetach=fail"), f"pfexec {DETACH}")

    assert ended.status == 1
    assert ended.world.calls == (f"pfexec {DETACH}", DETACH)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("metadetach=fail", Fault("metadetach", "fail")),
        ("lockfs -u#1-2=hang", Fault("lockfs", "hang", 1, 2, ("-u",))),
        ("lockfs '-c' 'a b'#3=late:2.5", Fault("lockfs", "late", 3, 3, ("-c", "a b"), 2.5)),
    ],
)
def test_faults_are_read(text: str, fault: Fault) -> None:
    assert parse_fault(text) == fault


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "metadetach",
        "=fail",
        "metadetach=nosuch",
        "nosuch=fail",
        "df#0=fail",
        "df#2-1=fail",
        "df=late:x",
        "df '=fail",
    ],
)
def test_what_is_no_fault_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_fault(text)


def test_time_passes_only_in_the_world() -> None:
    ended = run(shipped(), "ufsdump 0f /dev/rmt/0 /dev/md/schost-1/rdsk/d30", 100_000)

    assert ended.seconds == pytest.approx(shipped().dump_seconds, rel=0.001)


def test_a_dump_that_nobody_stops_keeps_its_devices_open_until_it_is_killed() -> None:
    world = run(shipped(), DETACH).world
    dump = ["ufsdump", "0f", "/dev/rmt/0", "/dev/md/schost-1/rdsk/d30"]
    left = host.run(world, dump, timeout_seconds=60, stop_signal=None)
    attach = "metattach -s schost-1 d0 d30"

    assert (left.status, left.signal, left.seconds) == (None, None, 60)
    assert "metadevice is open" in run(left.world, attach).stderr
    assert run(host.kill(left.world, left), attach).status == 0
