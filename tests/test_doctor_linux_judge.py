"""Mirrors of Linux, judged without any host."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from svmrun.adapters.linux_dmsetup import parse_dmsetup_info
from svmrun.adapters.linux_parse_mdstat import parse_mdstat
from svmrun.diagnosis.judge import judge
from svmrun.diagnosis.model import Finding
from svmrun.diagnosis.seen import KnownHold, KnownRun, Seen

OUTSIDE = ("faulty", "spare")
LEGS = ("/dev/sdb1", "/dev/sdc1", "/dev/sdd1")


def array(*states: str, action: str = "idle", percent: float | None = None, **values: Any) -> dict[str, Any]:
    """A leg that is faulty has left its place, a spare has none yet: `mdadm --detail` shows both behind the places."""
    rows = [
        {"state": "removed" if state in OUTSIDE else state, "device": leg}
        for leg, state in zip(LEGS, states, strict=True)
    ]
    rows += [{"state": state, "device": leg} for leg, state in zip(LEGS, states, strict=True) if state in OUTSIDE]
    told = {"array": "/dev/md0", "raid_devices": 3, "devices": rows, "sync_action": action, "sync_percent": percent}
    return {**told, "state": ["clean"], "mismatches": 0, **values}


def image(number: int, *, split: bool = False, in_sync: bool = True) -> dict[str, Any]:
    name = f"vg/data_rimage_{number}"
    return {"name": name, "split": split, "in_sync": in_sync, "physical_volumes": [f"/dev/sd{'bcd'[number]}"]}


def volume(*images: dict[str, Any], **values: Any) -> dict[str, Any]:
    usual = {"health": "", "sync_action": "idle", "sync_percent": 100.0, "mismatches": 0}
    return {"vg/data": {**usual, "images": list(images), **values}}


def one(seen: Seen) -> Finding:
    (finding,) = judge(seen)
    return finding


def taken_off(*, held: bool, mirror: str = "/dev/md0", side: str = "/dev/sdd1") -> KnownRun:
    return KnownRun("r", "ended", holds=(KnownHold("take-off", "mdadm", held, mirror=mirror, side=side),))


@pytest.mark.parametrize(
    ("told", "text", "command"),
    [
        (
            array("active sync", "active sync", "faulty"),
            "/dev/sdd1 is faulty",
            "mdadm /dev/md0 --remove /dev/sdd1 --re-add /dev/sdd1",
        ),
        (
            array("active sync", "removed", "removed"),
            "2 of its 3 legs out",
            "mdadm /dev/md0 --re-add DEVICE",
        ),
        (
            array("active sync", "active sync", "spare rebuilding"),
            "/dev/sdd1 waits to be copied to, and nothing is copied",
            "mdadm --action=idle /dev/md0",
        ),
        (
            array("active sync", "active sync", "spare"),
            "/dev/sdd1 waits to be copied to",
            "mdadm --action=idle /dev/md0",
        ),
        (
            array("active sync", "active sync", "spare rebuilding", state=["clean", "auto-read-only"]),
            "nothing is copied",
            "mdadm --readwrite /dev/md0",
        ),
        (
            array("active sync", "active sync", "spare rebuilding", action="recover", percent=4.0),
            "copies to /dev/sdd1, 4 % done",
            "mdadm --detail /dev/md0",
        ),
        (
            array("active sync", "active sync", "active sync", mismatches=128),
            "128 sectors were not alike",
            "mdadm --action=check /dev/md0",
        ),
    ],
)
def test_what_is_amiss_with_an_array_is_told_with_its_command(told: dict[str, Any], text: str, command: str) -> None:
    finding = one(Seen(arrays=(told,)))
    assert (finding.run, finding.command) == (None, command)
    assert text in finding.text


def test_a_comparison_that_runs_and_an_array_that_is_whole_are_no_findings() -> None:
    whole = array("active sync", "active sync", "active sync")
    assert judge(Seen(arrays=(whole, {**whole, "sync_action": "check", "sync_percent": 5.0}))) == ()


def test_an_array_that_does_not_run_is_a_finding() -> None:
    assert one(Seen(stopped_arrays=("/dev/md127",))).command == "mdadm --run /dev/md127"


def test_a_leg_that_a_run_knew_is_named_though_that_run_has_brought_it_back() -> None:
    degraded = array("active sync", "active sync", "removed")
    finding = one(Seen(arrays=(degraded,), runs=(taken_off(held=False),)))
    assert (finding.run, finding.command) == (None, "mdadm /dev/md0 --re-add /dev/sdd1")
    assert "has undone it since" in finding.whose


@pytest.mark.parametrize(
    ("told", "kind", "command"),
    [
        (volume(image(0), image(1, in_sync=False)), "mirror not whole", "lvchange --refresh vg/data"),
        (volume(image(0), image(1), health="refresh needed"), "mirror not whole", "lvchange --refresh vg/data"),
        (volume(image(0), image(1), health="partial"), "mirror not whole", "lvchange --refresh vg/data"),
        (
            volume(image(0), image(1, in_sync=False), sync_action="recover", sync_percent=50.0),
            "resync",
            "lvs --all --options +sync_percent,raid_sync_action vg/data",
        ),
        (volume(image(0), image(1), mismatches=64), "copies that differ", "lvchange --rebuild DISK vg/data"),
        (
            volume(image(0), image(1, split=True, in_sync=False), health="refresh needed"),
            "split image",
            "lvchange --refresh vg/data && lvconvert --yes --merge vg/data_rimage_1",
        ),
    ],
)
def test_what_is_amiss_with_a_volume_is_told_with_its_command(told: dict[str, Any], kind: str, command: str) -> None:
    finding = one(Seen(logical_volumes=told))
    assert (finding.kind, finding.command) == (kind, command)


def test_images_that_differ_are_mended_where_a_run_took_one_off() -> None:
    known = taken_off(held=False, mirror="vg/data", side="vg/data_rimage_1")
    finding = one(Seen(logical_volumes=volume(image(0), image(1), mismatches=64), runs=(known,)))
    assert finding.command == "lvchange --rebuild /dev/sdc vg/data"
    assert "vg/data_rimage_1, which a run took off" in finding.text


def test_a_view_of_another_name_is_ours_while_a_run_holds_it_and_its_mount_comes_first() -> None:
    holds = (
        KnownHold("view", "dmsetup", True, resource="device /dev/mapper/look"),
        KnownHold("mount", "mount", True, resource="mount point /mnt"),
        KnownHold("loop", "losetup", True, resource="loop device /dev/loop3"),
    )
    stuck = KnownRun("r", "stuck", holds=holds)
    looked = Seen(
        views=("crypt", "look"),
        mounts=({"source": "/dev/mapper/look", "target": "/mnt"}, {"source": "/dev/mapper/crypt", "target": "/"}),
        loop_devices=({"name": "/dev/loop0", "file": "/snap/core.snap"}, {"name": "/dev/loop3", "file": "/x"}),
    )
    findings = judge(replace(looked, runs=(stuck,)))
    assert [one.what for one in findings] == ["/mnt", "/dev/mapper/look", "/dev/loop3", "r"]
    assert {one.command for one in findings} == {"svmrun recover r"}
    assert judge(looked) == ()


def test_devices_with_an_identity_are_told_apart_from_views() -> None:
    text = "md0_backup-data/\nvg-data_backup/LVM-j3jY\nluks/CRYPT-LUKS2-ab\n"
    assert parse_dmsetup_info(text)["vg-data_backup"] == "LVM-j3jY"
    assert [name for name, identity in parse_dmsetup_info(text).items() if not identity] == ["md0_backup-data"]
    assert parse_dmsetup_info("No devices found\n") == {}


def test_arrays_are_read_from_the_kernels_list() -> None:
    text = """Personalities : [raid1] [raid6]
md1 : inactive sdf1[2](S)
      1046528 blocks super 1.2

md127 : inactive sda[1](S) sdb[0](S)
      5288 blocks super external:imsm

md0 : active (auto-read-only) raid1 sdd1[2](F) sdc1[1] sdb1[0]
      65472 blocks super 1.0 [3/2] [UU_]
      bitmap: 0/1 pages [0KB], 65536KB chunk

unused devices: <none>
"""
    assert parse_mdstat(text) == {"/dev/md1": False, "/dev/md0": True}
