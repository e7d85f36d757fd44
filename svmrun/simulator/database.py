"""psql(1) of a simulated PostgreSQL server, as much of it as a backup asks for; its words are those of PostgreSQL 15.

`svmsim-backup` does to the world what such a session does, for the models of a runbook's steps.
"""

from __future__ import annotations

import getopt
import json
import re
from collections.abc import Generator
from typing import Any, Literal

from svmrun.simulator.image_files import put_image_file
from svmrun.simulator.linux_files import BackupSession
from svmrun.simulator.requests import Ask, Call, Change, Look, Print
from svmrun.simulator.world import DumpImage, World
from svmrun.values import replace

Run = Generator[Any, Any, int]
CONNECTION_BAD = 2
NO_SERVER = (
    'psql: error: connection to server on socket "/var/run/postgresql/.s.PGSQL.5432" failed: '
    "No such file or directory\n"
    "\tIs the server running locally and accepting connections on that socket?\n"
)
ENDED = (
    "FATAL:  terminating connection due to administrator command\n"
    "server closed the connection unexpectedly\n"
    "\tThis probably means the server terminated abnormally\n"
    "\tbefore or while processing the request.\n"
    "The connection to the server was lost. Attempting reset: Failed.\n"
)
NOT_IN_PROGRESS = "ERROR:  backup is not in progress\nHINT:  Did you call pg_backup_start()?\n"
IN_PROGRESS = "ERROR:  a backup is already in progress in this session\n"
_NAME = re.compile(r"application_name ?= ?'?([\w-]+)")
_CASE = re.compile(r"THEN '(\w+)' ELSE '(\w+)'")
_FILE = re.compile(r"\\g \(.*?\) (\S+)")


def psql(call: Call) -> Run:
    """`psql ... -d CONNECTION [-c SQL]`; without -c it asks for line after line until `\\q`."""
    try:
        given, _ = getopt.getopt(list(call.argv[1:]), "XwnqAtd:c:v:h:p:U:")
    except getopt.GetoptError as error:
        yield Print(f"psql: invalid option -- '{error.opt}'\n", "err")
        return 1
    world = yield Look()
    if not world.database_folder:
        yield Print(NO_SERVER, "err")
        return CONNECTION_BAD
    flags = dict(given)
    if "-c" in flags:
        return (yield from _single(flags["-c"]))
    prompt = next((value.partition("=")[2] for flag, value in given if value.startswith("PROMPT1=")), "postgres=# ")
    named = _NAME.search(flags.get("-d", ""))
    name = named[1] if named else "psql"
    yield Change(lambda now: opened_session(now, name, call.pid))
    return (yield from _talk(name, prompt))


def _single(sql: str) -> Run:
    world = yield Look()
    named = _NAME.search(sql)
    there = named is not None and session(world, named[1]) is not None
    if "pg_terminate_backend" in sql and named is not None:
        yield Change(lambda now: ended_session(now, named[1]))
        yield Print("t\n" if there else "")
    elif named is not None and (words := _CASE.search(sql)):
        yield Print(f"{words[2] if there else words[1]}\n")
    elif "json_build_object" in sql:
        told = {"folder": world.database_folder, "log": "replica", "standby": False, "tablespaces": 0}
        yield Print(json.dumps({**told, "version": 150010, "socket": True}) + "\n")
    else:
        yield Print("ERROR:  syntax error at or near the end\n", "err")
        return 1
    return 0


def _talk(name: str, prompt: str) -> Run:
    while True:
        yield Print(prompt)
        line = yield Ask()
        if line is None or line.strip() == "\\q":
            yield Change(lambda now: ended_session(now, name))
            return 0
        world = yield Look()
        if session(world, name) is None:
            yield Print(ENDED)
            return CONNECTION_BAD
        yield Print((yield from _statement(name, line)))


def _statement(name: str, line: str) -> Generator[Any, Any, str]:
    found = session((yield Look()), name)
    in_backup = found is not None and found.mode == "backup"
    if "pg_create_physical_replication_slot" in line:
        return f"({name},0/1500708)\n"
    if "pg_backup_start" in line:
        yield Change(lambda now: set_mode(now, name, "backup"))
        return IN_PROGRESS if in_backup else "0/2000028\n"
    if "pg_backup_stop" in line:
        yield Change(lambda now: set_mode(now, name, "open"))
        return "" if in_backup else NOT_IN_PROGRESS
    if file := _FILE.search(line):
        yield Change(lambda now: with_file(now, file[1]))
        return ""
    return "" if line.startswith("\\") or "gset" in line else "ERROR:  syntax error\n"


def backup(call: Call) -> Run:
    """`svmsim-backup NAME open|start|stop|close`, `svmsim-backup NAME write FILE`."""
    if len(call.argv) < 3:
        yield Print("usage: svmsim-backup NAME open|start|stop|close|write [FILE]\n", "err")
        return 2
    name, deed, *rest = call.argv[1:]
    if deed == "open":
        yield Change(lambda now: opened_session(now, name))
    elif deed == "close":
        yield Change(lambda now: ended_session(now, name))
    elif deed == "write":
        yield Change(lambda now: with_file(now, rest[0]))
    else:
        yield Change(lambda now: set_mode(now, name, "backup" if deed == "start" else "open"))
    return 0


def session(world: World, name: str) -> BackupSession | None:
    return next((one for one in world.backup_sessions if one.name == name), None)


def opened_session(world: World, name: str, pid: int = 0) -> World:
    """With `pid` it ends with that process, as the server sees it."""
    made = BackupSession(name, pid=pid)
    others = ended_session(world, name).backup_sessions
    return replace(world, backup_sessions=(*others, made))


def ended_session(world: World, name: str) -> World:
    """With it what it was in the midst of: a backup that was not stopped is none."""
    return replace(world, backup_sessions=tuple(one for one in world.backup_sessions if one.name != name))


def set_mode(world: World, name: str, mode: Literal["open", "backup"]) -> World:
    kept = tuple(replace(one, mode=mode) if one.name == name else one for one in world.backup_sessions)
    return replace(world, backup_sessions=kept)


def with_file(world: World, path: str) -> World:
    """The client has written what the server told it into a file."""
    image = DumpImage("backup_label", 0, world.clock, 1, 0, consistent=True, target=path)
    return put_image_file(world, image)
