"""What went wrong with other systems, cause by cause, and that it cannot go wrong here. Real processes.

The causes: 1 who should have unlocked died; 2 a command timed out and had its effect all the same; 3 the guard waited
for what it guarded; 4 somebody else's lock; 5 left-overs; 6 the cleanup hung; 7 a false report.
The rules of the guard that are not here have tests of their own: test_guard_card.py (it opens no file), test_closure.py
(what it needs lies elsewhere), test_fence.py (who wakes up too late), test_not_ours.py (whose lock it is).
"""

from __future__ import annotations

import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from svmrun.effects.guard import release_body
from svmrun.simulator import state_file
from tests.installed import until
from tests.kill_stories import naming, on_terminal
from tests.nursery import kill_victims
from tests.running import Scene, differences

SHORT_WINDOW = Path(__file__).parent / "cases" / "kills" / "short-window.yaml"
CRON = "svc:/system/cron:default"


def dies_while_dumping(scene: Scene, victims: str, *faults: str) -> None:
    scene.host("schost", "ufsdump#1=hang", *faults)
    process = scene.start("mirror-backup")
    scene.until_called("ufsdump")
    kill_victims(victims, process.pid, scene.memory)
    process.wait()


def dies_while_locked(scene: Scene, *faults: str) -> None:
    scene.host("schost", "metadetach#1=hang", *faults)
    process = scene.start("mirror-backup")
    scene.until_called("metadetach")
    process.kill()
    process.wait()


def edited(scene: Scene, old: str, new: str) -> Path:
    """A copy of short-window with one change."""
    text = SHORT_WINDOW.read_text()
    assert old in text
    copy = scene.folder / "edited.yaml"
    copy.write_text(text.replace(old, new))
    return copy


# -- 1: the thing that should have unlocked died or never got there --------------------------------------------------


def test_cause_1_the_runner_vanishes_between_lock_and_unlock(scene: Scene) -> None:
    dies_while_locked(scene)
    until(lambda: not differences(scene.before, scene.world), "the guard unlocks and attaches")


def test_cause_1_a_step_inside_the_window_fails_and_cleanup_is_not_tied_to_the_success_path(scene: Scene) -> None:
    scene.host("schost", "metadetach=fail")
    assert scene.execute("mirror-backup").code == 1
    assert not differences(scene.before, scene.world)


def test_cause_1_the_lock_cannot_be_held_over_the_whole_copy(scene: Scene) -> None:
    scene.host()
    copy = edited(scene, "  - release: lock\n  - id: dump", "  - id: dump")
    copy.write_text(copy.read_text().replace("  - release: detach", "  - release: lock\n  - release: detach"))
    ended = scene.execute(copy)
    assert ended.code == 3
    assert "copies" in ended.said or "copy" in ended.said
    assert not scene.calls()


def test_cause_1_a_retry_inside_the_window_is_bounded_by_its_limit(scene: Scene) -> None:
    scene.host()
    ended = scene.execute(edited(scene, "submirror: d30}\n    timeout: 1500ms", "submirror: d30}\n    timeout: 4s"))
    assert ended.code == 3
    assert "the hold of 'lock' may last" in ended.said
    assert not scene.calls()


def test_cause_1_the_root_file_system_is_never_in_the_lock_set(scene: Scene) -> None:
    scene.host()
    ended = scene.execute(SHORT_WINDOW, "-p", "mount_point=/")
    assert ended.code in (3, 6)
    assert not scene.calls()


# -- 2: the command timed out or was killed, but its effect had landed -----------------------------------------------


@pytest.mark.parametrize("effect", ["hang-after", "late:0.2", "fail-after"])
@pytest.mark.parametrize("command", ["lockfs -w", "metadetach"])
def test_cause_2_a_command_that_did_not_say_so_had_its_effect(scene: Scene, command: str, effect: str) -> None:
    scene.host("schost", f"{command}={effect}")
    assert scene.execute(SHORT_WINDOW).code == 1
    assert not differences(scene.before, scene.world)


def test_cause_2_the_undo_has_at_least_the_time_of_what_it_undoes(scene: Scene) -> None:
    scene.host()
    text = SHORT_WINDOW.read_text().replace("      timeout: 1500ms\n", "").replace("hold: 4600ms", "hold: 60s")
    (scene.folder / "edited.yaml").write_text(text.replace("    timeout: 1500ms", "    timeout: 17s"))
    ended = scene.run("plan", str(scene.folder / "edited.yaml"), "--simulate", str(scene.folder / "host"))
    assert ended.code == 0, ended.said
    undone = [line for line in ended.out.splitlines() if line.lstrip().startswith("undo:")]
    assert len(undone) == 2
    assert all("at most 17 s" in line for line in undone)


# -- 3: the guard blocked on what it was guarding --------------------------------------------------------------------


def test_cause_3_a_terminal_that_takes_nothing_any_more_does_not_hold_up_the_guard(scene: Scene) -> None:
    scene.host("schost", "metadetach=hang")
    pid, terminal = on_terminal(scene, "execute", str(SHORT_WINDOW), "--simulate", str(scene.folder / "host"))
    scene.until_called("metadetach")
    os.write(terminal, b"\x13")  # Ctrl-S: whatever the runner prints now waits
    until(lambda: not differences(scene.before, scene.world), "everything is released")
    os.close(terminal)
    os.waitpid(pid, 0)


def test_cause_3_the_guard_asks_no_clock_and_writes_to_no_log() -> None:
    words = release_body().split()
    assert not {"date", "logger", "syslog"} & set(words)


# -- 4: somebody else's lock -----------------------------------------------------------------------------------------


def test_cause_4_a_service_that_was_stopped_before_is_not_started_by_the_cleanup(scene: Scene) -> None:
    scene.host("schost", "ufsdump=fail")
    scene.shell(f"{scene.folder}/host/bin/svcadm disable {CRON}")
    found = scene.world.services
    assert scene.execute("mirror-backup", "-p", f'services=["{CRON}"]').code == 1
    assert scene.world.services == found


# -- 5: left-overs that break the next run ---------------------------------------------------------------------------


def test_cause_5_what_a_dead_run_left_is_told_to_the_next_one_and_ended_on_request(scene: Scene) -> None:
    dies_while_dumping(scene, "all")
    refused = scene.execute("mirror-backup")
    assert refused.code == 5
    assert "svmrun recover" in refused.said
    assert scene.run("recover").code == 0
    assert not differences(scene.before, scene.world)
    assert not naming(scene.memory)


def test_cause_5_the_lock_of_a_dead_process_does_not_block_the_next_run_for_ever(scene: Scene) -> None:
    dies_while_dumping(scene, "all")
    assert scene.run("recover").code == 0
    while any(m.resync for m in scene.world.mirrors):
        scene.shell(f"{scene.folder}/host/bin/metastat -s schost-1")
    assert scene.execute("mirror-backup").code == 0


# -- 6: the cleanup command itself hung ------------------------------------------------------------------------------


def test_cause_6_an_undo_that_hangs_is_ended_and_tried_again(scene: Scene) -> None:
    scene.host("schost", "ufsdump=fail", "metattach#1-2=hang")
    assert scene.execute(SHORT_WINDOW).code == 1
    assert not differences(scene.before, scene.world)


def test_cause_6_an_undo_that_always_fails_does_not_stop_the_next_and_is_told(scene: Scene) -> None:
    scene.host("schost", "metadetach=fail-after", "metattach=fail")
    ended = scene.execute(SHORT_WINDOW)
    assert ended.code == 4
    assert [left.split(":")[0] for left in differences(scene.before, scene.world)] == ["mirrors"]
    assert len(ended.instructions()) == 1
    state_file.change(str(scene.folder / "host"), lambda world: replace(world, faults=()))  # the cause goes away
    scene.shell(ended.instructions()[0])  # its guard may be quicker
    assert not differences(scene.before, scene.world)
    assert scene.run("recover").code == 0


def test_cause_6_the_undo_of_the_guard_hangs(scene: Scene) -> None:
    dies_while_locked(scene, "lockfs -u#1=hang")
    until(lambda: not differences(scene.before, scene.world), "the guard tries again")


# -- 7: silent falsehood ---------------------------------------------------------------------------------------------


def test_cause_7_a_program_that_is_missing_is_found_out_before_anything_is_changed(scene: Scene) -> None:
    scene.host()
    (scene.folder / "host" / "bin" / "metattach").unlink()
    ended = scene.execute("mirror-backup")
    assert ended.code in (3, 6)
    assert "metattach" in ended.said
    assert not scene.calls()


def test_cause_7_a_plan_only_looks(scene: Scene) -> None:
    scene.host()
    assert scene.run("plan", "mirror-backup", "--simulate", str(scene.folder / "host")).code == 0
    assert not scene.calls()


def test_cause_7_a_lock_that_fails_fails_the_backup(scene: Scene) -> None:
    scene.host("schost", "lockfs -w=fail")
    assert scene.execute("mirror-backup").code == 1
    assert not any(call.startswith(("metadetach", "ufsdump")) for call in scene.world.calls)


@pytest.mark.parametrize("fault", ["lockfs -w=lie", "metadetach=lie", "ufsdump=lie", "fsck=lie"])
def test_cause_7_a_command_that_lies_makes_no_good_backup(scene: Scene, fault: str) -> None:
    scene.host("schost", fault)
    assert scene.execute("mirror-backup").code == 1
    assert not differences(scene.before, scene.world)


# -- the rules of the guard ------------------------------------------------------------------------------------------


def test_rule_1_no_guard_no_lock(scene: Scene) -> None:
    scene.host()
    ended = scene.execute("mirror-backup", SVMRUN_MEMORY=str(scene.folder / "nowhere"))
    assert ended.code != 0
    assert "guard" in ended.said
    assert not [call for call in scene.calls() if call.startswith(("lockfs", "metadetach"))]


def test_rule_2_the_guard_lives_in_a_session_of_its_own(scene: Scene) -> None:
    scene.host("schost", "ufsdump=hang")
    process = scene.start("mirror-backup")
    scene.until_called("ufsdump")
    sessions = {os.getsid(pid) for pid in naming(scene.memory)}
    assert sessions
    assert process.pid not in sessions
    process.terminate()
    assert scene.ended(process).code == 143


def test_rule_6_a_release_that_lies_is_repeated_until_the_system_says_so(scene: Scene) -> None:
    dies_while_locked(scene, "lockfs -u#1-2=lie")
    until(lambda: not differences(scene.before, scene.world), "the guard asks, and tries again")


def test_the_card_of_a_run_whose_runner_and_guard_are_dead_releases_everything(scene: Scene) -> None:
    dies_while_dumping(scene, "all")
    assert differences(scene.before, scene.world)
    (card,) = scene.memory.glob("svmrun-*/*/release.sh")
    done = subprocess.run(["sh", str(card)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout
    assert not differences(scene.before, scene.world)
    assert scene.run("recover").code == 0
