"""Whatever is typed, in whatever order, at locks, mirrors and disk sets: the host reaches no state that cannot be."""

from __future__ import annotations

import shlex
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from svmrun.simulator import host
from svmrun.simulator.file_systems import mounted_on
from svmrun.simulator.mirror_sources import others_readable
from svmrun.simulator.reboot import rebooted
from svmrun.simulator.volumes import BEING_SYNCED, open_error, stripe
from svmrun.simulator.world import World
from svmrun.simulator.world_check import world_findings
from tests.simulated_host import CASES, shipped

MOUNT = "/global/schost-1"
SIDES = [f"schost-1/d{number}" for number in (10, 20, 30, 40, 50, 60, 70)]
sides = st.sampled_from(SIDES)
mirrors = st.sampled_from(["schost-1/d0", "schost-1/d0", "schost-1/d1"])
changes = st.builds(
    "{} {} {}".format, st.sampled_from(["metadetach", "metattach", "metaoffline", "metaonline"]), mirrors, sides
)
locks = st.builds("lockfs {} {}".format, st.sampled_from(["-w", "-w", "-u", "-u", "-n", "-e", "-f"]), st.just(MOUNT))
readers = st.builds(
    lambda program, side: program.format(side.replace("/", "/rdsk/")),
    st.sampled_from(["fsck -y /dev/md/{}", "ufsdump 0f /dev/rmt/0 /dev/md/{}"]),
    sides,
)
events = st.sampled_from(["pass 700", "reboot", "cldevicegroup switch -n phys-schost-2 schost-1",
                          "cldevicegroup switch -n phys-schost-1 schost-1", f"busy lockfs -w {MOUNT}"])  # fmt: skip
moves = st.lists(st.one_of(changes, changes, locks, readers, events), max_size=15)


@settings(deadline=None, max_examples=60)
@given(sequence=moves)
def test_no_sequence_of_commands_reaches_an_impossible_state(sequence: list[str]) -> None:
    world = shipped(str(CASES / "crowded.yaml"))
    for move in sequence:
        before, world = world, _moved(world, move)
        _check_mirrors(world)
        _check_lock(before, world)
        assert not [o for o in world.opens if o.command], f"{move} has ended, and has a device open"


def _moved(world: World, move: str) -> World:
    word, _, rest = move.partition(" ")
    if word == "pass":
        return host.look(replace(world, clock=world.clock + float(rest)))
    if word == "reboot":
        return rebooted(world)
    if word == "busy":  # somebody works on it for longer than anybody waits
        busy = tuple(replace(f, busy_seconds=100.0) for f in world.file_systems)
        after = host.run(replace(world, file_systems=busy), shlex.split(rest), timeout_seconds=10.0).world
        return replace(after, file_systems=tuple(replace(f, busy_seconds=0.0) for f in after.file_systems))
    return host.run(world, shlex.split(move), timeout_seconds=3600.0).world


def _check_mirrors(world: World) -> None:
    """No side belongs to two mirrors or is free and attached at once; nothing is copied that nobody can read."""
    assert world_findings(world) == []
    attached = [side.name for mirror in world.mirrors for side in mirror.submirrors]
    assert len(attached) == len(set(attached)), "a side of two mirrors"
    for name in SIDES:
        refused = open_error(world, f"/dev/md/{name.replace('/', '/rdsk/')}", writing=True)
        assert (refused == "Read-only file system") == (name in attached) or refused == "No such device"
    for mirror in world.mirrors:
        assert others_readable(world, mirror, ""), "some block of the mirror can be read nowhere"
        waiting = [side.name for side in mirror.submirrors if side.state in BEING_SYNCED]
        assert mirror.resync is None or waiting, "a resync of nothing"
        sources = [side.name for side in mirror.submirrors if side.state == "running"]
        assert mirror.resync is None or sources, "a resync without a source"
        for side in mirror.submirrors:
            volume = stripe(world, side.name)
            assert volume is not None
            assert side.state != "running" or volume.image == "live"


def _check_lock(before: World, world: World) -> None:
    """Writers go on once it is unlocked, and not before; what is locked keeps still; a dead lockfs asks for nothing."""
    found, old = mounted_on(world, MOUNT), mounted_on(before, MOUNT)
    assert found is not None
    assert old is not None
    assert (found.pending_lock, found.pending_pid) == ("", 0)
    written = host.run(world, ["svmsim-writer", MOUNT, "1"])
    assert written.status == {"unlock": 0, "write": None}.get(found.lock, written.status), found.lock
    if found.lock == old.lock == "write":
        assert found.generation == old.generation
