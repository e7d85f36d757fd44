"""`svmrun doctor` where a real kernel, mdadm, dmsetup and losetup answer: what is told ends what was left."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.lab import md_scene as scene
from tests.lab.guest import Guest
from tests.nursery import Kill

LEFT = ["/dev/mapper/md0_backup", "/dev/mapper/md0_backup-data", "/dev/loop0", "/dev/md0"]


@pytest.fixture(scope="module")
def guest() -> Iterator[Guest]:
    with scene.machine() as guest:
        scene.make(guest)
        yield guest


def found(guest: Guest) -> list[dict[str, Any]]:
    ended = guest.svmrun("doctor", "--output", "json")
    document = json.loads(ended.stdout)
    assert ended.status == int(bool(document["findings"])), ended.said
    told: list[dict[str, Any]] = document["findings"]
    return told


def test_what_a_killed_backup_left_is_named_with_the_run_and_its_recovery(guest: Guest) -> None:
    assert found(guest) == []
    guest.start_svmrun(*scene.words(), kill=Kill(1, "after", "both", step="check")).wait(scene.RUN_SECONDS)
    (run,) = [event["run"] for event in guest.events() if event["event"] == "RunStarted"]
    findings = found(guest)
    assert [one["what"] for one in findings[:4]] == LEFT
    assert "unfinished run" in [one["kind"] for one in findings]
    assert f"a run took {guest.disks[2]} off" in findings[3]["text"]
    assert {(one["run"], one["command"]) for one in findings} == {(run, f"svmrun recover {run}")}
    assert guest.svmrun("recover", run).status == 0
    guest.ok(scene.WAIT)
    assert found(guest) == []


def test_what_nobody_knows_of_ends_by_the_commands_that_are_told_in_their_order(guest: Guest) -> None:
    leg = guest.disks[2]
    guest.ok(
        "rm -rf /lab/state; truncate -s 8M /run/svmrun-md-store; losetup /dev/loop0 /run/svmrun-md-store\n"
        f"mdadm /dev/md0 --fail {leg} --remove {leg}\n"
        f'dmsetup create md0_backup-data --readonly --table "0 65536 linear {leg} 2048"\n'
        'dmsetup create md0_backup --table "0 65536 snapshot /dev/mapper/md0_backup-data /dev/loop0 N 8"'
    )
    findings = found(guest)
    assert [one["what"] for one in findings] == LEFT
    assert {one["run"] for one in findings} == {None}
    for one in findings:
        guest.ok(one["command"].replace("DEVICE", leg))
    assert scene.is_as_before(guest)
    assert found(guest) == []


def test_a_leg_that_waits_and_a_faulty_one_are_told_apart(guest: Guest) -> None:
    leg = guest.disks[2]
    guest.ok(f"mdadm /dev/md0 --fail {leg}")
    (faulty,) = found(guest)
    assert f"{leg} is faulty" in faulty["text"]
    guest.ok(
        f"mdadm /dev/md0 --remove {leg}; echo frozen >/sys/block/md0/md/sync_action; mdadm /dev/md0 --re-add {leg}"
    )
    (waiting,) = found(guest)
    assert f"{leg} waits to be copied to" in waiting["text"], guest.ok("mdadm --detail /dev/md0")
    guest.ok(waiting["command"])
    assert scene.is_as_before(guest)
