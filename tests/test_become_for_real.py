"""A runner that really is another user: its guard is root, acts without it, and leaves what the runner can read.

The program that makes root is a copy of setpriv(1) with the set-user-ID bit, behind a script that asks for a password
on the terminal as su(1M) does. Needs root, since nobody else can make such a program.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pexpect
import pytest
import yaml

from svmrun.simulator import state_file
from svmrun.simulator.install import install
from tests.guard_scene import HERE, end_guards
from tests.installed import until
from tests.running import PATIENCE_SECONDS, Scene, differences

PASSWORD = "hunter2 of root"
PYTHONS = (sys.executable, "/usr/bin/python3")  # the first one may lie in a home folder that only root may enter
AS_NOBODY = ("/usr/bin/setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "/usr/bin/env")
PACKAGES = f"PYTHONPATH={HERE}:{Path(yaml.__file__).parent.parent}"
NUMBER = pwd.getpwnam("nobody").pw_uid
MAIN = "import sys; from svmrun.cli.main import main; sys.exit(main())"

SU = """\
    #!/bin/sh
    stty -echo; printf 'Password: ' >/dev/tty; read -r given </dev/tty; stty echo; echo >/dev/tty
    [ "$given" = '{password}' ] || {{ echo 'su: Sorry' >&2; exit 1; }}
    SVMSIM_USER=root; export SVMSIM_USER
    exec {root} --reuid=0 --regid=0 --clear-groups /bin/sh -c "$3"
"""


@dataclass
class Nobody:
    """The user nobody, with a host, a state folder, a memory-backed folder, and su."""

    scene: Scene
    python: str

    @contextmanager
    def at_terminal(self, *arguments: str) -> Iterator[pexpect.spawn[str]]:
        environment = {**self.scene.environment, "HOME": str(self.scene.folder), "TERM": "dumb"}
        with pexpect.spawn(
            AS_NOBODY[0],
            [*AS_NOBODY[1:], PACKAGES, self.python, "-c", MAIN, *arguments],
            env=environment,
            cwd=str(self.scene.folder),
            encoding="utf-8",
            timeout=PATIENCE_SECONDS,
            dimensions=(50, 200),
        ) as terminal:
            terminal.expect("Password of root: ?")
            terminal.waitnoecho()
            terminal.sendline(PASSWORD)
            yield terminal

    def killed_in_the_window(self) -> None:
        host = str(self.scene.folder / "host")
        with self.at_terminal("execute", "mirror-backup", "--simulate", host, "--become", "su") as terminal:
            self.scene.until_called("metadetach")
            os.kill(int(terminal.pid or 0), signal.SIGKILL)
            terminal.expect(pexpect.EOF)

    def recovered(self) -> tuple[int | None, str]:
        with self.at_terminal("recover") as terminal:
            terminal.expect(pexpect.EOF)
            terminal.close()
            return terminal.exitstatus, terminal.before or ""

    @property
    def guards(self) -> list[int]:
        """The owners (numbers of users) of the guard's processes."""
        owners = []
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                if str(self.scene.memory).encode() in (entry / "cmdline").read_bytes():
                    owners.append(entry.stat().st_uid)
            except OSError:
                continue
        return owners


def said_by_nobody(*argv: str) -> str:
    return subprocess.run([*AS_NOBODY, *argv], capture_output=True, text=True, check=False).stdout


def usable_python() -> str | None:
    """One that nobody may start, and that finds what svmrun needs."""
    libraries = "import sys, yaml, jinja2, jsonschema, pexpect, svmrun.cli.main; print(sys.version_info[:2])"
    wanted = f"{sys.version_info[:2]}\n"
    return next((p for p in PYTHONS if said_by_nobody(PACKAGES, p, "-c", libraries) == wanted), None)


def what_is_missing(toroot: Path) -> str:
    if os.geteuid() != 0 or not Path(AS_NOBODY[0]).exists():
        return "root, or setpriv(1)"
    shutil.copy(AS_NOBODY[0], toroot)
    toroot.chmod(0o4755)
    if said_by_nobody(str(toroot), "--reuid=0", "id", "-u") != "0\n":
        return "programs with the set-user-ID bit"
    return "" if usable_python() else "a Python that everybody may start"


@pytest.fixture
def nobody() -> Iterator[Nobody | None]:
    """None where it cannot be tried."""
    folder, memory = (Path(tempfile.mkdtemp(prefix="svmrun-real-", dir=place)) for place in (None, "/dev/shm"))
    folder.chmod(0o755)
    try:
        if missing := what_is_missing(folder / "toroot"):
            print(f"a runner of another user was not tried: here is missing {missing}", file=sys.__stderr__)
            yield None
        else:
            yield Nobody(Scene(folder, memory), usable_python() or "")
    finally:
        end_guards(memory)
        shutil.rmtree(folder)
        shutil.rmtree(memory)


def furnish(nobody: Nobody, *faults: str) -> None:
    scene = nobody.scene
    scene.host("schost", *faults, user="nobody")
    install(scene.folder / "host", scene.before, nobody.python)
    su = scene.folder / "host" / "bin" / "su"
    su.write_text(textwrap.dedent(SU).format(password=PASSWORD, root=scene.folder / "toroot"))
    scene.state.mkdir(mode=0o700)
    for path in (scene.memory, scene.state, scene.folder / "host", *(scene.folder / "host").glob("world*")):
        os.chown(path, NUMBER, -1)


def test_a_root_guard_releases_for_a_killed_runner_of_another_user(nobody: Nobody | None) -> None:
    if nobody is None:
        return
    furnish(nobody, "metadetach#1=hang")
    nobody.killed_in_the_window()
    until(lambda: differences(nobody.scene.before, nobody.scene.world) == [], "the guard releases everything")
    code, said = nobody.recovered()
    assert code == 0, said
    assert "THE GUARD ACTED: the runner is gone; released" in said
    assert {path.stat().st_uid for path in nobody.scene.state.rglob("journal.jsonl")} == {NUMBER}
    assert list(nobody.scene.memory.glob("svmrun-*/*")) == []


@pytest.mark.thorough
def test_recovery_by_that_user_ends_a_root_guard_that_repeats_in_vain(nobody: Nobody | None) -> None:
    if nobody is None:
        return
    furnish(nobody, "metadetach#1=hang", "lockfs -u=fail")
    nobody.killed_in_the_window()
    nobody.scene.until_called("lockfs -u")
    assert set(nobody.guards) == {0}
    (old,) = {path.read_text() for path in nobody.scene.memory.rglob("guard")}
    code, said = nobody.recovered()
    assert code == 4, said
    assert "goes on trying to release lock" in said
    (new,) = {path.read_text() for path in nobody.scene.memory.rglob("guard")}
    assert (new != old, set(nobody.guards)) == (True, {0}), "it was ended, and another one left in its place"
    state_file.change(str(nobody.scene.folder / "host"), lambda world: replace(world, faults=()))
    for path in (nobody.scene.folder / "host").glob("world*"):
        os.chown(path, NUMBER, -1)
    until(lambda: nobody.guards == [], "it unlocks and ends")
    assert nobody.recovered()[0] == 0
    assert list(nobody.scene.memory.glob("svmrun-*/*")) == []
