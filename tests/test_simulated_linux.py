"""The commands of the simulated Linux: their words, streams and exit codes, and what a copy is worth."""

from __future__ import annotations

import json
import shlex

import pytest

from svmrun.adapters.linux import parse_findmnt
from svmrun.simulator import host
from svmrun.simulator.world import DumpImage, World
from tests.simulated_host import after, changed, shipped

FREEZE, THAW = "fsfreeze --freeze /srv/data", "fsfreeze --unfreeze /srv/data"
COPY = "dd if=/dev/mapper/vg-data of=/backup/data.image bs=1M iflag=direct conv=fsync"
BYTES = 457179136  # three times what is used, in extents of four MiB


def run(world: World, command: str, user: str = "root") -> host.Ended:
    return host.run(world, shlex.split(command), user=user)


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("fsfreeze -f", "fsfreeze: no filename specified"),
        ("fsfreeze /srv/data", "fsfreeze: neither --freeze or --unfreeze specified"),
        ("fsfreeze -f -u /srv/data", "fsfreeze: mutually exclusive arguments: --freeze --unfreeze"),
        ("fsfreeze -f /nowhere", "fsfreeze: cannot open /nowhere: No such file or directory"),
        ("fsfreeze -f /dev/mapper/vg-data", "fsfreeze: /dev/mapper/vg-data: is not a directory"),
        ("fsfreeze -x", "fsfreeze: invalid option -- 'x'\nTry 'fsfreeze --help' for more information."),
        (THAW, "fsfreeze: /srv/data: unfreeze failed: Invalid argument"),
        ("findmnt --mountpoint /srv", ""),
        ("findmnt -z", "findmnt: invalid option -- 'z'\nTry 'findmnt --help' for more information."),
        ("findmnt -o SIZES", "findmnt: unknown column: SIZES"),
        ("blockdev --getsize64 /nowhere", "blockdev: cannot open /nowhere: No such file or directory"),
        (
            "blockdev --getsize64 /srv/data",
            "blockdev: ioctl error on BLKGETSIZE64: Inappropriate ioctl for device",
        ),
        ("stat --format=%s /nowhere", "stat: cannot statx '/nowhere': No such file or directory"),
        ("stat", "stat: missing operand\nTry 'stat --help' for more information."),
        ("dd if=/nowhere of=/backup/x", "dd: failed to open '/nowhere': No such file or directory"),
        ("dd foo", "dd: unrecognized operand 'foo'\nTry 'dd --help' for more information."),
    ],
)
def test_refusals_have_the_words_of_the_real_commands(command: str, said: str) -> None:
    ended = run(shipped("linux"), command)
    assert (ended.status, ended.stdout, ended.stderr) == (1, "", f"{said}\n" if said else "")


def test_a_second_freeze_is_busy_and_a_second_thaw_is_invalid() -> None:
    frozen = after(shipped("linux"), FREEZE)
    busy = run(frozen, FREEZE)
    assert (busy.status, busy.stderr) == (1, "fsfreeze: /srv/data: freeze failed: Device or resource busy\n")
    assert "Invalid argument" in run(after(frozen, THAW), THAW).stderr


def test_only_root_may_freeze_and_only_what_can_be_frozen() -> None:
    assert "freeze failed: Operation not permitted" in run(shipped("linux"), FREEZE, user="ada").stderr
    memory = changed(shipped("linux"), "file_systems", 2, kind="tmpfs")
    assert "freeze failed: Operation not supported" in run(memory, FREEZE).stderr


def test_findmnt_prints_json_that_its_adapter_reads() -> None:
    ended = run(shipped("linux"), "findmnt --json --list --output TARGET,SOURCE,FSTYPE,OPTIONS --target /backup/x/y")
    assert ended.stdout.startswith('{\n   "filesystems": [\n      {\n         "target": "/backup",\n')
    found = parse_findmnt(ended.stdout)["filesystems"]
    assert [(one["target"], one["source"], one["fstype"]) for one in found] == [
        ("/backup", "/dev/mapper/vg-backup", "xfs")
    ]


def test_findmnt_without_json_is_a_table() -> None:
    assert run(shipped("linux"), "findmnt -o TARGET,SOURCE -M /srv/data").stdout == (
        "TARGET    SOURCE\n/srv/data /dev/mapper/vg-data\n"
    )


def test_df_has_the_columns_of_gnu() -> None:
    assert run(shipped("linux"), "df -k /srv/data").stdout == (
        "Filesystem          1K-blocks   Used Available Use% Mounted on\n"
        "/dev/mapper/vg-data    444966 148322    296644  34% /srv/data\n"
    )


def test_the_copy_of_a_device_is_as_large_as_the_device() -> None:
    copied = after(shipped("linux"), COPY)
    assert json.loads(run(copied, "blockdev --getsize64 /dev/mapper/vg-data").stdout) == BYTES
    assert json.loads(run(copied, "stat --format=%s /backup/data.image").stdout) == BYTES
    assert run(shipped("linux"), COPY).stderr == (
        f"436+0 records in\n436+0 records out\n{BYTES} bytes (457 MB, 436 MiB) copied, 90 s, 5.1 MB/s\n"
    )


@pytest.mark.parametrize(
    ("before", "consistent"),
    [((FREEZE,), True), ((), False), ((FREEZE, THAW), False)],
    ids=["frozen", "never frozen", "thawed again"],
)
def test_only_a_copy_of_a_frozen_file_system_is_one_moment(before: tuple[str, ...], consistent: bool) -> None:
    assert image(after(shipped("linux"), *before, COPY)).consistent is consistent


def test_a_write_to_a_frozen_file_system_waits() -> None:
    assert run(after(shipped("linux"), FREEZE), "svmsim-writer /srv/data 1").status is None


def image(world: World) -> DumpImage:
    return world.files[-1]
