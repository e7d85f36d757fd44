"""Signals, terminals that hang up, commands that do not end, two runners at once: real processes all the way."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from tests.installed import alive, until
from tests.kill_stories import on_terminal
from tests.nursery import kill_victims
from tests.running import SVMRUN, Scene, differences

CASES = Path(__file__).parent / "cases" / "kills"


def once_and_in_order(calls: tuple[str, ...], *wanted: str) -> bool:
    undone = [call for call in calls if call.startswith(("metattach", "lockfs -u"))]
    return undone == list(wanted)


# -- signals ---------------------------------------------------------------------------------------------------------


def test_ten_interrupts_and_three_terms_during_a_rollback_change_nothing(scene: Scene) -> None:
    scene.host("schost", "metadetach=fail-after", command_seconds=0.3)
    process = scene.start("mirror-backup")
    until(lambda: scene.began("lock", "rollback"), "the rollback")
    for number in [signal.SIGINT] * 5 + [signal.SIGTERM] * 3 + [signal.SIGINT] * 5:
        process.send_signal(number)
        time.sleep(0.05)
    ended = scene.ended(process)
    assert ended.code == 1
    assert "already rolling back; it ends by itself" in ended.said
    assert once_and_in_order(scene.calls(), "lockfs -u /global/schost-1", "metattach -s schost-1 d0 d30")
    assert not differences(scene.before, scene.world)


def test_hang_ups_and_interrupts_of_the_whole_group_during_a_rollback_change_nothing(scene: Scene) -> None:
    scene.host("schost", "metadetach=fail-after", command_seconds=0.3)
    process = scene.start("mirror-backup")
    until(lambda: scene.began("lock", "rollback"), "the rollback")
    for number in [signal.SIGHUP, signal.SIGINT, signal.SIGTERM] * 4:
        os.killpg(process.pid, number)
        time.sleep(0.05)
    assert scene.ended(process).code == 1
    assert once_and_in_order(scene.calls(), "lockfs -u /global/schost-1", "metattach -s schost-1 d0 d30")
    assert not differences(scene.before, scene.world)


def test_a_run_whose_guard_is_killed_goes_back_and_says_that_it_died_and_no_more(scene: Scene) -> None:
    scene.host("schost", "ufsdump=hang")
    process = scene.start("mirror-backup")
    scene.until_called("ufsdump")
    (guard,) = (event["pid"] for event in scene.events() if event["event"] == "GuardArmed")
    os.kill(guard, signal.SIGKILL)
    ended = scene.ended(process)
    assert ended.code == 1
    assert "THE GUARD DIED: without one nothing goes forward" in ended.said
    assert "CANCELLED" not in ended.said
    assert "acted" not in ended.said.lower()
    assert not differences(scene.before, scene.world)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_while_the_tape_runs_rolls_back(scene: Scene, number: signal.Signals, code: int) -> None:
    scene.host("schost", "ufsdump=hang")
    process = scene.start("mirror-backup")
    scene.until_called("ufsdump")
    process.send_signal(number)
    assert scene.ended(process).code == code
    assert not differences(scene.before, scene.world)


# -- a terminal that hangs up ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", ["ufsdump", "metadetach"])
def test_a_terminal_that_hangs_up_rolls_back(scene: Scene, step: str) -> None:
    scene.host("schost", f"{step}=hang")
    pid, terminal = on_terminal(scene, "execute", "mirror-backup", "--simulate", str(scene.folder / "host"))
    scene.until_called(step)
    os.close(terminal)
    _pid, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) == 129
    assert not differences(scene.before, scene.world)
    assert scene.events()[-1]["verdict"] == "rolled back"


def test_a_terminal_that_hangs_up_in_the_midst_of_a_rollback_does_not_end_it(scene: Scene) -> None:
    scene.host("schost", "metadetach=fail-after", command_seconds=0.3)
    pid, terminal = on_terminal(scene, "execute", "mirror-backup", "--simulate", str(scene.folder / "host"))
    until(lambda: scene.began("lock", "rollback"), "the rollback")
    os.close(terminal)
    _pid, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) == 1
    assert not differences(scene.before, scene.world)


# -- commands that do not end ----------------------------------------------------------------------------------------

KEEPS_THE_PIPE = """
    import os, time
    if os.fork() == 0:
        os.setsid()
        time.sleep(600)
    print("done", flush=True)
"""
IGNORES_TERM = """
    import signal, time
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    time.sleep(600)
"""
MAY_BE_TRACED = """
    import ctypes, os, sys, time
    ctypes.CDLL(None).prctl(0x59616D61, ctypes.c_ulong(-1), 0, 0, 0)  # PR_SET_PTRACER, PR_SET_PTRACER_ANY
    open(sys.argv[0] + ".pid", "w").write(str(os.getpid()))
    time.sleep(600)
"""
# A traced process that ends waits for its tracer: KILL does not end it, as with one that hangs in the kernel.
HOLDS_AT_THE_END = """
    import ctypes, sys, time
    if ctypes.CDLL(None, use_errno=True).ptrace(0x4206, int(sys.argv[1]), None, ctypes.c_void_p(0x40)):
        sys.exit("PTRACE_SEIZE: errno %d" % ctypes.get_errno())
    print("seized", flush=True)
    time.sleep(600)
"""


def own_command(scene: Scene, script: str) -> list[str]:
    """The arguments that run it as the program in the midst of the lock."""
    path = scene.folder / "own.py"
    path.write_text(textwrap.dedent(script))
    return [str(CASES / "own-command.yaml"), "-p", f"program={sys.executable}", "-p", f"argument={path}"]


def test_a_grandchild_that_keeps_the_pipe_open_does_not_hold_up_the_unlock(scene: Scene) -> None:
    scene.host()
    runbook, *arguments = own_command(scene, KEEPS_THE_PIPE)
    began = time.monotonic()
    ended = scene.execute(runbook, *arguments)
    assert time.monotonic() - began < 20
    assert ended.code in (0, 1), ended.said
    assert not differences(scene.before, scene.world)


def test_a_command_that_ignores_every_polite_signal_is_killed_and_the_lock_lifted(scene: Scene) -> None:
    scene.host()
    runbook, *arguments = own_command(scene, IGNORES_TERM)
    ended = scene.execute(runbook, *arguments)
    assert ended.code == 1, ended.said
    assert not differences(scene.before, scene.world)
    assert unlocked_after(scene, "own") < 3 + 2


def test_a_detach_that_ignores_every_polite_signal_is_killed_and_undone(scene: Scene) -> None:
    scene.host("schost", "metadetach=stubborn")
    ended = scene.execute(CASES / "short-window.yaml")
    assert ended.code == 1, ended.said
    assert not differences(scene.before, scene.world)


def test_a_command_that_cannot_be_killed_is_named_and_the_lock_lifted_all_the_same(scene: Scene) -> None:
    scene.host()
    runbook, *arguments = own_command(scene, MAY_BE_TRACED)
    process = scene.start(runbook, *arguments)
    note = scene.folder / "own.py.pid"
    until(lambda: note.exists() and note.read_text(), "the command runs")
    pid = note.read_text()
    argv = [sys.executable, "-c", textwrap.dedent(HOLDS_AT_THE_END), pid]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as tracer:
        try:
            assert tracer.stdout
            assert tracer.stdout.readline() == "seized\n"
            ended = scene.ended(process)
            assert alive(int(pid))
        finally:
            tracer.kill()
    assert ended.code == 1, ended.said
    assert f"its process (pid {pid}) does not end, even by KILL, and was left behind" in ended.said
    assert not differences(scene.before, scene.world)


def unlocked_after(scene: Scene, step: str) -> float:
    """Seconds from the start of this step to that of the unlock."""
    starts = {(x["step"], x["role"]): x["at"] for x in scene.events() if x["event"] == "ActionStarted"}
    return float(starts["lock", "rollback"] - starts[step, "forward"])


# -- two at once -----------------------------------------------------------------------------------------------------


def test_of_two_runners_on_one_mirror_the_second_is_refused_and_after_a_kill_told_what_to_do(scene: Scene) -> None:
    scene.host("schost", "ufsdump#1=hang")
    first = scene.start("mirror-backup")
    scene.until_called("ufsdump")
    calls = scene.calls()
    second = scene.execute("mirror-backup")
    assert second.code in (5, 6)
    assert scene.calls() == calls
    left_alone = f"is at work (pid {first.pid}), and is left alone"
    for words, code in ((["recover"], 0), (["recover", "last"], 5)):
        ended = scene.run(*words)
        assert (ended.code, left_alone in ended.said, "nothing to recover" in ended.said) == (code, True, False)
    first.kill()
    first.wait()
    third = scene.execute("mirror-backup")
    assert third.code == 5
    assert "svmrun recover" in third.said
    fourth = scene.execute("mirror-backup", "--recover-first")
    assert fourth.code in (0, 6), fourth.said  # 6: the resync that the guard began still runs
    assert not differences(scene.before, scene.world)


def test_two_recoveries_at_once_undo_everything_once(scene: Scene) -> None:
    scene.host("schost", "ufsdump=hang", command_seconds=0.2)
    process = scene.start("mirror-backup")
    scene.until_called("ufsdump")
    kill_both(scene, process)
    argv = [SVMRUN, "recover"]
    both = [subprocess.Popen(argv, env=scene.environment, stdout=subprocess.DEVNULL) for _ in range(2)]
    assert max(each.wait(60) for each in both) == 0
    assert scene.calls().count("metattach -s schost-1 d0 d30") == 1
    assert not differences(scene.before, scene.world)


def kill_both(scene: Scene, process: subprocess.Popen[bytes]) -> None:
    kill_victims("all", process.pid, scene.memory)
    process.wait()


def test_a_run_on_another_mirror_is_not_held_up_by_a_dead_one(scene: Scene) -> None:
    scene.host("schost", "ufsdump=hang")
    process = scene.start("mirror-backup")
    scene.until_called("ufsdump")
    kill_both(scene, process)
    assert scene.execute("mirror-status").code in (0, 1)
    assert scene.run("recover").code == 0
    assert not differences(scene.before, scene.world)
