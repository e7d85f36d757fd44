"""The installed commands as processes: signals, terminals, time, concurrency."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pexpect
import pytest

from svmrun.simulator import commands, host, state_file
from svmrun.simulator.fault_text import parse_fault
from svmrun.simulator.volumes import mirror_of
from tests.installed import Installed, until
from tests.simulated_host import changed, shipped

DETACH, ATTACH = "metadetach -s schost-1 d0 d30", "metattach -s schost-1 d0 d30"
LOCK, UNLOCK = "lockfs -w /global/schost-1", "lockfs -u /global/schost-1"
DUMP = "ufsdump 0ucf /dev/rmt/0 /dev/md/schost-1/rdsk/d30"
SECOND_LONG_DUMP = {"time_scale": 1.0, "dump_seconds": 1.5}
LONG_DUMP = {"time_scale": 1.0, "dump_seconds": 60.0}


@pytest.fixture
def simulated(tmp_path: Path) -> Installed:
    return Installed(tmp_path / "sim", shipped())


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    return Installed(tmp_path_factory.mktemp("shared"), shipped())


@pytest.fixture
def started() -> Iterator[list[subprocess.Popen[str]]]:
    """Processes whose groups are killed after the test."""
    processes: list[subprocess.Popen[str]] = []
    yield processes
    for process in processes:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        if process.stdout:
            process.stdout.close()


def test_the_documented_procedure_leaves_a_consistent_dump_and_a_whole_mirror(simulated: Installed) -> None:
    for command in (LOCK, DETACH, UNLOCK, "fsck -y /dev/md/schost-1/rdsk/d30", DUMP, ATTACH):
        ended = simulated.run(command)
        assert ended.returncode == 0, (command, ended)
    state_file.advance(str(simulated.folder), 600)

    assert simulated.world.tapes[0].contents[0].consistent
    assert {side.state for side in simulated.world.mirrors[0].submirrors} == {"running"}
    assert simulated.world.file_systems[1].lock == "unlock"


def test_both_faces_of_the_simulator_say_and_do_the_same(simulated: Installed) -> None:
    refused = (f"{DETACH}9", "lockfs -e /global/schost-1", "fsck -n /dev/md/schost-1/rdsk/d30", "mt bsf 3")
    inside = simulated.world
    for command in (LOCK, *refused, DETACH, UNLOCK, "fsck -y /dev/md/schost-1/rdsk/d30", DUMP, "svcadm disable cron"):
        outside = simulated.run(command)
        ended = host.run(inside, command.split())
        inside = ended.world
        assert (outside.stdout, outside.stderr, outside.returncode) == (ended.stdout, ended.stderr, ended.status)

    assert simulated.world == inside


@pytest.mark.parametrize("name", commands.names())
def test_every_installed_command_runs_without_a_traceback(shared: Installed, name: str) -> None:
    ended = shared.run(f"{name} -?")

    assert "Traceback" not in ended.stderr
    assert ended.returncode in (0, 1, 2, 3, 16, 64)
    assert f"{name} '-?'" in shared.world.calls


def test_a_command_imports_the_standard_library_only_and_little_of_it(simulated: Installed) -> None:
    lines = Path(simulated.program("lockfs")).read_text().splitlines()
    script = "\n".join([*lines[1:-1], "main", "print(*sys.modules)"])
    loaded = subprocess.run([sys.executable, "-ISE", "-c", script], capture_output=True, text=True).stdout.split()

    assert lines[0].endswith("-ISE")
    assert "svmrun.simulator.shim" in loaded
    assert not {"yaml", "jinja2", "jsonschema", "pexpect", "rich", "inspect", "argparse", "pathlib"} & set(loaded)


def test_commands_at_once_lose_no_change(simulated: Installed) -> None:
    running = [simulated.start("svmsim-writer /global/schost-1 5") for _ in range(6)]
    for process in running:
        process.communicate()

    assert simulated.world.file_systems[1].generation == 31
    assert len(simulated.world.calls) == 6


def test_a_killed_command_leaves_a_readable_world(tmp_path: Path, started: list[subprocess.Popen[str]]) -> None:
    simulated = Installed(tmp_path, shipped())
    for number in range(6):
        started.append(simulated.start("svmsim-writer /global/schost-1"))
        time.sleep(0.1 + 0.013 * number)
        started[-1].kill()
        started[-1].wait()

    assert simulated.world.name == "schost"
    assert simulated.run("svmsim-writer /global/schost-1 1").returncode == 0


def test_a_writer_is_held_while_the_file_system_is_locked(
    simulated: Installed, started: list[subprocess.Popen[str]]
) -> None:
    state_file.change(str(simulated.folder), lambda world: replace(world, time_scale=0.01))
    started.append(simulated.start("svmsim-writer /global/schost-1/log"))
    until(lambda: simulated.world.file_systems[1].generation > 3, "the first writes")
    simulated.run(LOCK)
    held = simulated.world.file_systems[1].generation
    time.sleep(0.3)
    assert simulated.world.file_systems[1].generation == held
    simulated.run(UNLOCK)
    until(lambda: simulated.world.file_systems[1].generation > held, "writes after the lock")

    os.killpg(started[0].pid, signal.SIGINT)
    assert started[0].wait() == -signal.SIGINT


def test_a_lock_request_waits_shows_itself_and_dies_with_its_process(
    tmp_path: Path, started: list[subprocess.Popen[str]]
) -> None:
    busy = changed(shipped(), "file_systems", 2, busy_seconds=60.0)
    simulated = Installed(tmp_path, busy, time_scale=1.0)
    started.append(simulated.start(LOCK))
    until(lambda: simulated.world.file_systems[1].pending_pid, "the request")

    assert "(write)" in simulated.run("lockfs /global/schost-1").stdout
    assert simulated.run(LOCK).stderr == "/global/schost-1: Device busy\n"
    started[0].kill()
    started[0].wait()
    assert "unlock" in simulated.run("lockfs /global/schost-1").stdout


def test_a_lock_outlives_the_process_that_took_it(simulated: Installed) -> None:
    simulated.run(LOCK)

    assert "write" in simulated.run("lockfs").stdout


def detached(folder: Path, **values: float) -> Installed:
    simulated = Installed(folder, shipped(), **values)
    simulated.run(DETACH)
    return simulated


def test_a_signal_to_the_first_process_of_a_dump_does_not_stop_it(
    tmp_path: Path, started: list[subprocess.Popen[str]]
) -> None:
    simulated = detached(tmp_path, **SECOND_LONG_DUMP)
    started.append(simulated.start(DUMP))
    until(lambda: len(simulated.has_open("schost-1/d30")) == 3, "three processes with the device open")
    started[0].terminate()
    output = started[0].communicate()[0]

    assert started[0].returncode == 2
    assert "SIGTERM()  try rewriting" in output
    assert "DUMP IS DONE" in output


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_to_the_group_ends_the_dump_and_all_its_processes(
    tmp_path: Path, started: list[subprocess.Popen[str]], number: signal.Signals
) -> None:
    simulated = detached(tmp_path, **LONG_DUMP)
    started.append(simulated.start(DUMP))
    until(lambda: len(simulated.has_open("schost-1/d30")) == 3, "three processes with the device open")
    os.killpg(started[0].pid, number)
    output = started[0].communicate()[0]

    assert started[0].returncode == 3
    assert "The ENTIRE dump is aborted." in output
    until(lambda: not simulated.has_open("schost-1/d30"), "the device is closed")
    assert simulated.run(ATTACH).returncode == 0


def test_killing_the_first_process_leaves_its_children_with_the_device_open(
    tmp_path: Path, started: list[subprocess.Popen[str]]
) -> None:
    simulated = detached(tmp_path, **LONG_DUMP)
    started.append(simulated.start(DUMP))
    until(lambda: len(simulated.has_open("schost-1/d30")) == 3, "three processes with the device open")
    os.kill(started[0].pid, signal.SIGKILL)
    started[0].wait()

    refused = simulated.run(ATTACH)
    assert "metadevice is open" in refused.stderr
    pids = simulated.run("fuser /dev/md/schost-1/rdsk/d30").stdout.split()
    assert len(pids) == 2
    simulated.run("fuser -k /dev/md/schost-1/rdsk/d30")
    until(lambda: not simulated.has_open("schost-1/d30"), "the device is closed")
    assert simulated.run(ATTACH).returncode == 0


def test_an_orphaned_dump_goes_on_to_its_end(tmp_path: Path, started: list[subprocess.Popen[str]]) -> None:
    simulated = detached(tmp_path, **SECOND_LONG_DUMP)
    started.append(simulated.start(DUMP))
    until(lambda: len(simulated.has_open("schost-1/d30")) == 3, "three processes with the device open")
    os.kill(started[0].pid, signal.SIGKILL)

    until(lambda: simulated.world.dumpdates, "the record of the dump")
    until(lambda: not simulated.has_open("schost-1/d30"), "the device is closed")


def test_without_a_terminal_a_full_tape_aborts_at_once(tmp_path: Path) -> None:
    simulated = Installed(tmp_path, changed(shipped(), "tapes", capacity=200_000))
    ended = simulated.run(DUMP, stdin="yes\n")

    assert ended.returncode == 3
    assert ended.stderr.endswith('("yes" or "no")   DUMP: The ENTIRE dump is aborted.\n')


def spawn(simulated: Installed, words: list[str], user: str = "root") -> pexpect.spawn[str]:
    environment = {**simulated.environment, "SVMSIM_USER": user}
    return pexpect.spawn(simulated.program(words[0]), words[1:], encoding="utf-8", timeout=20, env=environment)


def test_an_operator_at_a_terminal_changes_the_tape(tmp_path: Path) -> None:
    simulated = Installed(tmp_path, changed(shipped(), "tapes", capacity=200_000))
    with spawn(simulated, DUMP.split()) as dump:
        dump.expect_exact('ready to go?: ("yes" or "no") ')
        dump.sendline("yes")
        dump.expect_exact("DUMP IS DONE")
        dump.expect(pexpect.EOF)

    assert dump.exitstatus == 0


def test_an_interrupt_at_a_terminal_asks_and_may_be_denied(tmp_path: Path) -> None:
    simulated = Installed(tmp_path, shipped(), **SECOND_LONG_DUMP)
    with spawn(simulated, DUMP.split()) as dump:
        dump.expect_exact("Pass IV")
        until(lambda: len(simulated.has_open("schost-1/d30")) == 3, "three processes with the device open")
        dump.sendintr()
        dump.expect_exact("Interrupt received.")
        dump.expect_exact('Do you want to abort dump?: ("yes" or "no") ')
        dump.sendline("no")
        dump.expect_exact("DUMP IS DONE")
        dump.expect(pexpect.EOF)

    assert dump.exitstatus == 0


def test_fsck_asks_on_standard_input(simulated: Installed) -> None:
    simulated.run(DETACH)

    assert simulated.run("fsck /dev/md/schost-1/rdsk/d30").returncode == 39
    answered = simulated.run("fsck /dev/md/schost-1/rdsk/d30", stdin="yes\ny\n")
    assert answered.returncode == 0
    assert "FILE SYSTEM WAS MODIFIED" in answered.stdout


def test_su_reads_the_password_from_the_terminal_without_an_echo(simulated: Installed) -> None:
    refused = simulated.run("metadetach -s schost-1 d0 d30", SVMSIM_USER="admin")
    assert "Permission denied." in refused.stderr
    with spawn(
        simulated, ["su", "root", "-c", f"exec {simulated.program('metadetach')} -s schost-1 d0 d30"], "admin"
    ) as su:
        su.expect_exact("Password: ")
        su.sendline("secret")
        su.expect_exact("d30 is detached")
        su.expect(pexpect.EOF)

    assert su.before is not None
    assert "secret" not in su.before


def test_pfexec_runs_as_root(simulated: Installed) -> None:
    assert simulated.run(f"pfexec {DETACH}", SVMSIM_USER="admin").returncode == 0
    assert simulated.run("pfexec nosuch", SVMSIM_USER="admin").stderr == "nosuch: Command not found\n"


def with_fault(folder: Path, text: str, **values: float) -> Installed:
    return Installed(folder, replace(shipped(), faults=(parse_fault(text),)), **values)


def test_a_stubborn_command_ends_only_by_kill(tmp_path: Path, started: list[subprocess.Popen[str]]) -> None:
    simulated = with_fault(tmp_path, "metadetach=stubborn")
    started.append(simulated.start(DETACH))
    until(lambda: simulated.world.calls, "the call")
    time.sleep(0.2)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        os.killpg(started[0].pid, number)
    with pytest.raises(subprocess.TimeoutExpired):
        started[0].wait(0.3)
    started[0].kill()

    assert started[0].wait() == -signal.SIGKILL
    assert mirror_of(simulated.world, "schost-1/d30")


def test_a_late_effect_happens_after_the_death_and_holds_no_pipe(
    tmp_path: Path, started: list[subprocess.Popen[str]]
) -> None:
    simulated = with_fault(tmp_path, "metadetach=late:0.5", time_scale=1.0)
    started.append(simulated.start(DETACH))
    until(lambda: simulated.world.calls, "the call")
    time.sleep(0.2)
    os.killpg(started[0].pid, signal.SIGKILL)
    started[0].communicate(timeout=20)

    assert mirror_of(simulated.world, "schost-1/d30")
    until(lambda: not mirror_of(simulated.world, "schost-1/d30"), "the late detach")


def test_a_command_that_kills_itself_ends_by_a_signal(tmp_path: Path) -> None:
    assert with_fault(tmp_path, "metadetach=signal").run(DETACH).returncode == -signal.SIGKILL


def test_a_command_takes_at_least_the_time_of_the_world(tmp_path: Path) -> None:
    simulated = Installed(tmp_path, shipped(), command_seconds=0.3)
    began = time.monotonic()
    simulated.run("sync")

    assert time.monotonic() - began >= 0.3


def test_a_broken_pipe_is_silent(simulated: Installed) -> None:
    ended = subprocess.run(
        f"{simulated.program('ufsrestore')} tf /dev/rmt/0 | true; {simulated.program('metastat')} | head -1",
        shell=True,
        capture_output=True,
        text=True,
    )

    assert "Traceback" not in ended.stderr
