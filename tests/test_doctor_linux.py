"""`svmrun doctor` on simulated hosts with mirrors of Linux: what is found, whose it is, that its command ends it."""

from __future__ import annotations

import pytest

from tests.installed import until
from tests.running import Scene
from tests.simulated_host import after, shipped
from tests.test_doctor import doctor, found, silent, type_it

OFF = "mdadm /dev/md0 --fail /dev/sdd1 --remove /dev/sdd1"
VIEWS = (
    "dmsetup create md0_backup-data --readonly --table '0 976508928 linear /dev/sdd1 264192'",
    "truncate -s 8M /run/svmrun-md-store",
    "losetup /dev/loop0 /run/svmrun-md-store",
    "dmsetup create md0_backup --table '0 976508928 snapshot /dev/mapper/md0_backup-data /dev/loop0 N 8'",
)
LEFT = [
    ("view", "/dev/mapper/md0_backup", "dmsetup remove --retry md0_backup"),
    ("view", "/dev/mapper/md0_backup-data", "dmsetup remove --retry md0_backup-data"),
    ("loop device", "/dev/loop0", "losetup --detach /dev/loop0"),
    ("mirror not whole", "/dev/md0", "mdadm /dev/md0 --re-add DEVICE"),
]


@pytest.mark.parametrize("world", ["md", "lvm"])
def test_a_sound_host_has_no_findings_and_what_nobody_can_see_is_said(world: str, scene: Scene) -> None:
    scene.host(world)
    before = scene.world
    code, document = doctor(scene, "--simulate", str(scene.folder / "host"))
    assert (code, document["findings"]) == (0, [])
    assert silent(scene.world) == silent(before), "a look changes nothing"
    assert not [call for call in scene.world.calls if call.startswith("fsfreeze")]
    blind = [line.partition(":")[0] for line in document["unseen"]]
    assert blind == ["frozen file systems", "snapshots of btrfs, and databases in backup mode"]


def test_what_no_run_did_is_not_ours_and_ends_by_what_is_told_in_its_order(scene: Scene) -> None:
    scene.host(after(shipped("md"), OFF, *VIEWS))
    findings = found(scene)
    assert [(one["kind"], one["what"], one["command"]) for one in findings] == LEFT
    assert {one["whose"] for one in findings} == {"not ours: no run recorded here did that"}
    for finding in findings:
        type_it(scene, {**finding, "command": finding["command"].replace("DEVICE", "/dev/sdd1")})
    (finding,) = found(scene)
    assert (finding["kind"], finding["command"]) == ("resync", "mdadm --detail /dev/md0")


def test_a_split_image_of_lvm_is_refreshed_and_merged(scene: Scene) -> None:
    scene.host(after(shipped("lvm"), "lvconvert --yes --splitmirrors 1 --trackchanges vg/data"))
    (finding,) = found(scene)
    assert (finding["kind"], finding["what"], finding["run"]) == ("split image", "vg/data_rimage_2", None)
    assert finding["command"] == "lvchange --refresh vg/data && lvconvert --yes --merge vg/data_rimage_2"
    type_it(scene, finding)
    assert [one["kind"] for one in found(scene)] == ["resync"]


def test_a_run_that_was_killed_with_its_guard_owns_the_leg_and_the_views(scene: Scene) -> None:
    scene.host("md", "dump=hang")
    runner = scene.start("md-mirror-backup")
    scene.until_called("dump")
    until(lambda: any(e["event"] == "ProcessStarted" and e["step"] == "dump" for e in scene.events()), "its record")
    run = scene.kill_with_guard(runner)
    findings = found(scene)
    left = [(kind, what) for kind, what, _command in LEFT]
    assert [(one["kind"], one["what"]) for one in findings[:4]] == left
    assert [one["kind"] for one in findings[4:]] == ["command of a dead run", "unfinished run"]
    assert {(one["run"], one["command"]) for one in findings} == {(run, f"svmrun recover {run}")}
    assert "a run took /dev/sdd1 off" in findings[3]["text"]
    assert scene.run("recover", run).code == 0
    assert [(one["kind"], one["run"]) for one in found(scene)] in ([], [("resync", run)])
