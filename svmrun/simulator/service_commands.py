"""svcs(1) and svcadm(1M)."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Literal

from svmrun.simulator.arguments import BadOption, options
from svmrun.simulator.requests import Call, Change, Look, Print
from svmrun.simulator.world import Service, World

Run = Generator[Any, Any, int]
DAY_SECONDS = 86400.0
YEAR_SECONDS = 365 * DAY_SECONDS
UPTIME_SECONDS = 40 * DAY_SECONDS
State = Literal["online", "disabled", "maintenance", "offline"]


def svcs(call: Call) -> Run:
    try:
        given, patterns = options(call.argv[1:], "aHo:pv")
    except BadOption as bad:
        yield Print(f"svcs: {bad}\nUsage: svcs [-aHpv] [-o col[,col ... ]] [<service> ...]\n", "err")
        return 2
    flags = dict(given)
    world = yield Look()
    status = 0
    if "H" not in flags:
        yield Print(_columns(flags, "STATE", "STIME", "FMRI"))
    for pattern in patterns or ["*"]:
        found = [s for s in world.services if pattern == "*" or _matches(s, pattern)]
        if pattern == "*" and "a" not in flags:
            found = [s for s in found if s.state != "disabled"]
        if not found and pattern != "*":
            yield Print(f"svcs: Pattern '{pattern}' doesn't match any instances\n", "err")
            status = 1
        for service in found:
            yield Print(_columns(flags, service.state, _since(service, world.clock), service.fmri))
    return status


def _columns(flags: dict[str, str], state: str, since: str, fmri: str) -> str:
    """The usual three columns, or those of -o."""
    values = {"state": f"{state:<14s}", "stime": f"{since:<8s}", "fmri": fmri}
    wanted = [name.strip().lower() for name in flags.get("o", "state,stime,fmri").split(",")]
    return " ".join(values.get(name, "-") for name in wanted).rstrip() + "\n"


def _since(service: Service, clock: float) -> str:
    """A service whose state nobody has changed is as it was since the start of the host, weeks ago."""
    since = service.since or clock - UPTIME_SECONDS
    moment = datetime.fromtimestamp(since, UTC)
    if clock - since < DAY_SECONDS:
        return f"{moment.hour:2d}:{moment:%M:%S}"
    return f"{moment:%b_%d}" if clock - since < YEAR_SECONDS else f"{moment:%Y}"


def _matches(service: Service, pattern: str) -> bool:
    """A whole FMRI, one without its scheme or instance, or the last part of a name."""
    bare = service.fmri.removeprefix("svc:/")
    name, _, instance = bare.partition(":")
    ends = name == pattern or name.endswith(f"/{pattern}")
    return pattern in (service.fmri, bare, f"svc:/{name}") or ends or f"{name}:{instance}".endswith(f"/{pattern}")


def svcadm(call: Call) -> Run:
    words = call.argv[1:]
    verbose = words[:1] == ("-v",)
    words = words[1:] if verbose else words
    try:
        given, patterns = options(words[1:], "rst")
    except BadOption as bad:
        yield Print(f"svcadm: {bad}\n", "err")
        return 2
    if not patterns or words[0] not in STATES:
        yield Print("Usage: svcadm [-v] [cmd [args ... ]]\n", "err")
        return 2
    temporary = any(letter == "t" for letter, _ in given)
    status = 0
    for pattern in patterns:
        status = max(status, (yield from _one(call, words[0], pattern, verbose, temporary)))
    return status


def _one(call: Call, verb: str, pattern: str, verbose: bool, temporary: bool) -> Run:
    world = yield Look()
    found = next((s for s in world.services if _matches(s, pattern)), None)
    if found is None:
        yield Print(f"svcadm: Pattern '{pattern}' doesn't match any instances\n", "err")
        return 1
    if call.user != "root":
        yield Print(f"svcadm: {found.fmri}: Permission denied.\n", "err")
        return 1
    if found.state == "maintenance" and verb != "clear" and verb != "disable":
        yield Print(f'svcadm: Instance "{found.fmri}" is in maintenance state.\n', "err")
        return 1
    fmri = found.fmri
    yield Change(lambda now: _put(now, fmri, STATES[verb], temporary))
    if verbose and verb in ("enable", "disable"):
        yield Print(f"{fmri} {'temporarily ' if temporary else ''}{verb}d.\n")
    return 0


def _put(world: World, fmri: str, state: State, temporary: bool) -> World:
    changed = tuple(
        replace(s, state=state, since=world.clock, temporary=temporary) if s.fmri == fmri and s.state != state else s
        for s in world.services
    )
    return replace(world, services=changed)


STATES: dict[str, State] = {
    "enable": "online",
    "disable": "disabled",
    "restart": "online",
    "refresh": "online",
    "clear": "online",
}
