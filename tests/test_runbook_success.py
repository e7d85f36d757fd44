"""Every shipped runbook does its work on the simulator, and leaves the host as it found it."""

from __future__ import annotations

import pytest

from svmrun.simulator.world import DumpImage, World
from tests.running import RUNBOOKS, Scene, differences
from tests.simulated_host import shipped

CRON = "svc:/system/cron:default"
NFS = "svc:/network/nfs/server:default"


def images(world: World) -> list[DumpImage]:
    return [*(image for tape in world.tapes for image in tape.contents), *world.files]


def test_every_shipped_runbook_is_valid(scene: Scene) -> None:
    ended = scene.run("validate", *(str(path) for path in sorted(RUNBOOKS.glob("*.yaml"))))

    assert (ended.code, ended.err) == (0, "")


@pytest.mark.parametrize(
    ("runbook", "world"),
    [("mirror-backup", "schost"), ("mirror-backup-offline", "schost"), ("raw-volume-backup", "raw-volume")],
)
def test_a_backup_is_one_consistent_moment_and_the_host_is_as_before(runbook: str, world: str, scene: Scene) -> None:
    scene.host(world)

    ended = scene.execute(runbook)

    assert ended.code == 0, ended.said
    (image,) = images(scene.world)
    assert (image.consistent, image.complete) == (True, True)
    assert differences(scene.before, scene.world) == []
    assert all(side.state == "running" for mirror in scene.world.mirrors for side in mirror.submirrors)
    assert scene.events()[-1]["verdict"] == "succeeded"
    assert list(scene.memory.rglob("release.sh")) == []


@pytest.mark.parametrize(
    ("runbook", "world", "copies"),
    [
        ("btrfs-snapshot-backup", "btrfs", ["data.btrfs"]),
        ("postgresql-raw-backup", "postgresql", ["data.tar", "backup_label", "tablespace_map", "log.tar"]),
        ("xfs-freeze-backup", "xfs", ["data.xfsdump"]),
    ],
)
def test_a_backup_on_linux_is_consistent_and_leaves_no_mount_snapshot_or_session(
    runbook: str, world: str, copies: list[str], scene: Scene
) -> None:
    scene.host(world)

    ended = scene.execute(runbook)

    assert ended.code == 0, ended.said
    after = scene.world
    assert [one.target.rpartition("/")[2] for one in images(after)] == copies
    assert all(one.consistent and one.complete for one in images(after))
    assert [f.mount_point for f in after.file_systems] == [f.mount_point for f in scene.before.file_systems]
    assert (after.subvolumes, after.backup_sessions, after.views) == ((), (), ())
    assert all(leg.state == "in-sync" and not leg.differs for mirror in after.linux_mirrors for leg in mirror.legs)
    assert list(scene.memory.rglob("release.sh")) == []


def test_services_that_run_are_stopped_and_started_again_and_the_tape_is_read_back(scene: Scene) -> None:
    services = tuple(s if s.fmri != NFS else type(s)(NFS, "disabled") for s in shipped().services)
    scene.host(services=services)

    ended = scene.execute("mirror-backup", "-p", f'services=["{CRON}", "{NFS}"]', "-p", "read_back=true")

    assert ended.code == 0, ended.said
    assert differences(scene.before, scene.world) == []
    changes = scene.calls()
    assert changes[0] == f"svcadm disable -st {CRON}"
    assert changes.index("lockfs -u /global/schost-1") < changes.index(f"svcadm enable -st {CRON}")
    assert "ufsrestore tvf /dev/rmt/0" in changes


def test_the_newer_cluster_command_may_be_asked_instead(scene: Scene) -> None:
    scene.host()

    ended = scene.run(
        "plan", "mirror-backup", "--simulate", str(scene.folder / "host"), "-p", "cluster_command=cluster"
    )

    assert ended.code == 0, ended.said
    assert "cluster status" in scene.world.calls
    assert scene.calls() == ()


@pytest.mark.parametrize(
    ("world", "code", "says"),
    [
        ("schost", 0, "SUCCEEDED"),
        ("resyncing", 1, "d0 is being resynced: "),
        ("maintenance", 1, "A submirror of d0 needs maintenance"),
        ("locked", 1, "/global/schost-1 is locked: writers hang"),
    ],
)
def test_the_status_of_a_mirror_is_told_and_nothing_is_changed(world: str, code: int, says: str, scene: Scene) -> None:
    scene.host(world)

    ended = scene.execute("mirror-status")

    assert (ended.code, says in ended.said) == (code, True), ended.said
    assert scene.calls() == ()
