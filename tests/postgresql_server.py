"""A PostgreSQL server of a test's own: an unprivileged user, a temporary folder, a socket in it, no network."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.running import PATIENCE_SECONDS, RUNBOOKS, SVMRUN

RUNBOOK = RUNBOOKS / "postgresql-raw-backup.yaml"
PROGRAMS = Path("/usr/lib/postgresql")
MEMORY = Path("/dev/shm")
PORT, OTHER_PORT = 5497, 5498
SETTINGS = "listen_addresses = ''\nport = {port}\nunix_socket_directories = '{folder}'\nshared_buffers = 16MB\n"
# One row after the other, each committed before the next; the server's answer is the proof that it is.
WRITER = 'for number in $(seq 100000); do echo "INSERT INTO rows VALUES ($number) RETURNING id;"; sleep 0.002; done'


def programs() -> Path | None:
    """The folder of the newest server of this machine that has pg_backup_start()."""
    found = [path for path in PROGRAMS.glob("*/bin") if (path / "initdb").exists() and int(path.parent.name) >= 15]
    return max(found, key=lambda path: int(path.parent.name), default=None)


def user() -> str:
    """Who the server runs as: it refuses root."""
    return "postgres" if any(entry.pw_name == "postgres" for entry in pwd.getpwall()) else "nobody"


def why_not() -> str:
    """Why no real server can be tried here, in a sentence; empty where it can."""
    if programs() is None:
        return f"NOT TESTED: the real PostgreSQL server, 15 or later, is not in {PROGRAMS}: install postgresql"
    if os.geteuid() != 0:
        return "NOT TESTED: the backup of a real PostgreSQL server reads the files of another user: run this as root"
    if not MEMORY.is_dir() or MEMORY.stat().st_dev == Path(tempfile.gettempdir()).stat().st_dev:
        return f"NOT TESTED: the backup needs {MEMORY} to be another file system than {tempfile.gettempdir()}"
    return ""


@dataclass
class Server:
    """`folder` holds the data in `data`, the socket, the log. `copies` is for one backup, on another file system."""

    folder: Path
    copies: Path = MEMORY

    @property
    def connection(self) -> str:
        return self.connection_to(PORT)

    def connection_to(self, port: int) -> str:
        return f"host={self.folder} port={port} user=postgres dbname=postgres"

    def as_its_user(self, *words: str) -> None:
        bin_folder = programs()
        assert bin_folder is not None, "looked at before"
        argv = ["setpriv", f"--reuid={user()}", "--clear-groups", str(bin_folder / words[0]), *words[1:]]
        done = subprocess.run(argv, cwd=self.folder, capture_output=True, text=True, timeout=PATIENCE_SECONDS)
        assert done.returncode == 0, done.stdout + done.stderr

    def start(self, data: Path) -> None:
        self.as_its_user("pg_ctl", "-D", str(data), "-l", f"{data}.log", "-w", "start")

    def stop(self, data: Path) -> None:
        with suppress(AssertionError):
            self.as_its_user("pg_ctl", "-D", str(data), "-m", "immediate", "-w", "stop")

    def ask(self, sql: str, port: int = PORT) -> str:
        argv = ["psql", "-XwqAt", "-d", self.connection_to(port), "-c", sql]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=PATIENCE_SECONDS)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def in_backup(self) -> bool:
        """Asked of the server: whether the run's session is there, or the log that it keeps."""
        sessions = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'svmrun_backup'"
        slots = "SELECT count(*) FROM pg_replication_slots"
        return (self.ask(sessions), self.ask(slots)) != ("0", "0")

    # -- svmrun ------------------------------------------------------------------------------------------------------

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "SVMRUN_STATE": str(self.copies / "state"), "SVMRUN_MEMORY": str(MEMORY)}

    def begin(self) -> subprocess.Popen[bytes]:
        """The shipped runbook, in a session of its own; what it says goes to `said`."""
        told = ("-p", f"connection={self.connection}", "-p", f"copy_to={self.copies}")
        argv = [SVMRUN, "execute", str(RUNBOOK), *told]
        with (self.copies / "said").open("wb") as said:
            return subprocess.Popen(
                argv, env=self.environment, stdout=said, stderr=subprocess.STDOUT, start_new_session=True
            )

    def said(self) -> str:
        return (self.copies / "said").read_text()

    def recover(self) -> subprocess.CompletedProcess[str]:
        argv = [SVMRUN, "recover"]
        return subprocess.run(argv, env=self.environment, capture_output=True, text=True, timeout=PATIENCE_SECONDS)

    def events(self) -> list[dict[str, Any]]:
        journals = sorted((self.copies / "state" / "runs").glob("*/journal.jsonl"))
        return [json.loads(line) for line in journals[-1].read_text().split("\n")[:-1]] if journals else []

    def guard(self) -> int:
        return next(int(event["pid"]) for event in self.events() if event["event"] == "GuardArmed")

    def restored(self) -> Path:
        """A new data folder, made as the runbook's head says; for a server at the other port."""
        data = self.folder / "restored"
        data.mkdir(mode=0o700)
        (data / "pg_wal").mkdir(mode=0o700)
        for archive, where in (("data.tar", data), ("log.tar", data / "pg_wal")):
            subprocess.run(["tar", "-xf", self.copies / archive, "-C", where], check=True)
        shutil.copy(self.copies / "backup_label", data)
        if (self.copies / "tablespace_map").stat().st_size:
            shutil.copy(self.copies / "tablespace_map", data)
        with (data / "postgresql.conf").open("a") as settings:
            settings.write(f"port = {OTHER_PORT}\n")
        subprocess.run(["chown", "-R", user(), data], check=True)
        return data


@contextmanager
def server() -> Iterator[Server]:
    """It runs; nothing of it is left afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="svmrun-pg-", dir=tempfile.gettempdir()))
    shutil.chown(folder, user())
    one = Server(folder)
    data = folder / "data"
    try:
        one.as_its_user("initdb", "-D", str(data), "-A", "trust", "-U", "postgres", "--no-sync")
        with (data / "postgresql.conf").open("a") as settings:
            settings.write(SETTINGS.format(port=PORT, folder=folder))
        one.start(data)
        yield one
    finally:
        for running in (data, folder / "restored"):
            one.stop(running)
        shutil.rmtree(folder)


@contextmanager
def writing(one: Server) -> Iterator[None]:
    """Somebody fills the table `rows` all the time."""
    one.ask("CREATE TABLE rows (id integer)")
    psql = f"psql -XwqAt -d '{one.connection}' > /dev/null"
    writer = subprocess.Popen(["sh", "-c", f"{{ {WRITER}; }} | {psql}"], start_new_session=True)
    try:
        yield
    finally:
        with suppress(ProcessLookupError):
            os.killpg(writer.pid, signal.SIGKILL)
        writer.wait()
