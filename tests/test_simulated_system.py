"""The commands beside the volume manager's, word by word, and what they do to the world."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from svmrun.simulator import commands, host
from svmrun.simulator.file_systems import containing, normal
from svmrun.simulator.processes import opened
from svmrun.simulator.world import DumpImage, Later, World
from tests.simulated_host import CASES, after, changed, play, shipped

DETACH = "metadetach -s schost-1 d0 d30"
LOCK, UNLOCK = "lockfs -w /global/schost-1", "lockfs -u /global/schost-1"
DUMP = "ufsdump 0ucf /dev/rmt/0 /dev/md/schost-1/rdsk/d30"


def dumped(world: World) -> DumpImage:
    return world.tapes[0].contents[-1]


@pytest.mark.parametrize("path", sorted(CASES.glob("*.txt")), ids=lambda path: path.stem)
def test_commands_print_and_refuse_as_the_script_says(path: Path) -> None:
    written = path.read_text()

    assert play(written) == written


def test_every_command_has_a_model() -> None:
    assert all(callable(commands.model(name)) for name in commands.names())


def test_a_dump_of_a_side_taken_under_the_lock_is_consistent() -> None:
    assert dumped(after(shipped(), LOCK, DETACH, UNLOCK, DUMP)).consistent


@pytest.mark.parametrize(
    "commands_before",
    [(), (LOCK,), (DETACH,), (LOCK, UNLOCK, DETACH)],
    ids=["attached", "attached and locked", "detached without lock", "unlocked before the detach"],
)
def test_any_other_dump_of_a_side_is_not_consistent(commands_before: tuple[str, ...]) -> None:
    assert not dumped(after(changed(shipped(), "file_systems", 2, writers=True), *commands_before, DUMP)).consistent


def test_a_side_that_is_attached_while_it_is_dumped_gives_no_consistent_image() -> None:
    world = after(shipped(), LOCK, DETACH, UNLOCK)
    late = replace(world, later=(Later(world.clock + 100, ("metaonline", "-s", "schost-1", "d0", "d30")),))
    offline = after(shipped(), LOCK, "metaoffline -s schost-1 d0 d30", UNLOCK)

    assert dumped(after(late, DUMP)).consistent
    assert dumped(after(offline, DUMP)).consistent
    assert not dumped(after(replace(offline, later=late.later), DUMP)).consistent


def test_the_locked_volume_itself_can_be_dumped() -> None:
    dump = "ufsdump 0f /dev/rmt/0 /global/schost-1"

    assert dumped(after(shipped(), LOCK, dump)).consistent
    assert not dumped(after(shipped(), dump)).consistent


def test_an_incremental_dump_looks_for_its_own_device_and_finds_nothing_of_another() -> None:
    world = after(shipped(), LOCK, DETACH, UNLOCK, DUMP)
    same = host.run(world, ["ufsdump", "9f", "/dev/rmt/0", "/dev/md/schost-1/rdsk/d30"])
    other = host.run(world, ["ufsdump", "9f", "/dev/rmt/0", "/dev/md/schost-1/rdsk/d20"])

    assert "last level 9 dump: Tue" in same.stderr
    assert "last level 9 dump: the epoch" in other.stderr


def test_a_dump_to_a_missing_tape_device_fills_a_plain_file() -> None:
    world = after(shipped(), "ufsdump 0f /dev/rmt/9 /dev/md/schost-1/rdsk/d30")

    assert [image.target for image in world.files] == ["/dev/rmt/9"]
    assert world.tapes[0].contents == ()


def test_a_dump_to_a_raw_disk_overwrites_it() -> None:
    world = after(shipped(), LOCK, DETACH, UNLOCK, "ufsdump 0f /dev/md/schost-1/rdsk/d30 /dev/md/schost-1/rdsk/d20")

    assert not dumped(after(world, DUMP)).consistent


def test_a_dump_to_a_file_on_the_locked_file_system_waits_for_ever() -> None:
    locked = after(shipped(), LOCK)
    ended = host.run(locked, ["ufsdump", "0f", "/global/schost-1/dump", "/dev/md/schost-1/rdsk/d30"])

    assert ended.status is None


def test_an_aborted_dump_leaves_an_incomplete_image() -> None:
    short = changed(shipped(), "tapes", capacity=100_000)
    ended = host.run(short, DUMP.split())

    assert ended.status == 3
    assert (dumped(ended.world).complete, dumped(ended.world).blocks) == (False, 100_000)
    assert ended.world.dumpdates == ()


def test_devices_are_closed_when_their_command_ends_and_others_stay_open() -> None:
    world = opened(shipped(), 77, "/dev/md/schost-1/rdsk/d20")
    world = after(world, LOCK, DETACH, UNLOCK, "fsck -y /dev/md/schost-1/rdsk/d30", DUMP)

    assert [one.pid for one in world.opens] == [77]


def test_the_tape_is_busy_while_somebody_has_it_open() -> None:
    world = opened(shipped(), 77, "/dev/rmt/0")

    assert host.run(world, ["mt", "status"]).stderr == "/dev/rmt/0n: Device busy\n"
    assert "Cannot open `phys-schost-1:/dev/rmt/0'" in host.run(world, DUMP.split()).stderr


def test_a_writer_counts_up_the_generation_of_its_file_system() -> None:
    world = shipped()
    after_three = after(world, "svmsim-writer /global/schost-1/log 3")

    assert after_three.file_systems[1].generation == world.file_systems[1].generation + 3
    assert after_three.file_systems[0] == world.file_systems[0]


@pytest.mark.parametrize(
    ("path", "mount_point"),
    [("/global/schost-1/a", "/global/schost-1"), ("/global/schost-12", "/"), ("/global/../global/schost-1/.", None)],
)
def test_a_path_lies_on_the_nearest_mount_above_it(path: str, mount_point: str | None) -> None:
    found = containing(shipped(), path)

    assert found
    assert found.mount_point == (mount_point or normal(path))


def test_a_copy_with_dd_of_a_side_taken_under_the_lock_is_consistent() -> None:
    copy = "dd if=/dev/md/schost-1/rdsk/d30 of=/backup/d30"

    assert after(shipped(), LOCK, DETACH, UNLOCK, copy).files[0].consistent
    assert not after(shipped(), DETACH, copy).files[0].consistent
