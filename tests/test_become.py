"""Commands that need root get a prefix; su is a real dialogue."""

from __future__ import annotations

import subprocess
import textwrap
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from svmrun.adapters.base import Command, Completed, Dialogue, Prompt
from svmrun.effects.become import PasswordOnce, prefix, program_behind
from svmrun.effects.cancel import Cancel
from svmrun.effects.terminal_dialogue import converse
from svmrun.errors import Refused

LOCK = Command(("lockfs", "-w", "/mnt a"), needs_root=True)
PROGRAMS = {"lockfs": "/usr/sbin/lockfs"}


def test_nothing_changes_without_need() -> None:
    assert prefix(LOCK, "", PROGRAMS) is LOCK
    plain = Command(("metastat",))
    assert prefix(plain, "sudo", PROGRAMS) is plain


def test_pfexec_and_sudo_go_before_the_absolute_program() -> None:
    assert prefix(LOCK, "pfexec", PROGRAMS).argv == ("pfexec", "/usr/sbin/lockfs", "-w", "/mnt a")
    assert prefix(LOCK, "sudo", PROGRAMS).argv == ("sudo", "-n", "--", "/usr/sbin/lockfs", "-w", "/mnt a")


def test_the_password_for_su_is_in_no_argument() -> None:
    command = prefix(LOCK, "su", PROGRAMS, "hunter2")
    assert command.argv == ("su", "root", "-c", "exec /usr/sbin/lockfs -w '/mnt a'")
    assert command.dialogue
    assert [p.answer for p in command.dialogue.prompts if p.secret] == ["hunter2"]


def test_text_on_stdin_cannot_go_through_su() -> None:
    with pytest.raises(Refused, match="sudo or pfexec"):
        prefix(Command(("mailx",), needs_root=True, stdin="x"), "su", {})


def test_a_command_that_reads_nothing_reads_nothing_through_su() -> None:
    command = prefix(Command(("fsck",), needs_root=True, stdin=""), "su", {})
    assert (command.argv[-1], command.stdin) == ("exec fsck </dev/null", None)


def test_a_commands_own_questions_stay() -> None:
    own = Prompt("SALVAGE", answer="yes")
    command = prefix(Command(("fsck",), needs_root=True, dialogue=Dialogue((own,), 5.0)), "su", {}, "x")
    assert command.dialogue
    assert command.dialogue.prompts[-1] is own
    assert command.dialogue.silence_seconds == 5.0


@settings(deadline=None, max_examples=25)
@given(words=st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)))
def test_each_word_reaches_the_program_whole(words: list[str]) -> None:
    command = prefix(Command(("/usr/bin/printf", "%s\\0", *words), needs_root=True), "su", {})
    printed = subprocess.run(["/bin/sh", "-c", command.argv[3]], capture_output=True, check=True).stdout
    assert printed == "".join(f"{w}\0" for w in words or [""]).encode()


def test_the_password_is_asked_once_and_only_when_needed() -> None:
    asked: list[int] = []

    def ask() -> str:
        asked.append(1)
        return "hunter2"

    once = PasswordOnce(ask)
    assert asked == []
    assert (once(), once()) == ("hunter2", "hunter2")
    assert asked == [1]
    assert "hunter2" not in repr(once)


FAKE_SU = """\
    #!/bin/sh
    stty -echo; printf 'Password: ' >/dev/tty; read given </dev/tty; stty echo; echo >/dev/tty
    [ "$given" = hunter2 ] || { echo 'su: Sorry' >&2; exit 1; }
    exec /bin/sh -c "$3"
"""


def through_su(tmp_path: Path, password: str) -> Completed:
    su = tmp_path / "su"
    su.write_text(textwrap.dedent(FAKE_SU))
    su.chmod(0o755)
    command = prefix(Command(("/bin/echo", "a  b", "$HOME"), needs_root=True), "su", {}, password)
    return converse(
        command,
        program=str(su),
        timeout_seconds=20,
        output=tmp_path / "out",
        cancel=Cancel(),
        environment={"PATH": "/usr/bin:/bin"},
    )


def test_through_su_only_the_commands_own_output_is_seen(tmp_path: Path) -> None:
    done = through_su(tmp_path, "hunter2")
    assert (done.stdout, done.status, done.failure) == ("a  b $HOME\n", 0, "")
    assert "hunter2" not in (tmp_path / "out").read_text()


def test_a_wrong_password_is_said_so(tmp_path: Path) -> None:
    done = through_su(tmp_path, "wrong")
    assert done.failure.startswith("su did not accept the password")
    assert "wrong" not in done.stdout + done.failure


@pytest.mark.parametrize("how", ["", "pfexec", "sudo", "su"])
def test_the_program_that_runs_in_the_end_is_known(how: str) -> None:
    command = prefix(Command(("lockfs", "-w", "/mnt a"), needs_root=True), how, PROGRAMS)
    assert program_behind(("/usr/bin/" + command.argv[0], *command.argv[1:])) == "lockfs"


@pytest.mark.parametrize("argv", [("su", "-", "oracle", "-c", "it's"), ("sudo", "ls"), ("/bin/sh",)])
def test_a_command_line_that_somebody_else_wrote_is_known_by_its_own_program(argv: tuple[str, ...]) -> None:
    assert program_behind(argv) == argv[0].rpartition("/")[2]
