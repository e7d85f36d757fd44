"""Who and where: uname(1), hostname(1), id(1M); and becoming another user: pfexec(1), sudo, su(1M)."""

from __future__ import annotations

import shlex
from collections.abc import Generator
from typing import Any

from svmrun.simulator.arguments import BadOption, options
from svmrun.simulator.requests import Ask, Call, Execute, Look, Pass, Print

Run = Generator[Any, Any, int]
NOT_FOUND = 127
FAILED_LOGIN_SECONDS = 4.0
SUDO_TRIES = 3


def uname(call: Call) -> Run:
    try:
        given, _ = options(call.argv[1:], "amnprsvX")
    except BadOption as bad:
        yield Print(f"uname: {bad}\nusage:\tuname [-snrvmapiX]\n", "err")
        return 1
    world = yield Look()
    values = {
        "s": world.os,
        "n": world.host,
        "r": world.release,
        "v": "Generic_142900-13",
        "m": "sun4u",
        "p": "sparc",
    }
    asked = {letter for letter, _ in given} or {"s"}
    if "a" in asked:
        yield Print(" ".join([*values.values(), "SUNW,Sun-Fire-V440"]) + "\n")
    else:
        yield Print(" ".join(value for letter, value in values.items() if letter in asked) + "\n")
    return 0


def hostname(_call: Call) -> Run:
    world = yield Look()
    yield Print(f"{world.host}\n")
    return 0


def identity(call: Call) -> Run:
    """id(1M), with -u and -n of the XPG4 form."""
    number = 0 if call.user == "root" else 100
    flags = "".join(word.removeprefix("-") for word in call.argv[1:])
    if "u" in flags:
        yield Print(f"{call.user if 'n' in flags else number}\n")
    else:
        yield Print(f"uid={number}({call.user}) gid={number}({'root' if number == 0 else 'staff'})\n")
    return 0


def pfexec(call: Call) -> Run:
    """The caller's profiles are taken to give the command the whole of root."""
    try:
        _, words = options(call.argv[1:], "P:")
    except BadOption as bad:
        yield Print(f"pfexec: {bad}\n", "err")
        words = []
    if not words:
        yield Print("pfexec [-P privset] cmd [arg ..]\n", "err")
        return 1
    status = yield Execute(tuple(words), "root")
    if status == NOT_FOUND:
        yield Print(f"{words[0]}: Command not found\n", "err")
        return 1
    return int(status)


def sudo(call: Call) -> Run:
    """sudo with -n (never ask), -S (ask on standard input), -p PROMPT, -u USER, -k, -v, -H."""
    try:
        given, words = options(call.argv[1:], "nSkvHp:u:")
    except BadOption as bad:
        yield Print(f"sudo: {bad}\n", "err")
        return 1
    flags = dict(given)
    if not words and "v" not in flags:
        yield Print("usage: sudo [-HknS] [-p prompt] [-u user] command\n", "err")
        return 1
    world = yield Look()
    asks = bool(world.password) and call.user != "root"
    if asks and "n" in flags:
        yield Print("sudo: a password is required\n", "err")
        return 1
    if asks and not (yield from _sudo_password(flags, world.password)):
        return 1
    if not words:
        return 0
    status = yield Execute(tuple(words), flags.get("u", "root"))
    if status == NOT_FOUND:
        yield Print(f"sudo: {words[0]}: command not found\n", "err")
        return 1
    return int(status)


def _sudo_password(flags: dict[str, str], password: str) -> Generator[Any, Any, bool]:
    for left in range(SUDO_TRIES, 0, -1):
        yield Print(flags.get("p", "Password: "), "err")
        line = yield Ask(secret="S" not in flags)
        if line is None:
            yield Print("sudo: no password was provided\n", "err")
            return False
        if line == password:
            return True
        yield Print("Sorry, try again.\n" if left > 1 else f"sudo: {SUDO_TRIES} incorrect password attempts\n", "err")
    return False


def su(call: Call) -> Run:
    """`su [-] [USER] [-c COMMAND]`: the password is read from the terminal, whatever standard input is."""
    words = [word for word in call.argv[1:] if word != "-"]
    user = words.pop(0) if words and not words[0].startswith("-") else "root"
    world = yield Look()
    if user not in ("root", world.user):
        yield Print(f"su: Unknown id: {user}\n", "err")
        return 1
    if world.password and call.user != "root":
        yield Print("Password: ", "err")
        if (yield Ask(secret=True)) != world.password:
            yield Pass(FAILED_LOGIN_SECONDS)
            yield Print("su: Sorry\n", "err")
            return 1
    return int((yield Execute(_shell(words), user)))


def _shell(words: list[str]) -> tuple[str, ...]:
    """What the login shell does with -c: one plain command is run by itself, everything else by the shell."""
    if words[:1] != ["-c"] or len(words) < 2:
        return ("sh",)
    line = words[1].removeprefix("exec ")
    try:
        argv = shlex.split(line)
    except ValueError:
        argv = []
    return tuple(argv) if argv and shlex.join(argv) == line else ("sh", "-c", words[1])
