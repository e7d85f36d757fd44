"""The simulated mount, systemctl, tar, rsync, btrfs, xfs tools and psql: real words, and what a copy is worth."""

from __future__ import annotations

import shlex
from dataclasses import replace
from typing import Any

import pytest

from svmrun.adapters.btrfs import parse_subvolume
from svmrun.adapters.registry import REGISTRY
from svmrun.simulator import host
from svmrun.simulator.linux_files import BackupSession
from svmrun.simulator.reboot import rebooted
from svmrun.simulator.world import Service, World
from tests.simulated_host import after, shipped

HINT = "       dmesg(1) may have more information after failed mount system call.\n"
TAKEN = "{} already mounted or mount point busy.\n"
BAD = "wrong fs type, bad option, bad superblock on {}, missing codepage or helper program, or other error.\n"
SNAPSHOT = "btrfs subvolume snapshot -r /srv/data /srv/data/.s"
DELETE = "btrfs subvolume delete --commit-after /srv/data/.s"
ARCHIVE = "tar --create --totals --file /backup/x.tar --directory {} ."
FOLDER = "/var/lib/postgresql/15/main"


def run(world: World, command: str, user: str = "root") -> host.Ended:
    return host.run(world, shlex.split(command), user=user)


def ledger(world: World | None = None) -> World:
    services = (Service("ledger.service"), Service("spare.service", state="disabled"))
    return replace(world or shipped("linux"), services=services)


def viewed() -> World:
    """An xfs whose leg was taken off while it was frozen, with a view over it that may be written to."""
    sectors = {"mode": "create", "sectors": 976508928}
    data = {**sectors, "name": "data", "target": "linear", "over": "/dev/sdd1", "offset_sectors": 264192}
    view = {**sectors, "name": "view", "target": "snapshot", "over": "/dev/mapper/data", "store": "/dev/loop0"}
    actions = (
        ("fsfreeze", {"mode": "freeze", "mount_point": "/srv/data"}),
        ("mdadm", {"mode": "fail-remove", "array": "/dev/md0", "device": "/dev/sdd1"}),
        ("fsfreeze", {"mode": "unfreeze", "mount_point": "/srv/data"}),
        ("dmsetup", {**data, "read_only": True}),
        ("command", {"argv": ["truncate", "-s", "64M", "/run/store"]}),
        ("losetup", {"mode": "attach", "device": "/dev/loop0", "file": "/run/store"}),
        ("dmsetup", view),
    )
    return after(shipped("xfs"), *(typed(name, arguments) for name, arguments in actions))


def typed(name: str, arguments: Any) -> str:
    """The command line of an adapter."""
    adapter = REGISTRY[name]
    return shlex.join(adapter.command_line(adapter.complete(arguments)).argv)


@pytest.mark.parametrize(
    ("world", "command", "status", "said"),
    [
        ("linux", "mount /dev/nowhere /mnt", 32, f"mount: /mnt: special device /dev/nowhere does not exist.\n{HINT}"),
        (
            "linux",
            "mount /dev/mapper/vg-data /srv/data",
            32,
            f"mount: /srv/data: /dev/mapper/vg-data already mounted on /srv/data.\n{HINT}",
        ),
        ("linux", "mount -t xfs /dev/vda1 /mnt", 32, f"mount: /mnt: {BAD.format('/dev/vda1')}{HINT}"),
        ("linux", "mount /dev/vda1", 1, "mount: bad usage\nTry 'mount --help' for more information.\n"),
        ("linux", "mount -z", 1, "mount: invalid option -- 'z'\nTry 'mount --help' for more information.\n"),
        ("xfs", "mount /dev/sdb1 /mnt", 32, f"mount: /mnt: unknown filesystem type 'linux_raid_member'.\n{HINT}"),
        ("xfs", "mount -t xfs /dev/sdb1 /mnt", 32, f"mount: /mnt: {TAKEN.format('/dev/sdb1')}{HINT}"),
        ("linux", "umount /mnt", 32, "umount: /mnt: not mounted.\n"),
        ("linux", "umount /srv/data", 32, "umount: /srv/data: target is busy.\n"),
        ("linux", "umount", 1, "umount: bad usage\nTry 'umount --help' for more information.\n"),
        ("linux", "systemctl stop x", 5, "Failed to stop x.service: Unit x.service not loaded.\n"),
        ("linux", "systemctl start x", 5, "Failed to start x.service: Unit x.service not found.\n"),
        ("linux", "systemctl frobnicate", 1, "Unknown command verb frobnicate.\n"),
        (
            "linux",
            "tar --bogus",
            64,
            "tar: unrecognized option '--bogus'\nTry 'tar --help' for more information.\n",
        ),
        ("linux", "tar --create --file /backup/x", 2, "tar: Cowardly refusing to create an empty archive\n"),
        ("linux", "rsync /srv/data", 1, "rsync error: syntax or usage error (code 1) at main.c(1886) [client=3.5.0]\n"),
        (
            "btrfs",
            "btrfs subvolume show /srv/data/x",
            1,
            "ERROR: cannot find real path for '/srv/data/x': No such file",
        ),
        (
            "btrfs",
            "btrfs subvolume snapshot -r /backup /backup/x",
            1,
            "ERROR: Not a Btrfs filesystem: Invalid argument\n",
        ),
        (
            "btrfs",
            "btrfs subvolume snapshot -r /srv/data/x /srv/data/y",
            1,
            "ERROR: Not a Btrfs subvolume: Invalid argument\n",
        ),
        ("btrfs", "btrfs subvolume snapshot -r /srv/data /backup/x", 1, "ERROR: not a btrfs filesystem: /backup\n"),
        ("btrfs", "btrfs subvolume show /backup", 1, "ERROR: Not a Btrfs filesystem: Invalid argument\n"),
        ("btrfs", DELETE, 1, "ERROR: Could not statfs: No such file or directory\n"),
        ("btrfs", "btrfs send -f /backup/x /srv/data", 1, "ERROR: subvolume /srv/data is not read-only\n"),
        ("btrfs", "btrfs send -f /backup/x /srv/data/x", 1, "ERROR: unable to resolve /srv/data/x\n"),
        (
            "btrfs",
            "btrfs receive --dump -f /backup/x",
            0,
            "ERROR: cannot open /backup/x: No such file or directory\n",
        ),
        ("btrfs", "btrfs bogus", 1, "btrfs: unknown token\n"),
        ("xfs", "xfs_repair -n /dev/md0", 1, "xfs_repair: /dev/md0 contains a mounted and writable filesystem\n"),
        (
            "xfs",
            "xfs_repair /dev/md0",
            1,
            "xfs_repair: /dev/md0 contains a mounted filesystem\nxfs_repair: /dev/md0 con",
        ),
        ("xfs", "xfs_repair -n /dev/nowhere", 1, "/dev/nowhere: No such file or directory\n\nfatal error"),
        ("xfs", "xfs_repair /dev/nowhere", 1, "/dev/nowhere: No such file or directory\n/dev/nowhere: No such file"),
        ("xfs", "xfs_repair -n /dev/sdb1", 1, "Phase 1 - find and verify superblock...\nbad primary superblock"),
        ("linux", "psql -XwqAt -d x -c x", 2, "psql: error: connection to server on socket"),
        ("postgresql", "psql -XwqAt -d x -c x", 1, "ERROR:  syntax error"),
    ],
)
def test_refusals_have_the_words_of_the_real_commands(world: str, command: str, status: int, said: str) -> None:
    ended = run(shipped(world), command)
    assert (ended.status, ended.stderr[: len(said)]) == (status, said)


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("mount /dev/vda1 /mnt", "must be superuser to use mount"),
        ("umount /srv/data", "must be superuser to unmount"),
        ("systemctl stop ledger", "Interactive authentication required."),
        (SNAPSHOT, "cannot snapshot '/srv/data': Operation not permitted"),
    ],
)
def test_only_root_may(command: str, said: str) -> None:
    assert said in run(ledger(shipped("btrfs")), command, user="ada").stderr


def test_a_file_system_is_seen_at_a_second_place_and_taken_away_again() -> None:
    mounted = after(shipped("linux"), "mount -o ro,noload /dev/mapper/vg-data /mnt")
    looked = run(mounted, "findmnt --json --list --output TARGET,SOURCE,FSTYPE,OPTIONS --mountpoint /mnt").stdout
    assert '"options": "ro,relatime,noload"' in looked
    assert after(mounted, "umount /mnt").file_systems == shipped("linux").file_systems
    assert rebooted(mounted).file_systems == shipped("linux").file_systems


def test_services_stop_until_the_next_boot_and_start_again() -> None:
    stopped = after(ledger(), "systemctl --no-ask-password stop ledger spare")
    shown = run(stopped, "systemctl show --property=Id,LoadState,ActiveState ledger.service spare x").stdout
    assert shown.split("\n\n") == [
        "Id=ledger.service\nLoadState=loaded\nActiveState=inactive",
        "Id=spare.service\nLoadState=loaded\nActiveState=inactive",
        "Id=x.service\nLoadState=not-found\nActiveState=inactive\n",
    ]
    assert run(stopped, "systemctl is-active ledger").status == 3
    assert run(after(stopped, "systemctl start ledger"), "systemctl is-active ledger").stdout == "active\n"
    assert [s.state for s in rebooted(stopped).services] == ["online", "disabled"]


def test_a_service_that_has_failed_stays_so_when_it_is_stopped() -> None:
    failed = replace(shipped("linux"), services=(Service("ledger.service", state="maintenance"),))
    stopped = after(failed, "systemctl --no-ask-password stop ledger")
    assert run(stopped, "systemctl is-active ledger").stdout == "failed\n"


def test_a_snapshot_of_a_name_that_is_there_is_refused_inside_it() -> None:
    ended = run(after(shipped("btrfs"), SNAPSHOT), SNAPSHOT)
    assert ended.stdout == "Create a readonly snapshot of '/srv/data' in '/srv/data/.s/data'\n"
    assert (ended.status, ended.stderr) == (1, "ERROR: cannot snapshot '/srv/data': Read-only file system\n")


def test_an_archive_of_files_that_are_written_to_is_told_by_tar_and_not_by_rsync() -> None:
    archived = run(shipped("linux"), ARCHIVE.format("/srv/data"))
    assert (archived.status, archived.world.files[-1].consistent) == (1, False)
    assert "file changed as we read it" in archived.stderr
    copied = run(shipped("linux"), "rsync --archive --stats /srv/data/ /backup/data/")
    assert (copied.status, copied.world.files[-1].consistent) == (0, False)


@pytest.mark.parametrize(
    "command", [ARCHIVE.format("{0}"), "rsync --stats {0}/ /backup/x/", "btrfs send -f /backup/x {0}"]
)
def test_a_copy_of_a_read_only_snapshot_is_one_moment(command: str) -> None:
    copied = after(shipped("btrfs"), SNAPSHOT, command.format("/srv/data/.s"), DELETE)
    assert copied.files[-1].consistent
    assert not copied.subvolumes


def test_a_snapshot_of_a_frozen_file_system_waits_for_ever() -> None:
    assert run(after(shipped("btrfs"), "fsfreeze --freeze /srv/data"), SNAPSHOT).status is None


def test_what_btrfs_shows_is_what_its_adapter_reads() -> None:
    world = after(shipped("btrfs"), SNAPSHOT)
    found = parse_subvolume(run(world, typed("btrfs", {"mode": "show", "path": "/srv/data/.s"})).stdout)
    whole = parse_subvolume(run(world, "btrfs subvolume show /srv/data").stdout)
    assert (found["path"], found["read_only"], found["parent_uuid"]) == (".s", True, whole["uuid"])


def test_the_log_of_a_frozen_xfs_is_replayed_by_a_mount_of_the_view_and_the_leg_stays_as_it_is() -> None:
    world = viewed()
    looked = run(world, "xfs_repair -n /dev/mapper/view")
    assert (looked.status, "valuable metadata changes in a log" in looked.stderr) == (1, True)
    assert run(world, "xfs_repair /dev/mapper/view").status == 2
    assert run(world, "mount -o ro /dev/mapper/view /mnt").status == 32, "its UUID is taken"
    replayed = after(world, "mount -o nouuid /dev/mapper/view /mnt", "umount /mnt")
    assert run(replayed, "xfs_repair -n /dev/mapper/view").status == 0
    assert not any(leg.altered for leg in replayed.linux_mirrors[0].legs)


def test_a_dump_of_the_mounted_view_is_one_moment_and_one_of_the_live_xfs_is_not() -> None:
    dump = "xfsdump -J -F -l 0 -L x -M x -f /backup/x {}"
    mounted = after(viewed(), "mount -o ro,nouuid /dev/mapper/view /mnt", dump.format("/mnt"), "umount /mnt")
    assert mounted.files[-1].consistent
    assert not after(shipped("xfs"), dump.format("/srv/data")).files[-1].consistent
    assert "does not support append" in run(mounted, dump.format("/srv/data")).stdout
    assert "Restore Status: SUCCESS" in run(mounted, "xfsrestore -J -F -t -f /backup/x").stdout


def test_xfsrestore_tells_success_of_a_dump_that_was_cut_off() -> None:
    world = after(shipped("xfs"), "xfsdump -J -F -l 0 -L x -M x -f /backup/x /srv/data")
    cut = replace(world, files=(replace(world.files[-1], complete=False),))
    ended = run(cut, "xfsrestore -J -F -t -f /backup/x")
    assert ended.status == 0
    assert "Restore Status: SUCCESS" in ended.stdout
    assert "attempt to read" in ended.stdout


# -- a database ------------------------------------------------------------------------------------------------------

START = "SELECT pg_backup_start('svmrun', true);"
STOP = "SELECT labelfile FROM pg_backup_stop(false) \\gset backup_"
STATE = "SELECT CASE WHEN count(*) = 0 THEN 'gone' ELSE 'open' END FROM pg_stat_activity WHERE application_name = 'b'"


def talk(world: World, *lines: str) -> host.Ended:
    waiting = iter(lines)
    client = ["psql", "-XwnqAt", "-v", "PROMPT1=> ", "-d", "user=postgres application_name=b"]
    return host.run(world, client, terminal=True, answer=lambda _asked: next(waiting, None))


def test_a_backup_that_was_not_started_cannot_be_stopped_nor_one_started_twice() -> None:
    said = talk(shipped("postgresql"), STOP, START, START, STOP, STOP, "\\q").stdout
    assert said.count("ERROR:  backup is not in progress") == 2
    assert said.count("ERROR:  a backup is already in progress in this session") == 1


@pytest.mark.parametrize("last", [("\\q",), ()], ids=["quit", "end of input"])
def test_the_session_ends_with_its_client(last: tuple[str, ...]) -> None:
    ended = talk(shipped("postgresql"), START, *last)
    assert (ended.status, ended.world.backup_sessions) == (0, ())


def test_a_session_that_was_ended_from_outside_says_so() -> None:
    world = after(shipped("postgresql"), "svmsim-backup b open", "svmsim-backup b start")
    assert run(world, shlex.join(["psql", "-d", "x", "-c", STATE])).stdout == "open\n"
    end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'b'"
    ended = after(world, shlex.join(["psql", "-d", "x", "-c", end]))
    assert run(ended, shlex.join(["psql", "-d", "x", "-c", STATE])).stdout == "gone\n"


@pytest.mark.parametrize(
    ("before", "folder", "consistent"),
    [
        (("open", "start"), FOLDER, True),
        (("open",), FOLDER, False),
        (("open", "start", "stop"), FOLDER, False),
        (("open", "start", "stop"), f"{FOLDER}/pg_wal", True),
        (("open", "start", "close"), f"{FOLDER}/pg_wal", False),
        ((), FOLDER, False),
    ],
)
def test_the_files_of_a_database_are_whole_in_backup_mode_its_log_while_a_session_keeps_it(
    before: tuple[str, ...], folder: str, consistent: bool
) -> None:
    world = after(shipped("postgresql"), *(f"svmsim-backup b {deed}" for deed in before))
    assert run(world, ARCHIVE.format(folder)).world.files[-1].consistent is consistent


def test_a_boot_ends_every_session() -> None:
    world = replace(shipped("postgresql"), backup_sessions=(BackupSession("b", "backup"),))
    assert rebooted(world).backup_sessions == ()
