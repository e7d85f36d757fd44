"""The guard against real deaths: every test runs under every shell."""

from __future__ import annotations

import os
import shlex
import signal
import time
from dataclasses import replace
from pathlib import Path

import pytest

from svmrun.effects.guard import FENCED_STATUS, Guard
from svmrun.errors import Refused
from svmrun.plan.release import Already, HeldRelease
from tests.guard_scene import (
    Scene,
    eventually,
    gone,
    kill_all,
    released_lines,
    runs,
    scene_of_a_shell,
    scene_of_each_shell,
)

LAST_FIRST = released_lines("detach", "lock")


scene, scenes = scene_of_a_shell, scene_of_each_shell


def test_a_runner_that_is_killed_leaves_nothing_held(scene: Scene) -> None:
    runner = scene.runner()
    runner.kill()
    assert scene.comes_to(LAST_FIRST)
    assert gone(runner.guard)
    assert (scene.folder / "fired").read_text() == "the runner is gone\n"


def test_a_runner_whose_whole_group_is_killed_leaves_nothing_held(scene: Scene) -> None:
    runner = scene.runner()
    runner.kill_group()
    assert scene.comes_to(LAST_FIRST)


def test_a_stopped_runner_loses_its_holds_at_the_limit(scenes: list[Scene]) -> None:
    runners = [scene.runner("sleep 40", "TERM", limit_seconds=0.1) for scene in scenes]
    for runner in runners:
        runner.kill(signal.SIGSTOP)
    began = time.monotonic()
    for scene, runner in zip(scenes, runners, strict=True):
        assert scene.comes_to(LAST_FIRST), scene.shell
        assert time.monotonic() - began < 5
        assert (scene.folder / "fired").read_text() == "the limit of lock passed\n"
        assert not runs(runner.child)
        runner.kill()


def test_the_running_command_ends_before_anything_is_released(scene: Scene) -> None:
    command = f"trap 'echo ended >>{scene.root}/log; exit' INT; while :; do sleep 0.1; done"
    runner = scene.runner(command, "INT")
    time.sleep(0.05)
    runner.kill()
    assert scene.comes_to(["ended", *LAST_FIRST])


def test_a_command_that_ignores_the_signal_is_killed(scenes: list[Scene]) -> None:
    runners = [scene.runner("trap '' TERM; while :; do sleep 1; done", "TERM") for scene in scenes]
    kill_all(runners)
    for scene, runner in zip(scenes, runners, strict=True):
        assert scene.comes_to(LAST_FIRST), scene.shell
        assert not runs(runner.child)


def test_a_guard_ignores_the_signals_of_a_terminal(scene: Scene) -> None:
    guard = scene.arm()
    guard.hold("lock")
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGPIPE):
        os.killpg(os.getsid(guard.pid), number)
    time.sleep(0.1)
    assert guard.news() is None
    assert not guard.dead
    guard.released("lock")
    guard.leave()


def test_a_guard_lives_in_a_session_of_its_own_and_keeps_nothing_open(scene: Scene) -> None:
    guard = scene.arm()
    assert os.getsid(guard.pid) != os.getsid(0)
    assert os.readlink(f"/proc/{guard.pid}/cwd") == "/"
    targets = {os.readlink(f"/proc/{guard.pid}/fd/{n}") for n in os.listdir(f"/proc/{guard.pid}/fd")}
    assert {t for t in targets if not t.startswith(("pipe:", "socket:"))} <= {"/dev/null", str(scene.card)}
    guard.leave()


def test_a_clean_end_releases_nothing_and_leaves_no_trace(scene: Scene) -> None:
    guard = scene.arm()
    for step in ("lock", "detach"):
        guard.hold(step)
        guard.released(step)
    guard.leave()
    assert scene.log() == []
    assert not scene.folder.exists()
    assert gone(guard.pid)


def test_leaving_with_a_hold_keeps_the_card(scene: Scene) -> None:
    guard = scene.arm()
    guard.hold("lock")
    guard.leave()
    assert scene.log() == []
    assert scene.by_hand().returncode == 0
    assert scene.log() == released_lines("lock")


def test_what_was_released_is_not_released_again(scene: Scene) -> None:
    guard = scene.arm()
    guard.hold("lock")
    guard.hold("detach")
    guard.released("lock")
    guard._feed.close()
    assert eventually(lambda: "done" in guard.poll())
    assert scene.log() == released_lines("detach")


@pytest.mark.parametrize("trouble", ["fails", "hangs"])
def test_a_release_in_trouble_is_repeated_and_does_not_stop_the_next(scenes: list[Scene], trouble: str) -> None:
    for scene in scenes:
        scene.behave("detach", **{trouble: 1})
    runners = [scene.runner() for scene in scenes]
    kill_all(runners)
    for scene, runner in zip(scenes, runners, strict=True):
        expected = released_lines("detach", "lock", "detach")
        assert scene.comes_to(expected), scene.shell
        assert gone(runner.guard), scene.shell


def test_what_lets_writers_wait_is_released_first_and_tried_again_before_all_else(scenes: list[Scene]) -> None:
    for scene in scenes:
        scene.behave("lock", fails=3)
        guard = scene.arm(holds=[scene.holds()[1], replace(scene.holds()[0], urgent=True)])
        guard.hold("lock")
        guard.hold("detach")
        guard._feed.close()
    for scene in scenes:
        assert scene.comes_to(released_lines("lock", "lock", "lock", "detach", "lock")), (scene.shell, scene.log())


def test_a_part_that_does_harm_without_the_one_before_it_waits_for_it(scenes: list[Scene]) -> None:
    for scene in scenes:
        scene.holds()
        scene.behave("note", fails=1)
        merge = scene.hold("merge")
        note, harmless = ((scene.command, "undo", step) for step in ("note", "harmless"))
        chained = replace(merge, releases=(note, *merge.releases, harmless), chained=(2,))
        guard = scene.arm(holds=[chained])
        guard.hold("merge")
        guard._feed.close()
        assert scene.comes_to(released_lines("note", "harmless", "note", "merge", "harmless")), (
            scene.shell,
            scene.log(),
        )


def test_a_part_that_owes_words_is_not_believed_without_them(scene: Scene) -> None:
    scene.holds()
    silent = ("/bin/sh", "-c", f"echo try >>{scene.root}/log; cat {scene.root}/words")
    (scene.root / "words").write_text("  Refreshing it's volume\n")
    merge = scene.hold("merge")
    chained = replace(merge, releases=(silent, *merge.releases), chained=(2,), owed={1: "it's resumed ("})
    guard = scene.arm(holds=[chained])
    guard.hold("merge")
    guard._feed.close()
    assert scene.comes_to(["try", "try"])
    (scene.root / "words").write_text("Refreshing\n  Now it's resumed (253:6)\n")
    assert eventually(lambda: scene.log()[-1] == "undo merge")


def test_a_release_that_says_done_but_did_nothing_is_repeated(scene: Scene) -> None:
    (scene.root / "state").write_text("lock released\n")
    lying = HeldRelease(
        "lock", "Lie once", 20, (("/bin/sh", "-c", f"echo try >>{scene.root}/log"),), scene.hold("other").already
    )
    guard = scene.arm(holds=[lying])
    guard.hold("lock")
    guard._feed.close()
    assert eventually(lambda: len(scene.log()) >= 2)
    (scene.root / "state").write_text("other is released\n")
    assert eventually(lambda: "done" in guard.poll())


def test_a_line_with_a_word_that_it_must_not_have_proves_nothing(scene: Scene) -> None:
    scene.holds()
    (scene.root / "state.shown").write_text("0 /dev/a active sync\n1 /dev/b faulty\n")
    already = Already((scene.command, "status"), ("/dev/b",), ("faulty",))
    guard = scene.arm(holds=[replace(scene.hold("leg"), already=already)])
    guard.hold("leg")
    guard._feed.close()
    assert eventually(lambda: len(scene.log()) >= 2)
    (scene.root / "state.shown").write_text("1 /dev/b spare rebuilding\n")
    assert eventually(lambda: "done" in guard.poll())


def test_a_failing_release_that_says_it_is_so_already_counts(scene: Scene) -> None:
    argv = ("/bin/sh", "-c", "echo metattach: d0: d20 is attached already; exit 1")
    guard = scene.arm(holds=[HeldRelease("detach", "Detach", 20, (argv,), says=("is attached", "already"))])
    guard.hold("detach")
    guard._feed.close()
    assert eventually(lambda: "done" in guard.poll())


def test_a_live_runner_is_told_and_may_do_nothing_forward(scene: Scene) -> None:
    guard = scene.arm(limit_seconds=0.1)
    guard.hold("lock")
    assert guard.news() is None
    assert eventually(lambda: guard.fired() is not None)
    news = guard.news()
    assert news is not None
    assert (news.reason, news.released) == ("the limit of lock passed", ("lock",))
    fenced = guard.fenced(("/bin/sh", "-c", f"echo forward >>{scene.root}/log"))
    assert os.waitstatus_to_exitcode(os.system(" ".join(f"'{w}'" for w in fenced) + " 2>/dev/null")) == FENCED_STATUS
    assert scene.log() == released_lines("lock")
    with pytest.raises(Refused, match="did not acknowledge the hold of detach"):
        guard.hold("detach")


def test_a_fenced_command_starts_while_the_guard_waits(scene: Scene) -> None:
    guard = scene.arm()
    guard.hold("lock")
    argv = guard.fenced(("/bin/sh", "-c", f'echo "$1" >>{scene.root}/log', "-", "a b\n$HOME"))
    assert os.spawnv(os.P_WAIT, argv[0], argv) == 0
    assert (scene.root / "log").read_text() == "a b\n$HOME\n"
    guard.released("lock")
    guard.leave()


def test_a_fenced_command_has_the_rights_and_the_environment_of_any_other(scene: Scene) -> None:
    guard = scene.arm()
    guard.hold("lock")
    argv = guard.fenced(("/bin/sh", "-c", f'(umask; echo "$PATH") >{scene.root}/log'))
    private = f"umask 077; PATH=/nowhere exec {shlex.join(argv)}"
    assert os.waitstatus_to_exitcode(os.system(private)) == 0
    assert (scene.root / "log").read_text() == "0077\n/nowhere\n"
    guard.released("lock")
    guard.leave()


def test_a_command_whose_start_the_runner_did_not_live_to_tell_ends_too(scene: Scene) -> None:
    guard = scene.arm()
    guard.hold("lock")
    argv = guard.fenced(("/bin/sleep", "40"))
    pid = os.spawnv(os.P_NOWAIT, "/usr/bin/setsid", ("setsid", *argv))
    assert eventually(lambda: Path(f"/proc/{pid}/cmdline").read_bytes().startswith(b"/bin/sleep"))
    guard._feed.close()
    assert eventually(lambda: "done" in guard.poll())
    assert os.waitpid(pid, 0)[1] == signal.SIGTERM


def test_the_death_of_the_guard_is_seen_at_once(scene: Scene) -> None:
    guard = scene.arm()
    guard.hold("lock")
    os.kill(guard.pid, signal.SIGKILL)
    assert eventually(lambda: guard.news() is not None, 1.0)
    news = guard.news()
    assert news is not None
    assert news.reason == "the guard died"
    guard.released("lock")
    guard.leave()
    assert scene.log() == []


def test_a_run_that_is_stuck_leaves_its_holds_to_the_guard(scene: Scene) -> None:
    guard = scene.arm()
    for step in ("lock", "detach"):
        guard.hold(step)
    scene.behave("lock", fails=2)
    assert guard.go_on() == ("detach", "lock")
    assert scene.comes_to(released_lines("detach", "lock", "lock", "lock"))
    assert gone(guard.pid)
    assert (scene.folder / "fired").read_text() == "the run is stuck\n"


def test_a_dead_guard_is_told_to_whoever_wants_to_leave_it_something(scene: Scene) -> None:
    guard = scene.arm()
    guard.hold("lock")
    os.killpg(os.getpgid(guard.pid), signal.SIGKILL)
    assert gone(guard.pid)
    assert guard.go_on() == ()


def test_runner_and_guard_killed_together_leave_nothing_held(scene: Scene) -> None:
    runner = scene.runner("sleep 40", "TERM")
    os.kill(runner.guard, signal.SIGKILL)
    runner.kill()
    assert scene.comes_to(LAST_FIRST)
    assert gone(runner.child)


def test_a_limit_is_kept_even_when_the_guard_is_dead_and_the_runner_stopped(scenes: list[Scene]) -> None:
    runners = []
    for scene in scenes:  # each at once: its limit passes soon
        runner = scene.runner(limit_seconds=0.3)
        runner.kill(signal.SIGSTOP)
        os.kill(runner.guard, signal.SIGKILL)
        runners.append(runner)
    for scene in scenes:
        assert scene.comes_to(LAST_FIRST), scene.shell
    kill_all(runners)


def test_a_guard_that_does_not_answer_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="did not answer"):
        Guard.arm("exit 0\n", tmp_path, timeout_seconds=0.3)


def test_a_guard_that_cannot_be_placed_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="cannot be started"):
        Guard.arm("exit 0\n", tmp_path / "missing")
