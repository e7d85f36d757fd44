"""mdadm, e2fsck, dmsetup, losetup, blockdev, dump and restore of Linux: outputs of the real ones, read."""

from __future__ import annotations

from typing import Any

import pytest

from svmrun.adapters.linux_parse_mdadm import parse_mdadm_detail, parse_mdadm_examine
from svmrun.adapters.registry import REGISTRY
from tests import adapter_cases
from tests.program_cases import check, read_or_refused

COMMANDS = ("mdadm", "e2fsck", "dmsetup", "losetup", "blockdev", "dumpe2fs", "dump", "restore")
ARRAY, LEG = "/dev/md0", "/dev/ubdd"
TAKEN: dict[str, Any] = {"mode": "fail-remove", "array": ARRAY, "device": LEG}


@pytest.mark.parametrize("name", adapter_cases.names(*COMMANDS))
def test_the_command_is_built_and_read_as_the_case_says(name: str) -> None:
    check(name)


def detail(name: str) -> dict[str, Any]:
    return parse_mdadm_detail(adapter_cases.load(f"mdadm/{name}").outputs["stdout"])


def test_a_detail_tells_of_places_states_and_work() -> None:
    whole = detail("detail")
    assert [(row["raid_device"], row["state"], row["device"]) for row in whole["devices"]] == [
        (0, "active sync", "/dev/ubdb"),
        (1, "active sync", "/dev/ubdc"),
        (2, "active sync", "/dev/ubdd"),
    ]
    assert (whole["state"], whole["sync_action"], whole["bitmap"], whole["size_kib"]) == (
        ["clean"],
        "idle",
        "Internal",
        65472,
    )
    assert (detail("detail-while-recovering")["sync_action"], detail("detail-while-checking")["sync_action"]) == (
        "recover",
        "check",
    )
    assert 0 <= detail("detail-while-resyncing")["sync_percent"] < 100
    assert detail("detail-without-a-bitmap")["bitmap"] is None


@pytest.mark.parametrize(
    ("name", "taken_off"),
    [
        ("detail", False),
        ("detail-with-one-out", True),
        ("detail-with-one-faulty", True),
        ("detail-while-recovering", False),
        ("detail-before-the-recovery-has-begun", False),
        ("detail-while-a-write-mostly-one-recovers", False),
        ("detail-faulty-while-reshaping", True),
    ],
)
def test_a_probe_sees_whether_the_leg_is_off(name: str, taken_off: bool) -> None:
    taking, giving = REGISTRY["mdadm"].probe(TAKEN), REGISTRY["mdadm"].probe({**TAKEN, "mode": "re-add"})
    assert taking is not None
    assert giving is not None
    assert taking.present(detail(name)) is taken_off
    assert giving.present(detail(name)) is not taken_off


def test_a_write_mostly_leg_is_as_good_as_the_others() -> None:
    rows = detail("detail-of-four-with-a-write-mostly-one")["devices"]
    assert {row["state"] for row in rows} == {"active sync"}
    assert [row["flags"] for row in rows] == [[], [], [], ["writemostly"]]


@pytest.mark.parametrize(
    ("name", "runs"), [("detail-while-checking", True), ("detail", False), ("detail-while-recovering", False)]
)
def test_a_check_is_seen_while_it_runs_and_can_be_stopped(name: str, runs: bool) -> None:
    check = {"mode": "check", "array": ARRAY}
    begun, stopped = REGISTRY["mdadm"].probe(check), REGISTRY["mdadm"].probe({**check, "mode": "idle"})
    assert begun is not None
    assert stopped is not None
    assert (begun.present(detail(name)), stopped.present(detail(name))) == (runs, not runs)
    inverse = REGISTRY["mdadm"].inverse(check)
    assert inverse is not None
    assert inverse.arguments["mode"] == "idle"


def test_a_leg_that_a_whole_array_does_not_name_may_have_another_name() -> None:
    probe = REGISTRY["mdadm"].probe({**TAKEN, "device": "/dev/disk/by-id/ata-1"})
    assert probe is not None
    assert probe.present(detail("detail")) is None


def test_what_is_done_has_its_undoing() -> None:
    inverse = REGISTRY["mdadm"].inverse(TAKEN)
    assert inverse is not None
    assert inverse.arguments == {**TAKEN, "mode": "re-add"}
    view = {"mode": "create", "name": "view", "target": "snapshot", "over": LEG, "sectors": 8, "store": "/dev/loop0"}
    removal = REGISTRY["dmsetup"].inverse(view)
    assert removal is not None
    assert removal.arguments == {"mode": "remove", "name": "view"}


@pytest.mark.parametrize(("name", "sectors"), [("metadata-at-the-end", 0), ("metadata-before-the-data", 2048)])
def test_examine_tells_where_the_data_begin(name: str, sectors: int) -> None:
    text = adapter_cases.load(f"mdadm/examine-{name}").outputs["stdout"]
    assert parse_mdadm_examine(text)["data_offset_sectors"] == sectors


@pytest.mark.parametrize("name", adapter_cases.names("mdadm"))
def test_any_part_of_an_output_is_read_or_refused(name: str) -> None:
    text = adapter_cases.load(name).outputs.get("stdout", "")
    for end in range(0, len(text), 97):
        read_or_refused(parse_mdadm_detail, text[:end])
        read_or_refused(parse_mdadm_examine, text[end:])


@pytest.mark.parametrize(
    ("shown", "file", "seen"),
    [
        ("/run/store", "/run/store", True),
        ("/run/store (deleted)", "/run/store", True),
        ("/run/store", "/var/run/store", None),  # the kernel names what links lead to
        ("/dev/dm-3", "/dev/mapper/data", None),
        ("/srv/image", "/run/store", False),
        (None, "/run/store", False),
    ],
)
def test_a_loop_device_is_known_by_its_file_also_when_that_was_deleted(
    shown: str | None, file: str, seen: bool | None
) -> None:
    device = {"name": "/dev/loop0", "file": shown, "offset": 0, "read_only": False}
    attached = {"loop_devices": [device] if shown else []}
    detach, attach = (
        REGISTRY["losetup"].probe({"mode": "detach", "device": "/dev/loop0"}),
        REGISTRY["losetup"].probe({"mode": "attach", "device": "/dev/loop0", "file": file}),
    )
    assert attach is not None
    assert detach is not None
    assert attach.present(attached) is seen
    assert detach.present(attached) is (shown is None)
