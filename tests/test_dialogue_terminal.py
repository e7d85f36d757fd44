"""Programs that ask questions, on real pseudo-terminals."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

import pytest

from svmrun.adapters.base import Command, Completed, Dialogue, Prompt
from svmrun.effects.cancel import Cancel
from svmrun.effects.open_session import OpenSessions
from svmrun.effects.processes import alive, process_started
from svmrun.effects.signals import SignalWatch
from svmrun.effects.terminal_dialogue import converse

PATH = {"PATH": "/usr/bin:/bin"}
YES = Prompt(r"\? $", answer="yes")


def talk(tmp_path: Path, script: str, *prompts: Prompt, **wanted: Any) -> Completed:
    command = Command(
        ("/bin/sh", "-c", textwrap.dedent(script)),
        dialogue=Dialogue(prompts, wanted.pop("silence_seconds", None)),
        stop_signal=wanted.pop("stop_signal", "TERM"),
    )
    defaults: dict[str, Any] = {
        "program": "/bin/sh",
        "timeout_seconds": 20.0,
        "output": tmp_path / "out",
        "cancel": Cancel(),
        "environment": PATH,
    }
    return converse(command, **{**defaults, **wanted})


def test_questions_are_answered_and_the_transcript_is_that_of_a_terminal(tmp_path: Path) -> None:
    done = talk(tmp_path, "printf 'SALVAGE? '; read a; echo got $a; printf 'FIX? '; read a; echo got $a; exit 4", YES)
    assert done.stdout == "SALVAGE? yes\ngot yes\nFIX? yes\ngot yes\n"
    assert (done.status, done.stderr, done.failure) == (4, "", "")
    assert (tmp_path / "out").read_text() == done.stdout


def test_each_prompt_has_its_answer(tmp_path: Path) -> None:
    script = "printf 'level? '; read a; printf 'device: '; read b; echo $a-$b"
    done = talk(tmp_path, script, Prompt("device: ", answer="/dev/rmt/0"), Prompt(r"level\? ", answer="0"))
    assert done.stdout.endswith("0-/dev/rmt/0\n")


def test_a_program_that_reads_single_keys_gets_no_newline_that_would_answer_its_next_question(tmp_path: Path) -> None:
    script = """
        stty -icanon -echo
        for question in Clear Fix; do
            printf "$question<y>? "; key=$(dd bs=1 count=1 2>/dev/null); echo "$key"
        done
    """
    prompts = (Prompt(r"Clear<y>\? $", answer="n", enter=False), Prompt(r"Fix<y>\? $", answer="y", enter=False))
    assert talk(tmp_path, script, *prompts).stdout == "Clear<y>? n\nFix<y>? y\n"


def test_the_program_has_a_controlling_terminal(tmp_path: Path) -> None:
    done = talk(tmp_path, "tty; printf 'password: ' >/dev/tty; read a </dev/tty; echo $a", Prompt("password: ", "x"))
    assert done.stdout.startswith("/dev/")
    assert done.stdout.endswith("password: x\nx\n")


def test_an_unknown_question_is_a_failure_with_the_transcript(tmp_path: Path) -> None:
    done = talk(tmp_path, "echo before; printf 'Format the disk? '; read a; echo $a")
    assert done.failure.startswith("it asks a question that nobody expected")
    assert done.failure.endswith("before\nFormat the disk? ")
    assert done.seconds < 5


def test_an_unknown_question_may_be_answered_by_the_operator(tmp_path: Path) -> None:
    asked: list[str] = []

    def ask(tail: str) -> str:
        asked.append(tail)
        return "no"

    done = talk(tmp_path, "printf 'Format the disk? '; read a; echo answer $a", ask=ask)
    assert (asked, done.status) == (["Format the disk? "], 0)
    assert done.stdout.endswith("answer no\n")


def test_a_prompt_without_an_answer_goes_to_the_operator_or_fails(tmp_path: Path) -> None:
    script = "printf 'Next tape ready? '; read a; echo answer $a"
    prompt = Prompt("Next tape ready", name="tape change")
    assert talk(tmp_path, script, prompt, ask=lambda _tail: "yes").stdout.endswith("answer yes\n")
    assert "nobody is there to answer the question 'tape change'" in talk(tmp_path, script, prompt).failure
    assert talk(tmp_path, script, prompt, ask=lambda _tail: None).failure


def test_an_operator_who_does_not_answer_does_not_hold_up_the_time_limit(tmp_path: Path) -> None:
    def ask(_tail: str) -> str:
        time.sleep(30)
        return "yes"

    done = talk(tmp_path, "printf 'Next tape? '; read a", Prompt(r"tape\? "), ask=ask, timeout_seconds=1.0)
    assert (done.timed_out, done.seconds < 10) == (True, True)


def test_a_signal_while_the_operator_is_asked_cancels_at_once(tmp_path: Path) -> None:
    cancel = Cancel()

    def ask(_tail: str) -> str:
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(30)
        return "yes"

    with SignalWatch(cancel):
        done = talk(tmp_path, "printf 'Next tape? '; read a", Prompt(r"tape\? "), ask=ask, cancel=cancel)
    assert (done.cancelled, cancel.requested, done.seconds < 10) == (True, signal.SIGINT, True)


def test_an_unknown_question_is_seen_after_a_long_silence_too(tmp_path: Path) -> None:
    done = talk(tmp_path, "sleep 1.8; printf 'Next tape ready? '; read a")
    assert done.failure.startswith("it asks a question that nobody expected")


def test_a_prompt_that_fails_ends_the_program(tmp_path: Path) -> None:
    done = talk(tmp_path, "echo 'bad super-block'; sleep 60", Prompt("bad super-block", fails="the disk is damaged"))
    assert done.failure.startswith("the disk is damaged")
    assert done.seconds < 5


def test_a_question_that_comes_too_often_is_a_failure(tmp_path: Path) -> None:
    script = "while :; do printf 'again? '; read a; done"
    assert "came again after 3" in talk(tmp_path, script, Prompt(r"again\? ", "yes", at_most=3)).failure


def test_silence_and_the_total_time_are_limited_separately(tmp_path: Path) -> None:
    silent = talk(tmp_path, "echo a; sleep 60", silence_seconds=0.5)
    assert (silent.timed_out, silent.failure.splitlines()[0]) == (
        True,
        "it printed nothing for 0.5 s; the end of what it printed:",
    )
    busy = talk(tmp_path, "while :; do echo a; sleep 0.1; done", silence_seconds=10.0, timeout_seconds=0.7)
    assert (busy.timed_out, busy.failure) == (True, "")
    assert busy.seconds < 4


def test_a_flood_of_output_does_not_hide_the_timeout(tmp_path: Path) -> None:
    done = talk(tmp_path, "exec yes", Prompt("never", "x"), timeout_seconds=0.7)
    assert done.timed_out
    assert len(done.stdout) < 600_000


def test_a_question_after_much_output_is_still_found(tmp_path: Path) -> None:
    script = "head -c 3000000 /dev/zero | tr '\\0' x; printf 'ok? '; read a; echo $a"
    done = talk(tmp_path, script, YES)
    assert done.stdout.endswith("ok? yes\nyes\n")


def test_a_timeout_ends_the_whole_tree(tmp_path: Path) -> None:
    done = talk(
        tmp_path, "trap '' HUP; sleep 60 & echo $!; setsid sleep 60 & sleep 60", timeout_seconds=0.5, grace_seconds=0.3
    )
    assert done.timed_out
    pid = int(done.stdout.split()[0])
    assert not alive(pid, process_started(pid))


def test_a_cancel_ends_it_and_a_question_while_leaving_gets_the_end_of_the_input(tmp_path: Path) -> None:
    script = """
        trap 'printf "Interrupt received.\\nDo you want to abort dump?: (\\"yes\\" or \\"no\\") "
              read a || echo aborted; exit 3' INT
        echo ready
        while :; do sleep 0.1; done
    """
    cancel = Cancel()

    def cancel_when_ready(_stream: str, data: bytes) -> None:
        if b"ready" in data:
            cancel.request(2)

    done = talk(tmp_path, script, stop_signal="INT", cancel=cancel, on_output=cancel_when_ready)
    assert (done.cancelled, done.status) == (True, 3)
    assert done.stdout.endswith("aborted\n")


ASKS_A_PASSWORD = """
    {echo}
    printf 'Password: '; read p; stty echo; echo; printf 'hello %s\\n' "$p"
"""


@pytest.mark.parametrize("echo", ["sleep 0.3; stty -echo", ":"])
def test_a_secret_is_in_no_transcript_and_an_opening_password_question_is_left_out(tmp_path: Path, echo: str) -> None:
    seen: list[bytes] = []
    done = talk(
        tmp_path,
        ASKS_A_PASSWORD.replace("{echo}", echo),
        Prompt("Password: ", answer="hunter2", secret=True),
        on_output=lambda _stream, data: seen.append(data),
    )
    assert done.stdout.splitlines()[-1] == "hello ********"
    assert "Password" not in done.stdout
    everything = done.stdout + done.failure + (tmp_path / "out").read_text() + b"".join(seen).decode()
    assert "hunter2" not in everything
    assert "Password: " in (tmp_path / "out").read_text()


def test_line_ends_and_broken_bytes_are_made_plain(tmp_path: Path) -> None:
    assert talk(tmp_path, r"printf '1%%\r2%%\r\n\377ok\n'").stdout == "1%\n2%\n\ufffdok\n"


def test_an_answer_that_a_terminal_would_cut_is_refused(tmp_path: Path) -> None:
    assert "too long for a terminal line" in talk(tmp_path, "printf '? '; read a", Prompt(r"\? ", "x" * 5000)).failure


def test_a_program_that_cannot_be_started_is_a_failure(tmp_path: Path) -> None:
    done = talk(tmp_path, "", program="/no/such/program")
    assert done.failure.startswith("cannot start /no/such/program")
    assert done.status is None


def test_a_pattern_that_is_no_regular_expression_is_a_failure(tmp_path: Path) -> None:
    assert "no regular expression" in talk(tmp_path, "echo", Prompt("(", "x")).failure


def test_a_child_that_closes_its_terminal_is_waited_for(tmp_path: Path) -> None:
    done = talk(tmp_path, "exec </dev/null >/dev/null 2>&1; sleep 0.6; exit 5")
    assert (done.status, done.seconds > 0.5) == (5, True)


def test_a_background_process_that_holds_the_terminal_does_not_block(tmp_path: Path) -> None:
    done = talk(tmp_path, "trap '' HUP; (trap '' HUP; exec sleep 30) & echo done")
    assert (done.stdout, done.status) == ("done\n", 0)
    assert done.seconds < 5


SHELL = Command(("/bin/sh", "-c", "PS1='db> ' exec sh -i"))


def start(sessions: OpenSessions, tmp_path: Path, **wanted: Any) -> Completed:
    defaults: dict[str, Any] = {
        "program": "/bin/sh",
        "prompt": "db> $",
        "timeout_seconds": 10.0,
        "output": tmp_path / "out",
        "cancel": Cancel(),
        "environment": {**PATH, "ENV": ""},
    }
    return sessions.open("db", SHELL, **{**defaults, **wanted})


def test_a_session_stays_open_across_steps(tmp_path: Path) -> None:
    sessions, cancel = OpenSessions(), Cancel()
    assert start(sessions, tmp_path).status == 0
    assert sessions.send("db", "x=5", timeout_seconds=5, cancel=cancel).stdout == ""
    assert sessions.send("db", "echo $x", timeout_seconds=5, cancel=cancel).stdout == "5\n"
    odd = sessions.send("db", "echo rea''dy; sleep 0.2; echo late", "ready", timeout_seconds=5, cancel=cancel)
    assert odd.status == 0
    time.sleep(0.4)
    assert sessions.send("db", "echo $x", timeout_seconds=5, cancel=cancel).stdout == "5\n"
    assert sessions.close("db", "exit 7").status == 7
    assert "not open" in sessions.send("db", "x", timeout_seconds=5, cancel=cancel).failure


def test_a_session_that_does_not_answer_is_over(tmp_path: Path) -> None:
    sessions, cancel = OpenSessions(), Cancel()
    start(sessions, tmp_path)
    late = sessions.send("db", "sleep 60", timeout_seconds=0.4, cancel=cancel)
    assert (late.timed_out, late.status is None or late.status > 0) == (True, True)
    assert "not open" in sessions.send("db", "echo", timeout_seconds=5, cancel=cancel).failure


def test_a_session_that_ends_by_itself_is_a_failure(tmp_path: Path) -> None:
    sessions = OpenSessions()
    start(sessions, tmp_path)
    done = sessions.send("db", "exit 3", timeout_seconds=5, cancel=Cancel())
    assert (done.failure, done.status) == ("the session db ended by itself", 3)


def test_a_cancelled_session_is_ended_and_secrets_are_masked(tmp_path: Path) -> None:
    sessions, cancel = OpenSessions(), Cancel()
    pids: list[int] = []
    start(sessions, tmp_path, on_start=pids.append)
    answer = sessions.send("db", ": hunter2", timeout_seconds=5, cancel=cancel, secret=True)
    sessions.send("db", "echo ': hunt''er2'", timeout_seconds=5, cancel=cancel)
    written = (tmp_path / "out").read_text()
    assert "hunter2" not in written + answer.stdout
    assert written.count("********") == 2
    cancel.deadline = 0.0
    assert sessions.send("db", "echo", timeout_seconds=5, cancel=cancel).cancelled
    cancel.deadline = None
    sessions.close_all()
    assert not alive(pids[0], process_started(pids[0]))


def test_a_session_that_never_shows_its_prompt_and_one_that_cannot_start(tmp_path: Path) -> None:
    sessions = OpenSessions()
    assert start(sessions, tmp_path, prompt="never", timeout_seconds=0.4).timed_out
    assert "cannot start" in start(sessions, tmp_path, program="/no/such").failure
    assert "regular expression" in start(sessions, tmp_path, prompt="(").failure
    assert start(sessions, tmp_path).status == 0
    assert "open already" in start(sessions, tmp_path).failure
    sessions.close_all()


def test_dialogues_load_no_more_than_they_need() -> None:
    script = "import sys, svmrun.effects.process; print('pexpect' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", script], text=True) == "False\n"
