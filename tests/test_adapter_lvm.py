"""lvs, lvconvert, lvchange: their cases are real outputs of lvm2 2.03 on a kernel 6.1."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from svmrun.adapters.lvm_parse import parse_lvs
from svmrun.adapters.registry import REGISTRY
from svmrun.names import mapper_name
from tests import adapter_cases
from tests.program_cases import check, read_or_refused

SPLIT = {"mode": "split", "volume": "vg/lv", "image": "lv_rimage_2", "devices": ["/dev/sdd"]}
MERGE = {"mode": "merge", "volume": "vg/lv", "image": "lv_rimage_2", "devices": []}


@pytest.mark.parametrize("name", adapter_cases.names("lvs", "lvconvert", "lvchange"))
def test_the_lvm_command_is_built_and_read_as_the_case_says(name: str) -> None:
    check(name)


@given(st.text())
def test_any_text_is_read_as_a_report_of_lvs_or_refused(text: str) -> None:
    read_or_refused(parse_lvs, text)


def test_a_split_is_undone_by_the_merge_of_the_same_image() -> None:
    adapter = REGISTRY["lvconvert"]
    inverse = adapter.inverse(SPLIT)
    assert inverse is not None
    assert adapter.command_line(adapter.complete(inverse.arguments)).argv[-2:] == ("--merge", "vg/lv_rimage_2")
    assert adapter.split_device(SPLIT) == "/dev/mapper/vg-lv"
    assert adapter.split_device(MERGE) is None


@pytest.mark.parametrize(
    ("case", "split"), [("lvs/healthy", False), ("lvs/split", True), ("lvs/split-and-a-disk-gone", True)]
)
def test_lvs_tells_whether_an_image_is_split_off(case: str, split: bool) -> None:
    result = adapter_cases.load(case).run().result
    for arguments, there in ((SPLIT, split), (MERGE, not split)):
        probe = REGISTRY["lvconvert"].probe(arguments)
        assert probe is not None
        assert probe.adapter == "lvs"
        assert probe.present(result) is there
        assert probe.present({"volumes": {}}) is None


def test_a_shell_knows_a_merged_image_by_its_brackets() -> None:
    proof = REGISTRY["lvconvert"].done_in_shell(MERGE)
    assert proof.words == ("[lv_rimage_2]",)
    assert proof.command is not None
    assert proof.command.argv[0] == "lvs"


def test_no_command_of_lvm_warns_of_the_lock_of_the_run_that_it_inherits() -> None:
    calls: list[tuple[str, Mapping[str, object]]] = [("lvs", {"volume": "vg/lv"})]
    calls += [("lvconvert", SPLIT), ("lvconvert", MERGE)]
    calls += [("lvchange", {"mode": mode, "volume": "vg/lv"}) for mode in ("refresh", "check")]
    given = [REGISTRY[name].command_line(REGISTRY[name].complete(arguments)) for name, arguments in calls]
    asked = REGISTRY["lvconvert"].done_in_shell(MERGE).command
    assert asked is not None
    assert {command.environment.get("LVM_SUPPRESS_FD_WARNINGS") for command in (*given, asked)} == {"1"}


def test_device_mapper_doubles_the_dashes_of_a_name() -> None:
    assert mapper_name("my-vg/a-lv_rimage_0") == "my--vg-a--lv_rimage_0"


def test_a_merge_that_copied_nothing_looks_whole_and_only_a_check_tells() -> None:
    told = adapter_cases.load("lvs/says-whole-and-is-not").run().result["volumes"]["vg/lv"]
    counted = adapter_cases.load("lvs/mismatches").run().result["volumes"]["vg/lv"]
    assert (told["sync_percent"], told["sync_action"], told["mismatches"], told["health"]) == (100.0, "idle", 0, "")
    assert counted["mismatches"] > 0
    assert counted["health"] == "mismatches exist"


def test_a_merge_gives_back_the_device_that_a_split_took_off() -> None:
    adapter = REGISTRY["lvconvert"]
    assert adapter.split_side(SPLIT) == ("vg/lv", "vg/lv_rimage_2")
    assert adapter.split_side(MERGE) is None
    assert adapter.rejoins_device(MERGE) == "/dev/vg/lv_rimage_2"
    before = adapter.preceded_by(MERGE)
    assert before is not None
    assert (before.adapter, before.arguments["mode"]) == ("lvchange", "refresh")
    assert adapter.preceded_by(SPLIT) is None


@pytest.mark.parametrize(("case", "percent"), [("lvs/healthy", None), ("lvs/split", None), ("lvs/checking", 0.0)])
def test_only_what_runs_has_a_progress(case: str, percent: float | None) -> None:
    """A mirror that is whole says 100.00 all the time."""
    assert REGISTRY["lvs"].progress({}, adapter_cases.load(case).outputs["stdout"]) == percent
