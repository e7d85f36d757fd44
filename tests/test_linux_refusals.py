"""What the shipped backups of Linux refuse before they change anything, with real processes on simulated hosts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from svmrun.adapters.registry import REGISTRY
from svmrun.runbook.load import load_runbook
from svmrun.runbook.model import Step
from svmrun.simulator.linux_files import Subvolume
from svmrun.simulator.world import FileSystem, World
from tests.running import RUNBOOKS, Scene
from tests.simulated_host import changed, shipped

MD, LVM, XFS, BTRFS = "md-mirror-backup", "lvm-mirror-backup", "xfs-freeze-backup", "btrfs-snapshot-backup"
COPY = "freeze-copy-backup"
WORLDS = {MD: "md", LVM: "lvm", XFS: "xfs", BTRFS: "btrfs", COPY: "linux"}
TARGETS = {MD: "dump_to", LVM: "dump_to", BTRFS: "send_to", COPY: "copy_to"}
DATA = 2  # of the file systems of each world


def refused(scene: Scene, runbook: str, world: World, *arguments: str) -> str:
    """What it says; nothing was done but to look."""
    scene.host(world)
    ended = scene.execute(runbook, *arguments)
    assert ended.code == 6, ended.said
    assert scene.world.linux_mirrors == world.linux_mirrors
    assert not scene.world.files
    assert not [call for call in scene.world.calls if call.startswith(("fsfreeze", "btrfs subvolume snapshot"))]
    return ended.said


@pytest.mark.parametrize("runbook", TARGETS)
@pytest.mark.parametrize("link", ["/backup/link", "/backup/folder"])
def test_a_target_that_leads_onto_the_file_system_is_refused(scene: Scene, runbook: str, link: str) -> None:
    world = replace(shipped(WORLDS[runbook]), links={link: "/srv/data/sub/there"})
    target = "/backup/link" if link == "/backup/link" else "/backup/folder/dump"
    said = refused(scene, runbook, world, "-p", f"{TARGETS[runbook]}={target}")
    assert f"{target} lies on" in said


@pytest.mark.parametrize("runbook", TARGETS)
def test_a_target_that_leads_to_a_disk_is_refused(scene: Scene, runbook: str) -> None:
    world = replace(shipped(WORLDS[runbook]), links={"/backup/link": "/dev/sde"})
    said = refused(scene, runbook, world, "-p", f"{TARGETS[runbook]}=/backup/link")
    assert "/backup/link leads to /dev/sde" in said


def test_xfsdump_would_overwrite_no_link(scene: Scene) -> None:
    world = replace(shipped("xfs"), links={"/backup/link": "/srv/data/sub/there"})
    assert "/backup/link is there already" in refused(scene, XFS, world, "-p", "dump_to=/backup/link")
    assert "/backup/link/x lies on /dev/md0" in refused(scene, XFS, world, "-p", "dump_to=/backup/link/x")


@pytest.mark.parametrize("runbook", [MD, LVM, XFS])
def test_a_journal_on_a_device_of_its_own_is_refused(scene: Scene, runbook: str) -> None:
    world = changed(shipped(WORLDS[runbook]), "file_systems", DATA, journal="/dev/sde1")
    assert "of /srv/data lies on a device of its own" in refused(scene, runbook, world)


def test_an_image_without_its_log_is_refused(scene: Scene) -> None:
    world = changed(shipped("linux"), "file_systems", DATA, kind="xfs", journal="/dev/sde1")
    assert "The log of /srv/data lies on a device of its own" in refused(scene, COPY, world)


@pytest.mark.parametrize(("runbook", "kind"), [(MD, "xfs"), (LVM, "xfs"), (XFS, "ext4")])
def test_a_file_system_of_another_type_is_told_by_its_type(scene: Scene, runbook: str, kind: str) -> None:
    world = changed(shipped(WORLDS[runbook]), "file_systems", DATA, kind=kind)
    assert "/srv/data is " in refused(scene, runbook, world)


def test_a_folder_that_would_hide_something_is_refused(scene: Scene) -> None:
    world = replace(shipped("xfs"), plain_files=("/mnt/photos/one.jpg",))
    assert "/mnt is not empty" in refused(scene, XFS, world)


def test_what_is_no_subvolume_is_told_by_its_path(scene: Scene) -> None:
    folder = refused(scene, BTRFS, shipped("btrfs"), "-p", "subvolume=/srv/data/folder")
    assert "/srv/data/folder is no subvolume that somebody writes to" in folder
    elsewhere = refused(scene, BTRFS, shipped("btrfs"), "-p", "subvolume=/backup/folder", "-p", "send_to=/data.btrfs")
    assert "/backup/folder lies on no btrfs" in elsewhere


def test_a_copy_that_lacks_another_file_system_is_a_failure(scene: Scene) -> None:
    world = shipped("postgresql")
    inside = FileSystem(f"{world.database_folder}/base/big", "/dev/sdx", "ext4")
    scene.host(replace(world, file_systems=(*world.file_systems, inside)))
    ended = scene.execute("postgresql-raw-backup")
    assert ended.code == 1, ended.said
    assert "tar: ./base/big/ is on another file system, and missing in the copy" in ended.said


def test_doubled_slashes_name_the_same_subvolume(scene: Scene) -> None:
    scene.host(replace(shipped("btrfs"), subvolumes=(Subvolume("/srv/data/volume"),)))
    ended = scene.execute(BTRFS, "-p", "subvolume=/srv//data/volume")
    assert ended.code == 0, ended.said


@pytest.mark.parametrize("runbook", [MD, LVM, XFS])
def test_what_a_check_writes_is_kept_in_a_file_that_nobody_else_can_read(runbook: str) -> None:
    book = load_runbook(runbook, (RUNBOOKS / f"{runbook}.yaml").read_bytes(), REGISTRY)
    done = [step.action.arguments for step in book.steps if isinstance(step, Step)]
    made = [arguments for arguments in done if "truncate" in arguments.get("argv", ())]
    assert [arguments["private"] for arguments in made] == [True]
