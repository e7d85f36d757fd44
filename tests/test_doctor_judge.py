"""Whose an effect is, by what the journals tell: judged without any host."""

from __future__ import annotations

from typing import Any

from svmrun.diagnosis.judge import judge
from svmrun.diagnosis.model import Finding
from svmrun.diagnosis.seen import GuardFolder, KnownHold, KnownRun, Seen

PATH = "/export"
LOCK = {"path": PATH, "lock": "write", "comment": None}


def lock_hold(*, held: bool) -> KnownHold:
    return KnownHold("lock", "lockfs", held, locked_path=PATH)


def detach_hold(*, held: bool) -> KnownHold:
    return KnownHold("detach", "metadetach", held, mirror="d0", side="d20")


def only(seen: Seen, kind: str) -> Finding:
    (finding,) = [finding for finding in judge(seen) if finding.kind == kind]
    return finding


def stripe(size: int = 1000, parent: str | None = None) -> dict[str, Any]:
    return {
        "type": "stripe",
        "state": "Okay",
        "submirrors": [],
        "parent": parent,
        "size_blocks": size,
        "components": [],
    }


def mirror(*sides: str, state: str = "Okay", percent: float | None = None) -> dict[str, Any]:
    submirrors = [{"name": side, "state": state} for side in sides]
    return {"type": "mirror", "submirrors": submirrors, "resync_percent": percent, "parent": None, "size_blocks": 1000}


def volumes(**values: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {"d0": mirror("d10", "d15"), "d10": stripe(parent="d0"), "d15": stripe(parent="d0"), **values}


def test_a_lock_that_a_finished_run_has_undone_is_not_its_own() -> None:
    ended = KnownRun("night-1", "ended", holds=(lock_hold(held=False),))
    finding = only(Seen(locks=(LOCK,), runs=(ended,)), "locked file system")
    assert (finding.run, finding.command) == (None, "lockfs -u /export")
    assert finding.whose == "not ours: the run night-1 did the same (step lock) and has undone it since"


def test_a_lock_that_the_guard_has_lifted_is_not_ours_when_it_is_there_again() -> None:
    dead = KnownRun("night-1", "unfinished", holds=(lock_hold(held=False),))
    assert only(Seen(locks=(LOCK,), runs=(dead,)), "locked file system").run is None


def test_of_several_runs_the_one_that_still_holds_it_is_named() -> None:
    dead = KnownRun("night-1", "unfinished", holds=(lock_hold(held=True),))
    later = KnownRun("night-2", "ended", holds=(lock_hold(held=False),))
    finding = only(Seen(locks=(LOCK,), runs=(dead, later)), "locked file system")
    assert (finding.run, finding.command) == ("night-1", "svmrun recover night-1")


def test_a_hard_lock_cannot_be_unlocked() -> None:
    assert only(Seen(locks=({**LOCK, "lock": "hard"},)), "locked file system").command == "umount /export"


def test_a_path_with_blanks_is_told_as_a_shell_reads_it() -> None:
    odd = {"path": "/a b", "lock": "(write)", "comment": "don't"}
    finding = only(Seen(locks=(odd,)), "locked file system")
    assert finding.command == "lockfs -u '/a b'"
    assert "is just being changed" in finding.text


def test_an_effect_that_no_command_can_see_is_said_to_be_so() -> None:
    freeze = KnownHold("freeze", "fsfreeze", True, locked_path="/srv/data", visible=False)
    finding = only(Seen(runs=(KnownRun("r", "unfinished", holds=(freeze,)),)), "unfinished run")
    assert finding.text == (
        "by its journal it holds freeze (fsfreeze /srv/data); "
        "no command can tell whether freeze (fsfreeze /srv/data) is there"
    )


def test_a_free_volume_that_a_run_took_off_is_a_side_whatever_its_size() -> None:
    seen = Seen(report=volumes(d20=stripe(5)), runs=(KnownRun("r", "stuck", holds=(detach_hold(held=True),)),))
    assert only(seen, "detached submirror").run == "r"


def test_a_free_volume_of_another_size_is_none_of_our_business() -> None:
    assert judge(Seen(report=volumes(d20=stripe(5)))) == ()


def test_a_volume_that_is_mounted_or_part_of_another_one_is_not_free() -> None:
    assert judge(Seen(report=volumes(d20=stripe()), mounted=frozenset({"d20"}))) == ()
    soft = {"d50": {"type": "soft-partition", "components": ["d20"]}}
    assert judge(Seen(report=volumes(d20=stripe()), layout=soft)) == ()


def test_a_side_of_another_disk_set_fits_no_mirror() -> None:
    assert judge(Seen(report=volumes(**{"other/d20": stripe()}))) == ()


def test_a_resync_is_told_with_the_run_that_took_the_side_off() -> None:
    report = volumes(d0=mirror("d10", "d20", state="Resyncing", percent=3.0))
    seen = Seen(report=report, runs=(KnownRun("r", "ended", holds=(detach_hold(held=False),)),))
    assert only(seen, "resync").run == "r"


def test_without_the_concise_form_an_offline_side_cannot_be_told_from_a_stale_one() -> None:
    findings = judge(Seen(report=volumes(d0=mirror("d10", "d15", state="Needs maintenance"))))
    assert [finding.kind for finding in findings] == ["mirror not whole"] * 2
    finding = findings[0]
    assert "it may just be offline" in finding.text


def test_components_are_repaired_in_the_order_that_the_driver_demands() -> None:
    broken = {
        **stripe(parent="d0"),
        "components": [{"device": "c1t0d0s0", "state": "Last Erred"}, {"device": "c2t0d0s0", "state": "Maintenance"}],
    }
    report = volumes(
        d0={
            **mirror("d10", "d15"),
            "submirrors": [{"name": "d10", "state": "Needs maintenance"}, {"name": "d15", "state": "Okay"}],
        },
        d10=broken,
    )
    assert only(Seen(report=report), "mirror not whole").command == "metareplace -e d0 c2t0d0s0"


def test_a_guard_folder_with_something_outstanding_is_released_before_it_is_removed() -> None:
    folder = GuardFolder("r", "/dev/shm/svmrun-0/r", False, ("lock",))
    finding = only(Seen(guard_folders=(folder,), runs=(KnownRun("r", "ended"),)), "guard folder")
    assert finding.command == "sh /dev/shm/svmrun-0/r/release.sh && rm -r /dev/shm/svmrun-0/r"
    assert judge(Seen(guard_folders=(folder,), runs=(KnownRun("r", "unfinished"),)))[0].kind == "unfinished run"
