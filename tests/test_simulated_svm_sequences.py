"""Whatever is typed, in whatever order: no mirror reaches a state that cannot be."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from svmrun.simulator.component_transitions import component_fails
from svmrun.simulator.mirror_sources import others_readable
from svmrun.simulator.mirror_transitions import after_reboot
from svmrun.simulator.refusal import Refusal
from svmrun.simulator.volumes import BEING_SYNCED, components, mirror, settle, stripe
from svmrun.simulator.world import World
from svmrun.simulator.world_check import world_findings
from tests.simulated_svm import run, shipped

SIDES = ["d10", "d20", "d30"]
DEVICES = ["d4s0", "d6s0", "d8s0"]

commands = st.builds(
    lambda program, flag, side: f"{program} -s schost-1 {flag}d0 {side}",
    st.sampled_from(["metadetach", "metattach", "metaoffline", "metaonline"]),
    st.sampled_from(["", "", "-f "]),
    st.sampled_from([*SIDES, "d0"]),
)
repairs = st.sampled_from(
    ["metasync -s schost-1 d0", "metasync -s schost-1 -c d0", "metasync -s schost-1 -r"]
    + [f"metareplace -s schost-1 -e d0 {device}" for device in DEVICES]
)
moves = st.lists(
    st.one_of(
        commands, commands, repairs, st.sampled_from(["pass 50", "pass 700", "reboot"]), st.sampled_from(DEVICES)
    ),
    max_size=25,
)
starts = st.sampled_from(["schost", "detached", "offline", "maintenance", "resyncing", "one-submirror"])


@settings(deadline=None, max_examples=150)
@given(start=starts, slots=st.sampled_from(["hole", "renumbered"]), sequence=moves)
def test_no_sequence_of_commands_reaches_an_impossible_state(start: str, slots: str, sequence: list[str]) -> None:
    world = replace(shipped(start), slots=slots)  # type: ignore[arg-type]

    for move in sequence:
        world = settle(_moved(world, move))
        _check(world)


def _moved(world: World, move: str) -> World:
    if move == "reboot":
        return after_reboot(world)
    if move.startswith("pass"):
        return replace(world, clock=world.clock + float(move.split()[1]))
    if move in DEVICES:
        return _failed(world, move)
    return _typed(world, move)


def _failed(world: World, device: str) -> World:
    try:
        return component_fails(world, "schost-1/d0", device)
    except Refusal:
        return world


def _typed(world: World, command: str) -> World:
    after, said = run(world, command)
    assert said.status in (0, 1)
    assert (said.status == 0) == (said.stderr == "")
    if said.status:
        assert after is world, "a refused command changes nothing"
    return after


def _check(world: World) -> None:
    assert world_findings(world) == []
    found = mirror(world, "schost-1/d0")
    assert found is not None
    assert others_readable(world, found, ""), "some block of the mirror can be read nowhere"
    waiting = [s for s in found.submirrors if s.state in BEING_SYNCED]
    assert found.resync is None or waiting, "a resync of nothing"
    for side in found.submirrors:
        volume = stripe(world, side.name)
        assert volume is not None
        resyncing = any(c.state == "Resyncing" for c in components(volume))
        assert not resyncing or side.state in BEING_SYNCED
        assert side.state != "running" or all(c.state == "Okay" for c in components(volume))
        assert side.state != "running" or volume.image == "live"
