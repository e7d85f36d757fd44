"""LVM in the simulator: the words of the real commands, and what a merge without a refresh leaves behind."""

from __future__ import annotations

from typing import Any

import pytest

from svmrun.adapters.base import Completed, Outcome
from svmrun.adapters.registry import REGISTRY
from svmrun.simulator import host
from svmrun.simulator.disruptions import disk_fails, disks_mended
from svmrun.simulator.linux_disks import Leg, LinuxMirror
from svmrun.simulator.linux_mirrors import check_starts, recovering
from svmrun.simulator.reboot import rebooted
from svmrun.simulator.world import OpenDevice, World
from svmrun.values import replace
from tests import adapter_cases
from tests.simulated_host import shipped

SPLIT = {"mode": "split", "volume": "vg/lv", "image": "lv_rimage_2"}
MERGE = {**SPLIT, "mode": "merge"}
REFRESH = {"mode": "refresh", "volume": "vg/lv"}
CHECK = {"mode": "check", "volume": "vg/lv"}


def lab(**states: Any) -> World:
    """The mirror of the cases: `vg/lv` on three disks; `states` by the number of the image, as `_2="missing"`."""
    legs = [Leg(f"vg/lv_rimage_{n}", f"/dev/mapper/sd{'bcd'[n]}", states.get(f"_{n}", "in-sync")) for n in range(3)]
    mirror = LinuxMirror("vg/lv", "lvm", 131072, tuple(legs), data_offset=0)
    world = shipped("lvm")
    mounted = tuple(
        replace(f, special="/dev/mapper/vg-lv") if f.mount_point == "/srv/data" else f for f in world.file_systems
    )
    return replace(world, linux_mirrors=(mirror,), file_systems=mounted)


def working(world: World, kind: str) -> World:
    mirror = world.linux_mirrors[0]
    return check_starts(world, mirror) if kind == "check" else recovering(world, mirror.name, world.resync_seconds)


WORLDS: dict[str, World] = {
    "healthy": lab(),
    "split": lab(_2="out"),
    "a-disk-gone": lab(_2="missing"),
    "refresh-needed": lab(_2="faulty"),
    "split-and-a-disk-gone": lab(_0="missing", _2="out"),
    "checking": working(lab(), "check"),
    "recovering": working(lab(_2="recovering"), "recovery"),
    "mismatches": replace(lab(), linux_mirrors=(replace(lab().linux_mirrors[0], mismatches=5632),)),
    "open": replace(lab(_2="out"), opens=(OpenDevice(1, "/dev/mapper/vg-lv_rimage_2"),)),
}
ALIKE = [
    ("lvs/healthy", "healthy"),
    ("lvs/split", "split"),
    ("lvs/a-disk-gone", "a-disk-gone"),
    ("lvs/refresh-needed", "refresh-needed"),
    ("lvs/split-and-a-disk-gone", "split-and-a-disk-gone"),
    ("lvs/checking", "checking"),
    ("lvs/recovering", "recovering"),
    ("lvs/mismatches", "mismatches"),
    ("lvs/no-such-group", "healthy"),
    ("lvconvert/split", "healthy"),
    ("lvconvert/split-twice", "split"),
    ("lvconvert/split-while-checking", "checking"),
    ("lvconvert/split-while-recovering", "recovering"),
    ("lvconvert/split-while-a-disk-is-gone", "a-disk-gone"),
    ("lvconvert/split-again", "refresh-needed"),
    ("lvconvert/no-such-disk", "healthy"),
    ("lvconvert/no-such-group", "healthy"),
    ("lvconvert/no-such-volume", "healthy"),
    ("lvconvert/merge", "split"),
    ("lvconvert/merge-what-is-not-split", "healthy"),
    ("lvconvert/merge-no-such-image", "healthy"),
    ("lvconvert/merge-while-open", "open"),
    ("lvconvert/merge-while-a-disk-is-gone", "split-and-a-disk-gone"),
    ("lvchange/check", "healthy"),
    ("lvchange/check-while-checking", "checking"),
    ("lvchange/check-while-recovering", "recovering"),
    ("lvchange/check-while-a-disk-is-gone", "a-disk-gone"),
    ("lvchange/refresh", "healthy"),
    ("lvchange/refresh-while-a-disk-is-gone", "a-disk-gone"),
    ("lvchange/refresh-no-such-volume", "healthy"),
    ("lvchange/rebuild", "healthy"),
    ("lvchange/rebuild-no-such-disk", "healthy"),
    ("lvchange/rebuild-while-recovering", "recovering"),
]


@pytest.mark.parametrize(("name", "state"), ALIKE)
def test_the_simulated_command_says_what_the_real_one_said(name: str, state: str) -> None:
    case = adapter_cases.load(name)
    ended, outcome = ran(WORLDS[state], case.adapter, **case.arguments)
    real = case.run()
    assert ended.status == case.head["status"]
    assert (outcome.kind, outcome.changed, outcome.untouched) == (real.kind, real.changed, real.untouched)
    assert outcome.message == real.message
    if case.adapter == "lvs" and real.ok:
        told, wanted = outcome.result["volumes"]["vg/lv"], real.result["volumes"]["vg/lv"]
        assert {**told, "sync_percent": 0} == {**wanted, "sync_percent": 0}
    elif case.adapter == "lvconvert":
        assert ended.stdout == case.outputs.get("stdout", "")


def test_the_report_is_laid_out_like_the_real_one() -> None:
    real = adapter_cases.load("lvs/split").outputs["stdout"].splitlines()
    ended = ran(lab(_2="out"), "lvs", volume="vg/lv")[0]
    # The real group has one more volume behind the last row of the mirror.
    assert [line.rstrip(",") for line in ended.stdout.splitlines()] == [
        line.rstrip(",") for line in real if '"plain"' not in line
    ]


def ran(world: World, name: str, **arguments: Any) -> tuple[host.Ended, Outcome]:
    adapter = REGISTRY[name]
    complete = adapter.complete(arguments)
    command = adapter.command_line(complete)
    ended = host.run(world, command.argv)
    return ended, adapter.interpret(complete, Completed(command.argv, ended.status, ended.stdout, ended.stderr))


def done(world: World, *steps: tuple[str, dict[str, Any]]) -> World:
    for name, arguments in steps:
        ended, outcome = ran(world, name, **arguments)
        assert outcome.ok, outcome.message
        world = ended.world
    return world


def waited(world: World) -> World:
    return host.look(replace(world, clock=world.clock + 2 * world.resync_seconds))


def mismatches(world: World) -> int:
    """What a consistency check counts, once what runs is through."""
    checked = waited(done(waited(world), ("lvchange", CHECK)))
    volume = ran(checked, "lvs", volume="vg/lv")[1].result["volumes"]["vg/lv"]
    assert volume["sync_action"] == "idle"
    return int(volume["mismatches"])


def test_a_merge_without_a_refresh_copies_nothing_and_looks_whole() -> None:
    merged = done(lab(), ("lvconvert", SPLIT), ("lvconvert", MERGE))
    volume = ran(merged, "lvs", volume="vg/lv")[1].result["volumes"]["vg/lv"]
    assert (volume["sync_percent"], volume["sync_action"], volume["mismatches"], volume["health"]) == (
        100.0,
        "idle",
        0,
        "",
    )
    assert all(image["in_sync"] for image in volume["images"])
    assert mismatches(merged) > 0


@pytest.mark.parametrize("refreshed", ["before", "after the reboot"])
def test_a_refresh_before_the_merge_makes_it_copy_what_was_written_even_after_a_power_cut(refreshed: str) -> None:
    split = done(lab(), ("lvconvert", SPLIT))
    if refreshed == "before":
        started = rebooted(done(split, ("lvchange", REFRESH)))
    else:
        started = done(rebooted(split), ("lvchange", REFRESH))
    merged = done(started, ("lvconvert", MERGE))
    assert ran(merged, "lvs", volume="vg/lv")[1].result["volumes"]["vg/lv"]["sync_action"] == "recover"
    assert mismatches(merged) == 0


def test_a_power_cut_does_not_note_what_the_images_did_not_know() -> None:
    assert mismatches(done(rebooted(done(lab(), ("lvconvert", SPLIT))), ("lvconvert", MERGE))) > 0


def test_where_nobody_writes_a_merge_needs_no_refresh() -> None:
    quiet = replace(lab(), file_systems=tuple(replace(f, writers=False) for f in lab().file_systems))
    assert mismatches(done(quiet, ("lvconvert", SPLIT), ("lvconvert", MERGE))) == 0


def test_what_was_written_to_the_image_itself_stays_behind_whatever_is_refreshed() -> None:
    split = done(lab(), ("lvconvert", SPLIT), ("lvchange", REFRESH))
    mirror = split.linux_mirrors[0]
    legs = tuple(replace(leg, altered=leg.state == "out") for leg in mirror.legs)
    checked = replace(split, linux_mirrors=(replace(mirror, legs=legs),))
    assert mismatches(done(checked, ("lvconvert", MERGE))) > 0


def test_a_rebuild_mends_what_a_merge_left_behind() -> None:
    merged = done(lab(), ("lvconvert", SPLIT), ("lvconvert", MERGE))
    rebuild = {"mode": "rebuild", "volume": "vg/lv", "devices": ["/dev/mapper/sdd"]}
    assert mismatches(done(merged, ("lvchange", rebuild))) == 0


def test_a_refresh_takes_an_image_back_that_had_an_error() -> None:
    mended = done(lab(_2="faulty"), ("lvchange", REFRESH))
    assert [leg.state for leg in mended.linux_mirrors[0].legs] == ["in-sync", "in-sync", "recovering"]
    assert mismatches(mended) == 0


def test_an_image_frozen_when_it_was_split_is_one_moment() -> None:
    frozen = host.run(lab(), ["fsfreeze", "--freeze", "/srv/data"]).world
    assert done(frozen, ("lvconvert", SPLIT)).linux_mirrors[0].legs[2].image == "moment"
    assert done(lab(), ("lvconvert", SPLIT)).linux_mirrors[0].legs[2].image == "crash"


def test_the_named_physical_volume_is_the_one_that_is_split() -> None:
    split = done(lab(), ("lvconvert", {**SPLIT, "image": "lv_rimage_1", "devices": ["/dev/mapper/sdc"]}))
    assert [leg.state for leg in split.linux_mirrors[0].legs] == ["in-sync", "out", "in-sync"]


def test_only_root_may_ask_lvm() -> None:
    ended = host.run(lab(), ["lvs", "vg"], user="nobody")
    assert (ended.status, ended.stdout) == (5, "")
    assert ended.stderr == adapter_cases.load("lvs/not-as-root").outputs["stderr"]


def test_without_a_report_format_lvs_prints_its_table() -> None:
    ended = host.run(lab(), ["lvs", "--all", "--noheadings", "--options", "lv_name", "vg"])
    assert "  [lv_rimage_2]\n" in ended.stdout
    assert host.run(lab(), ["lvs"]).stdout.split()[:6] == ["LV", "VG", "Attr", "LSize", "lv", "vg"]


def test_when_the_last_good_image_is_split_off_one_that_had_an_error_counts_as_good() -> None:
    """Nothing is left that knows of the error: no recovery, all states good, and old data under the file system."""
    broken = disk_fails(disk_fails(lab(), "vg/lv_rimage_0"), "vg/lv_rimage_1")
    split = done(broken, ("lvconvert", SPLIT))
    volume = ran(split, "lvs", volume="vg/lv")[1].result["volumes"]["vg/lv"]
    assert (volume["sync_action"], volume["health"]) == ("idle", "")
    assert [image["in_sync"] for image in volume["images"]] == [True, True, False]
    assert [leg.differs for leg in split.linux_mirrors[0].legs] == [True, True, False]


def test_an_image_whose_disk_is_gone_is_still_split_off() -> None:
    gone = disk_fails(done(lab(), ("lvconvert", SPLIT)), "vg/lv_rimage_2")
    image = ran(gone, "lvs", volume="vg/lv")[1].result["volumes"]["vg/lv"]["images"][2]
    assert (image["split"], image["health"], image["physical_volumes"]) == (True, "partial", [None])
    assert ran(gone, "lvconvert", **MERGE)[1].message.startswith("Cannot change VG vg: a disk of the group is missing")
    back = done(disks_mended(gone), ("lvchange", REFRESH), ("lvconvert", MERGE))
    assert mismatches(back) == 0
