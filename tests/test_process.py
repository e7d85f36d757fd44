"""Commands are run to their end, whatever they do: real processes."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

import pytest

from svmrun.adapters.base import Command, Completed
from svmrun.effects import process
from svmrun.effects.cancel import Cancel
from svmrun.effects.group import MARKER
from svmrun.effects.processes import alive, process_started

PATH = {"PATH": "/usr/bin:/bin"}


def run(tmp_path: Path, command: Command, **wanted: Any) -> Completed:
    defaults: dict[str, Any] = {
        "program": command.argv[0],
        "timeout_seconds": 20.0,
        "output": tmp_path / "out",
        "cancel": Cancel(),
        "environment": PATH,
    }
    return process.run(command, **{**defaults, **wanted})


def shell(script: str, **wanted: Any) -> Command:
    return Command(("/bin/sh", "-c", textwrap.dedent(script)), **wanted)


def test_what_a_private_command_makes_nobody_else_can_read(tmp_path: Path) -> None:
    (tmp_path / "secret").mkdir(mode=0o700)
    tar = Command(("tar", "-cf", str(tmp_path / "copy.tar"), "-C", str(tmp_path), "secret"), private=True)
    assert run(tmp_path, tar, program="/bin/tar").status == 0
    assert run(tmp_path, shell(f": >{tmp_path}/open")).status == 0
    made = {name: (tmp_path / name).stat().st_mode & 0o777 for name in ("copy.tar", "open")}
    assert made == {"copy.tar": 0o600, "open": 0o666 & ~_umask()}


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


class CancelAfter:
    """Cancels when the command has printed so many lines: no test depends on how fast a shell starts."""

    def __init__(self, lines: int) -> None:
        self.cancel = Cancel()
        self._lines = lines

    def __call__(self, _stream: str, data: bytes) -> None:
        self._lines -= data.count(b"\n")
        if self._lines <= 0:
            self.cancel.request(15)


def ended_early(tmp_path: Path, command: Command, lines: int = 1, grace_seconds: float = 5.0) -> Completed:
    watch = CancelAfter(lines)
    return run(tmp_path, command, cancel=watch.cancel, on_output=watch, grace_seconds=grace_seconds)


def wait_until_gone(pid: int) -> None:
    deadline = time.monotonic() + 5
    while alive(pid, process_started(pid)) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not alive(pid, process_started(pid))


def test_streams_status_and_file(tmp_path: Path) -> None:
    done = run(tmp_path, shell("echo out; echo err >&2; exit 3"))
    assert (done.status, done.stdout, done.stderr, done.signal) == (3, "out\n", "err\n", None)
    assert sorted((tmp_path / "out").read_text().splitlines()) == ["err", "out"]
    assert (tmp_path / "out").stat().st_mode & 0o777 == 0o600


def test_a_signal_is_not_a_status(tmp_path: Path) -> None:
    done = run(tmp_path, shell("kill -9 $$"))
    assert (done.status, done.signal, done.interrupted) == (None, 9, False)


def test_arguments_stay_whole(tmp_path: Path) -> None:
    argv = ("/usr/bin/printf", "[%s]", "a b", "$(id)", "-n; rm", "new\nline", "'\"")
    assert run(tmp_path, Command(argv)).stdout == "".join(f"[{a}]" for a in argv[2:])


def test_stdin_is_empty_or_the_given_text(tmp_path: Path) -> None:
    cat = Command(("/bin/cat",))
    assert run(tmp_path, cat).stdout == ""
    big = "x" * 3_000_000
    assert len((tmp_path / "out").read_bytes()) == 0
    run(tmp_path, Command(("/bin/cat",), stdin=big))
    assert (tmp_path / "out").read_text() == big


def test_a_program_that_does_not_read_its_input_is_no_trouble(tmp_path: Path) -> None:
    assert run(tmp_path, Command(("/bin/true",), stdin="x" * 3_000_000)).status == 0


def test_the_environment_is_the_c_locale_and_a_marker(tmp_path: Path) -> None:
    command = Command(("/usr/bin/env",), environment={"TZ": "UTC"})
    printed = run(tmp_path, command, environment={**PATH, "LC_TIME": "de_DE", "LANG": "de_DE"}).stdout
    names = dict(line.split("=", 1) for line in printed.splitlines())
    assert {k: names.get(k) for k in ("LC_ALL", "LANG", "LC_TIME", "TZ")} == {
        "LC_ALL": "C",
        "LANG": "C",
        "LC_TIME": None,
        "TZ": "UTC",
    }
    assert MARKER in names


def test_each_child_has_its_own_session(tmp_path: Path) -> None:
    seen: list[int] = []
    done = run(tmp_path, shell("ps -o pid=,pgid=,sid= -p $$"), on_start=seen.append)
    assert set(done.stdout.split()) == {str(seen[0])}


@pytest.mark.parametrize("argv", [("/no/such/program",), ("/etc/passwd",)])
def test_a_program_that_cannot_be_started_is_a_failure_not_an_exception(tmp_path: Path, argv: tuple[str, ...]) -> None:
    done = run(tmp_path, Command(argv))
    assert done.status is None
    assert done.failure.startswith(f"cannot start {argv[0]}: ")
    assert not done.interrupted


def test_a_missing_working_directory_is_named(tmp_path: Path) -> None:
    assert "in the directory /no/where" in run(tmp_path, Command(("/bin/true",), directory="/no/where")).failure


def test_undecodable_output_is_replaced(tmp_path: Path) -> None:
    assert run(tmp_path, Command(("/usr/bin/printf", r"\377abc"))).stdout == "\ufffdabc"
    assert (tmp_path / "out").read_bytes() == b"\xffabc"


def test_output_is_reported_while_it_comes(tmp_path: Path) -> None:
    seen: list[tuple[str, bytes]] = []
    run(tmp_path, shell("echo a; echo b >&2"), on_output=lambda stream, data: seen.append((stream, data)))
    assert sorted(seen) == [("stderr", b"b\n"), ("stdout", b"a\n")]


def test_secrets_are_masked_everywhere_also_across_pieces(tmp_path: Path) -> None:
    seen: list[bytes] = []
    done = run(
        tmp_path,
        shell("printf 'pass hun'; sleep 0.2; printf 'ter2 end'; printf ' hunt' "),
        secrets=("hunter2",),
        on_output=lambda _stream, data: seen.append(data),
    )
    expected = "pass ******** end hunt"
    assert (done.stdout, b"".join(seen).decode(), (tmp_path / "out").read_text()) == (expected,) * 3


def test_a_timeout_ends_the_whole_group(tmp_path: Path) -> None:
    done = run(tmp_path, shell("sleep 60 & echo $!; sleep 60"), timeout_seconds=1.0)
    assert done.timed_out
    assert done.interrupted
    assert done.seconds < 10
    wait_until_gone(int(done.stdout))


def test_a_child_that_ignores_term_is_killed_after_the_grace(tmp_path: Path) -> None:
    done = ended_early(tmp_path, shell("trap '' TERM; echo ready; while :; do sleep 1; done"), grace_seconds=0.3)
    assert (done.cancelled, done.signal, done.abandoned_pid) == (True, 9, None)


def test_a_child_may_clean_up_within_the_grace(tmp_path: Path) -> None:
    script = "trap 'echo interrupted; exit 3' INT; echo ready; while :; do sleep 0.1; done"
    done = ended_early(tmp_path, shell(script, stop_signal="INT"))
    assert (done.stdout, done.status, done.cancelled) == ("ready\ninterrupted\n", 3, True)


def test_a_daemon_that_left_the_group_is_ended_too(tmp_path: Path) -> None:
    script = """
        setsid sh -c 'setsid sleep 61 >/dev/null 2>&1 & echo $!'
        (trap '' TERM; exec setsid sh -c 'echo $$; sleep 60') &
        sleep 60
    """
    done = ended_early(tmp_path, shell(script), lines=2, grace_seconds=0.3)
    pids = [int(word) for word in done.stdout.split()]
    assert len(pids) == 2
    for pid in pids:
        wait_until_gone(pid)


def test_a_background_process_that_holds_the_output_does_not_block(tmp_path: Path) -> None:
    done = run(tmp_path, shell("sleep 60 & echo $!"))
    assert (done.status, done.interrupted) == (0, False)
    assert done.seconds < 10
    wait_until_gone(int(done.stdout))
    assert "held the output open" in (tmp_path / "out").read_text()


def test_a_daemon_that_closed_the_output_lives_on(tmp_path: Path) -> None:
    done = run(tmp_path, shell("sleep 60 >/dev/null 2>&1 & echo $!"))
    pid = int(done.stdout)
    assert "held the output open" not in (tmp_path / "out").read_text()
    assert alive(pid, process_started(pid))
    os.kill(pid, 9)


def test_a_stopped_child_hears_the_stop_signal(tmp_path: Path) -> None:
    script = "trap 'exit 5' TERM; (sleep 0.1; echo stopped) & kill -STOP $$; sleep 9"
    assert ended_early(tmp_path, shell(script)).status == 5


def test_a_cancel_ends_it_and_one_that_came_before_starts_nothing(tmp_path: Path) -> None:
    cancel = Cancel()
    done = run(tmp_path, shell("sleep 60"), cancel=cancel, on_start=lambda _pid: cancel.request(2))
    assert (done.cancelled, done.timed_out, done.signal) == (True, False, 15)
    seen: list[int] = []
    assert run(tmp_path, shell("sleep 60"), cancel=cancel, on_start=seen.append).cancelled
    assert seen == []


def test_a_passed_limit_ends_it_and_a_reset_cancel_never_does(tmp_path: Path) -> None:
    from svmrun.effects import clock

    cancel = Cancel()
    cancel.deadline = clock.steady() + 0.3
    done = run(tmp_path, shell("sleep 60"), cancel=cancel)
    assert (done.cancelled, cancel.requested) == (True, None)
    cancel.reset()
    cancel.request(15)
    assert run(tmp_path, shell("echo undone"), cancel=cancel).stdout == "undone\n"


def test_an_error_in_a_callback_leaves_no_child_behind(tmp_path: Path) -> None:
    seen: list[int] = []

    def fail(pid: int) -> None:
        seen.append(pid)
        raise RuntimeError("full")

    with pytest.raises(RuntimeError, match="full"):
        run(tmp_path, shell("sleep 60"), on_start=fail)
    wait_until_gone(seen[0])


def test_an_output_file_that_cannot_be_written_does_not_stop_the_command(tmp_path: Path) -> None:
    assert run(tmp_path, shell("echo done"), output=tmp_path / "no/such/folder").stdout == "done\n"
    assert run(tmp_path, shell("echo done"), output=Path("/dev/full")).stdout == "done\n"


def test_a_child_inherits_only_the_descriptors_it_is_given(tmp_path: Path) -> None:
    with open(tmp_path / "lock", "w") as lock, open(tmp_path / "other", "w") as other:
        given, kept = lock.fileno(), other.fileno()
        os.set_inheritable(kept, True)
        done = run(tmp_path, shell("ls /proc/$$/fd"), pass_fds=(given,))
    descriptors = {int(word) for word in done.stdout.split()}
    assert given in descriptors
    assert kept not in descriptors


MAY_BE_TRACED = """
    import ctypes, time
    ctypes.CDLL(None).prctl(0x59616D61, ctypes.c_ulong(-1), 0, 0, 0)  # PR_SET_PTRACER, PR_SET_PTRACER_ANY
    print("ready", flush=True)
    time.sleep(60)
"""
# A traced process that ends waits for its tracer: KILL does not end it, as with one that hangs in the kernel.
HOLDS_AT_THE_END = """
    import ctypes, sys, time
    if ctypes.CDLL(None, use_errno=True).ptrace(0x4206, int(sys.argv[1]), None, ctypes.c_void_p(0x40)):
        sys.exit("PTRACE_SEIZE: errno %d" % ctypes.get_errno())
    print("seized", flush=True)
    time.sleep(60)
"""


def test_a_child_that_kill_does_not_end_is_given_up_and_named(tmp_path: Path) -> None:
    pids: list[int] = []
    tracers: list[subprocess.Popen[str]] = []
    cancel = Cancel()

    def hold(_stream: str, _data: bytes) -> None:
        argv = [sys.executable, "-c", textwrap.dedent(HOLDS_AT_THE_END), str(pids[0])]
        tracers.append(subprocess.Popen(argv, stdout=subprocess.PIPE, text=True))
        assert tracers[0].stdout
        assert tracers[0].stdout.readline() == "seized\n"
        cancel.request(15)

    command = Command((sys.executable, "-c", textwrap.dedent(MAY_BE_TRACED)))
    done = run(tmp_path, command, cancel=cancel, on_start=pids.append, on_output=hold, grace_seconds=0.2)
    assert (done.abandoned_pid, done.status, done.cancelled) == (pids[0], None, True)
    assert done.seconds < 10
    with tracers[0]:
        tracers[0].kill()
    wait_until_gone(pids[0])
    os.waitpid(pids[0], 0)


PRINTS_MUCH = """
    import sys
    from pathlib import Path
    from svmrun.adapters.base import Command
    from svmrun.effects import process
    from svmrun.effects.cancel import Cancel
    script = "head -c 200000000 /dev/zero; head -c 50000000 /dev/zero >&2; echo the end"
    done = process.run(Command(("sh", "-c", script)), program="/bin/sh", timeout_seconds=60, output=Path(sys.argv[1]),
                       cancel=Cancel(), environment={"PATH": "/usr/bin:/bin"})
    print(done.status, len(done.stdout), len(done.stderr), done.stdout.endswith("the end\\n"))
    # Not ru_maxrss: that one remembers the process that started this one.
    status = Path("/proc/self/status").read_text().split()
    print(int(status[status.index("VmHWM:") + 1]) // 1024)
"""


def test_much_output_is_bounded_in_memory(tmp_path: Path) -> None:
    argv = [sys.executable, "-c", textwrap.dedent(PRINTS_MUCH), str(tmp_path / "out")]
    first, megabytes = subprocess.run(argv, capture_output=True, text=True, check=True).stdout.splitlines()
    status, out, err, ending = first.split()
    assert (status, ending) == ("0", "True")
    assert int(out) < 600_000
    assert int(err) < 600_000
    assert int(megabytes) < 60
    assert (tmp_path / "out").stat().st_size > 249_000_000
