"""A run that is interrupted, again and again, at any step: it rolls back once, and the host is as it was found."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.installed import until
from tests.running import Scene, differences

CODES = {"INT": 130, "TERM": 143, "HUP": 129}


def interrupt(process: subprocess.Popen[bytes], name: str) -> None:
    os.kill(process.pid, getattr(signal, f"SIG{name}"))


@pytest.mark.parametrize(
    ("step", "fault", "name"),
    [
        ("lock", "lockfs -w=hang-after", "INT"),
        ("detach", "metadetach=hang-after", "TERM"),
        ("check", "fsck=hang", "HUP"),
        ("dump", "ufsdump=hang", "INT"),
        ("resync", "metastat d0#4=hang", "TERM"),
    ],
)
def test_a_signal_ends_the_step_and_everything_is_undone(step: str, fault: str, name: str, scene: Scene) -> None:
    scene.host("schost", fault)
    process = scene.start("mirror-backup")
    until(lambda: scene.began(step), f"{step} began")

    interrupt(process, name)
    ended = scene.ended(process)

    assert ended.code == CODES[name], ended.said
    assert f"cancelled by SIG{name}" in ended.said
    assert differences(scene.before, scene.world) == []
    assert (scene.events()[-1]["verdict"], scene.events()[-1]["exit_code"]) == ("rolled back", CODES[name])
    assert not scene.running()


def test_a_signal_before_the_first_step_changes_nothing(scene: Scene) -> None:
    scene.host("schost", "df=hang")
    process = scene.start("mirror-backup")
    scene.until_called("df ")

    interrupt(process, "INT")
    ended = scene.ended(process)

    assert ended.code == 130, ended.said
    assert ended.said == "svmrun: cancelled by SIGINT; nothing was changed\n"
    assert scene.calls() == ()


def test_ten_interrupts_and_three_terms_during_the_rollback_change_nothing_but_a_message(scene: Scene) -> None:
    scene.host("schost", "ufsdump=fail", command_seconds=0.2)
    process = scene.start("mirror-backup")
    until(lambda: scene.began("detach", "probe"), "the rollback began")

    for name in ("INT",) * 10 + ("TERM",) * 3:
        interrupt(process, name)
        time.sleep(0.02)
    ended = scene.ended(process)

    assert ended.code == 1, ended.said
    assert "already rolling back" in ended.said
    assert differences(scene.before, scene.world) == []
    assert sum(call.startswith("metattach ") for call in scene.world.calls) == 1


def test_a_second_run_on_the_same_mirror_is_told_who_has_it(scene: Scene) -> None:
    scene.host("schost", "ufsdump=hang")
    first = scene.start("mirror-backup")
    scene.until_called("ufsdump ")
    asked = scene.world.calls

    second = scene.execute("mirror-backup", "-p", "dump_device=/dev/rmt/0")

    assert second.code == 5, second.said
    run = scene.events()[0]["run"]
    for what in (run, scene.events()[0]["host"], f"pid {first.pid}"):
        assert what in second.err, second.err
    assert scene.world.calls == asked  # not even a fact was read
    interrupt(first, "INT")
    assert scene.ended(first).code == 130
    assert differences(scene.before, scene.world) == []


def test_a_second_run_is_told_who_has_the_mirror_although_the_lock_of_the_first_one_fails_its_checks(
    scene: Scene,
) -> None:
    scene.host("schost", "metadetach=hang")
    first = scene.start("mirror-backup")
    scene.until_called("metadetach ")

    second = scene.execute("mirror-backup")

    assert second.code == 5, second.said
    assert f"pid {first.pid}" in second.err
    interrupt(first, "TERM")
    assert scene.ended(first).code == 143
    assert differences(scene.before, scene.world) == []


def test_the_limit_of_a_hold_ends_what_runs_in_it(scene: Scene) -> None:
    text = (Path(__file__).parent.parent / "runbooks" / "mirror-backup.yaml").read_text()
    impatient = scene.folder / "impatient.yaml"
    impatient.write_text(text.replace("hold: 12h", "hold: 3s"))
    scene.host("schost", "fsck=hang")

    ended = scene.execute(impatient)

    assert ended.code == 1, ended.said
    assert "the hold of detach lasted longer than its limit of 3 s" in ended.said
    assert differences(scene.before, scene.world) == []


def test_the_runner_is_killed_and_its_guard_releases_what_it_held(scene: Scene) -> None:
    scene.host("schost", "metadetach=hang-after")
    process = scene.start("mirror-backup")
    scene.until_called("metadetach ")
    until(lambda: len(scene.world.mirrors[0].submirrors) == 2, "the side was off")

    os.kill(process.pid, signal.SIGKILL)
    scene.ended(process)

    until(lambda: differences(scene.before, scene.world) == [], "the guard released everything")
