"""The break-glass card, by hand and by program; what the program's text must stand; what an armed guard touches."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from svmrun.effects.cancel import Cancel
from svmrun.effects.guard import release_body
from svmrun.effects.left_guard import LeftGuard, await_end, run_card
from svmrun.plan.release import Already, HeldRelease, in_turn, release_program
from tests.guard_scene import SHELLS, Scene, eventually, gone, released_lines, strace_is_here, traced


@pytest.fixture(params=SHELLS)
def abandoned(request: pytest.FixtureRequest, tmp_path: Path) -> Scene:
    """A run that ended with two holds, and without its guard."""
    scene = Scene(tmp_path, request.param)
    guard = scene.arm()
    guard.hold("lock")
    guard.hold("detach")
    guard.leave()
    return scene


def test_the_card_by_hand_releases_the_last_hold_first_and_says_so(abandoned: Scene) -> None:
    done = abandoned.by_hand()
    assert done.returncode == 0
    assert abandoned.log() == released_lines("detach", "lock")
    assert done.stdout.splitlines() == [
        "svmrun run a-run on localhost: releasing what it still holds.",
        f"detach: Take the detach: {abandoned.command} undo detach",
        "detach: released",
        f"lock: Take the lock: {abandoned.command} undo lock",
        "lock: released",
        "Everything is released.",
    ]


def test_the_card_by_hand_twice_does_nothing_the_second_time(abandoned: Scene) -> None:
    abandoned.by_hand()
    again = abandoned.by_hand()
    assert again.returncode == 0
    assert "Nothing is held." in again.stdout
    assert len(abandoned.log()) == 2


def test_the_card_does_not_undo_what_somebody_undid_already(abandoned: Scene) -> None:
    for name in ("state", "state.lock"):
        (abandoned.root / name).write_text("lock is released\n")
    assert abandoned.by_hand().returncode == 0
    assert abandoned.log() == released_lines("detach")


def test_the_card_says_what_is_left_and_which_command_ends_it(abandoned: Scene) -> None:
    abandoned.behave("lock", fails=9)
    done = abandoned.by_hand()
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1] == (
        f"LEFT: lock: Take the lock. When its cause is removed, run as root: {abandoned.command} undo lock"
    )
    assert abandoned.log().count("undo lock") == 3


def test_the_card_ends_a_command_that_still_runs_but_no_stranger(abandoned: Scene) -> None:
    ours = subprocess.Popen(["/bin/sleep", "40"], start_new_session=True)
    (abandoned.folder / "running").write_text(f"{ours.pid} TERM sleep\n")
    abandoned.by_hand()
    assert ours.wait(10) == -signal.SIGTERM


def test_the_card_leaves_a_process_alone_whose_number_was_used_again(abandoned: Scene) -> None:
    with subprocess.Popen(["/bin/sleep", "40"], start_new_session=True) as stranger:
        (abandoned.folder / "running").write_text(f"{stranger.pid} TERM ufsdump\n")
        abandoned.by_hand()
        assert stranger.poll() is None
        stranger.kill()


def test_what_does_harm_without_the_command_before_it_is_told_to_be_typed_behind_it() -> None:
    lines = [("note", "it's out"), ("merge",), ("sync",)]
    assert in_turn(lines, (2,)) == """note 'it'"'"'s out' && merge; sync"""
    assert in_turn(lines[:1], ()) == """note 'it'"'"'s out'"""


def test_a_wrong_word_on_the_cards_command_line_changes_nothing(abandoned: Scene) -> None:
    argv = [*abandoned.words, str(abandoned.card), "--help"]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (2, f"usage: sh {abandoned.card}\n")
    assert abandoned.log() == []


def test_recovery_waits_for_the_guard_and_finds_what_it_did(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    scene.behave("detach", fails=1)
    left = LeftGuard(scene.folder)
    runner = scene.runner()
    assert left.alive
    assert left.fired is None
    runner.kill()
    assert await_end(left, 10, Cancel())
    assert [left.fired, *left.outstanding, *left.released] == ["the runner is gone", "detach", "lock"]
    left.forget()
    assert not scene.folder.exists()


def test_recovery_does_with_the_card_what_a_dead_guard_did_not(abandoned: Scene) -> None:
    left = LeftGuard(abandoned.folder)
    assert eventually(lambda: not left.alive)
    assert set(left.outstanding) == {"lock", "detach"}
    fine, said = run_card(left, abandoned.words)
    assert fine
    assert "Everything is released." in said
    assert left.outstanding == ()


def test_recovery_waits_also_for_who_took_over_from_a_killed_guard(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    scene.behave("detach", fails=1)
    left = LeftGuard(scene.folder)
    runner = scene.runner()
    os.kill(runner.guard, signal.SIGKILL)
    assert gone(runner.guard)
    runner.kill()
    assert left.alive
    assert await_end(left, 10, Cancel())
    assert set(left.released) == {"detach", "lock"}


def test_a_guard_that_repeats_in_vain_ends_when_recovery_has_finished(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    scene.behave("detach", fails=99)
    left = LeftGuard(scene.folder)
    runner = scene.runner()
    runner.kill()
    assert not await_end(left, 0.3, Cancel())
    assert left.alive
    left.forget()
    assert gone(runner.guard)


def test_an_armed_guard_opens_no_file_and_writes_none(tmp_path: Path) -> None:
    if not strace_is_here():
        return
    scene = Scene(tmp_path)
    runner = scene.runner()
    with traced(scene, tmp_path / "trace"):
        time.sleep(0.3)
    calls = (tmp_path / "trace").read_text()
    assert "read(0" in calls
    assert not re.search(r"\b(open\w*|creat|write|exec\w*|fork|clone\w*)\(", calls)
    runner.kill()
    assert gone(runner.guard)


def test_an_armed_guard_that_hears_of_a_child_or_a_hold_opens_nothing_itself(tmp_path: Path) -> None:
    if not strace_is_here():
        return
    scene = Scene(tmp_path)
    guard = scene.arm()
    guard.hold("lock")
    with traced(scene, tmp_path / "trace"):
        guard.child(4711)
        guard.idle()
        guard.hold("detach")
        time.sleep(0.1)
    guard.released("lock")
    guard.released("detach")
    guard.leave()
    calls = (tmp_path / "trace").read_text()
    assert 'write(1, "child 4711' in calls
    # A new hold starts a timer: the runtime linker then reads libraries. Nothing else is opened, no file is written.
    opened = re.findall(r"open\w*\((?:AT_FDCWD, )?\"([^\"]+)\", ([A-Z_|]+)", calls)
    assert {path for path, mode in opened if not mode.startswith("O_RDONLY")} == set()
    assert all(re.match(r"/(etc/ld|lib|usr/lib|dev/null)", path) for path, _mode in opened)
    assert set(re.findall(r"write\((\d+)", calls)) == {"1"}


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
AWKWARD = st.sampled_from(
    ["", " ", "'", '"', "$HOME", "`id`", "\\", "\n", "*", "a b", "-n", "'\\''", "#", "$(id)", "~"]
)


@settings(max_examples=25, deadline=None)
@given(words=st.lists(AWKWARD | TEXT, max_size=6), title=AWKWARD | TEXT, value=AWKWARD | TEXT)
def test_every_argument_arrives_as_it_was_written(
    tmp_path_factory: pytest.TempPathFactory, words: list[str], title: str, value: str
) -> None:
    root = tmp_path_factory.mktemp("quoting")
    command = root / "command"
    command.write_text(f'#!/bin/sh\nprintf "%s\\0" "$VALUE" "$@" >{root}/arguments\n')
    command.chmod(0o755)
    hold = HeldRelease("lock", title, 5, ((str(command), *words),), environment={"VALUE": value})
    card = root / "release.sh"
    card.write_bytes(release_program(title, title, [hold], str(card), release_body()).encode())
    (root / "held.lock").write_text("held\n")
    shell = SHELLS[len(words) % len(SHELLS)].split()
    done = subprocess.run([*shell, str(card)], capture_output=True, check=False, timeout=20)
    assert done.returncode == 0, done.stdout
    assert (root / "arguments").read_bytes() == b"".join(os.fsencode(w) + b"\0" for w in (value, *words))


@pytest.mark.parametrize(
    ("hold", "complaint"),
    [
        (HeldRelease("a b", "", 1, (("/bin/true",),)), "must be a plain word"),
        (HeldRelease("a", "", 1, ()), "has no command"),
        (HeldRelease("a", "", 1, ((),)), "has no command"),
        (HeldRelease("a", "", 1, (("lockfs", "-u"),)), "is not an absolute path"),
        (HeldRelease("a", "", 1, (("/bin/true",),), Already(("metastat",))), "is not an absolute path"),
        (HeldRelease("a", "", 1, (("/bin/true", "\0"),)), "NUL"),
        (HeldRelease("a", "", 1, (("/bin/true",),), environment={"A-B": ""}), "no name for an environment variable"),
    ],
)
def test_what_no_shell_could_run_is_refused(hold: HeldRelease, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        release_program("run", "host", [hold], "/x/release.sh", "")


METASTAT = """schost-1/d0 -m schost-1/d10 schost-1/d20 1
schost-1/d10 1 1 /dev/did/rdsk/d4s0
schost-1/d20 1 1 /dev/did/rdsk/d5s0
schost-1/d30 1 1 /dev/did/rdsk/d6s0
"""


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(
    ("output", "words", "commands"),
    [
        (METASTAT, ("schost-1/d0", "-m", "schost-1/d20"), 0),
        (METASTAT, ("schost-1/d0", "-m", "schost-1/d30"), 1),
        (METASTAT, ("schost-1/d0", "-m", "schost-1/d2"), 1),
        ("Filesystem           Locktype   Comment\n/global/x            unlock\n", ("/global/x", "unlock"), 0),
        ("Filesystem           Locktype   Comment\n/global/x            write      mine\n", ("/global/x", "unlock"), 1),
    ],
)
def test_the_proof_of_a_release_is_read_word_by_word(
    tmp_path: Path, shell: str, output: str, words: tuple[str, ...], commands: int
) -> None:
    (tmp_path / "output").write_text(output)
    undo = ("/bin/sh", "-c", f"echo undone >>{tmp_path}/log; echo '{' '.join(words)}' >{tmp_path}/proof")
    proof = Already(("/bin/cat", f"{tmp_path}/proof"), words)
    (tmp_path / "proof").write_text(output)
    card = tmp_path / "release.sh"
    card.write_text(release_program("r", "h", [HeldRelease("a", "", 9, (undo,), proof)], str(card), release_body()))
    (tmp_path / "held.a").write_text("held\n")
    assert subprocess.run([*shell.split(), str(card)], capture_output=True, check=False).returncode == 0
    log = tmp_path / "log"
    assert (log.read_text().count("undone") if log.exists() else 0) == commands
