"""A run that was rolled back goes on after what made it fail is gone: nothing is done twice that must not be."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.running import RUNBOOKS, Ended, Scene, differences

TAPE_FAILS_ONCE = "ufsdump#1=fail"


def resync_ends(scene: Scene) -> None:
    done = scene.shell(f"{scene.folder}/host/bin/svmsim-pass 10000")
    assert done.returncode == 0, done.stderr


def failed_dump(scene: Scene, runbook: str | Path = "mirror-backup") -> Ended:
    scene.host("schost", TAPE_FAILS_ONCE)
    ended = scene.execute(runbook)
    assert ended.code == 1, ended.said
    resync_ends(scene)
    return ended


def copy_of_the_runbook(scene: Scene) -> Path:
    return Path(shutil.copy(RUNBOOKS / "mirror-backup.yaml", scene.folder / "mine.yaml"))


@pytest.fixture
def rolled_back(scene: Scene) -> Scene:
    failed_dump(scene, copy_of_the_runbook(scene))
    return scene


def test_a_backup_goes_on_with_a_new_tape_and_a_new_image(rolled_back: Scene) -> None:
    scene = rolled_back
    calls = len(scene.calls())
    ended = scene.run("resume", "last")
    assert ended.code == 0, ended.said
    assert [c.split()[0] for c in scene.calls()[calls:]] == [
        "lockfs",
        "metadetach",
        "lockfs",
        "fsck",
        "ufsdump",
        "metattach",
    ]
    (image,) = scene.world.tapes[0].contents
    assert image.consistent
    assert not differences(scene.before, scene.world)


def test_a_resumed_run_is_one_run_with_one_journal(rolled_back: Scene) -> None:
    scene = rolled_back
    scene.run("resume", "last")
    kinds = [x["event"] for x in scene.events()]
    assert kinds.count("RunStarted") == 1
    assert kinds.count("RunResumed") == 1
    assert [x["verdict"] for x in scene.events() if x["event"] == "RunEnded"] == ["rolled back", "succeeded"]
    shown = scene.run("history").out
    assert "succeeded" in shown
    assert "nothing to recover" in scene.run("recover").said


def test_a_run_that_fails_again_is_rolled_back_again(scene: Scene) -> None:
    scene.host("schost", "ufsdump#1-2=fail")
    assert scene.execute("mirror-backup").code == 1
    resync_ends(scene)
    assert scene.run("resume", "last").code == 1
    assert not differences(scene.before, scene.world)
    resync_ends(scene)
    assert scene.run("resume", "last").code == 0


def test_a_changed_plan_is_refused_until_it_was_seen_and_accepted(rolled_back: Scene) -> None:
    scene = rolled_back
    runbook = scene.folder / "mine.yaml"
    runbook.write_text(runbook.read_text().replace("hold: 40s", "hold: 55s"))
    before = scene.world.calls
    refused = scene.run("resume", "last")
    assert refused.code == 6, refused.said
    assert "40 s" in refused.said
    assert "55 s" in refused.said
    assert not [c for c in scene.world.calls[len(before) :] if c.startswith(("lockfs -w", "metadetach"))]
    accepted = scene.run("resume", "last", "--accept-plan")
    assert accepted.code == 0, accepted.said


def test_checks_are_judged_again(scene: Scene) -> None:
    scene.host("schost", TAPE_FAILS_ONCE, resync_seconds=1e6)
    assert scene.execute("mirror-backup").code == 1
    refused = scene.run("resume", "last")
    assert refused.code == 6, refused.said
    assert "resync" in refused.said or "Okay" in refused.said


def test_what_succeeded_has_nothing_to_resume(scene: Scene) -> None:
    scene.host()
    assert scene.execute("mirror-backup").code == 0
    refused = scene.run("resume", "last")
    assert refused.code == 2
    assert "nothing to resume" in refused.said


def test_a_stuck_run_is_recovered_before_it_is_resumed(scene: Scene) -> None:
    scene.host("schost", TAPE_FAILS_ONCE, "metattach=fail")
    assert scene.execute("mirror-backup").code == 4
    refused = scene.run("resume", "last")
    assert refused.code == 5
    assert "svmrun recover" in refused.said


def test_a_step_that_nobody_calls_safe_is_not_done_twice(scene: Scene) -> None:
    runbook = copy_of_the_runbook(scene)
    tell = "  - id: tell\n    name: Tell the warehouse\n    command: {argv: [uname, -a]}\n\n  - id: check\n"
    runbook.write_text(runbook.read_text().replace("  - id: check\n", tell))
    failed_dump(scene, runbook)
    refused = scene.run("resume", "last")
    assert refused.code == 6, refused.said
    assert "tell would be done a second time" in refused.said
