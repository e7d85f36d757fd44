"""The model of metastat (cmd/lvm/util/metastat.c): options, order of checks, what is printed when."""

from __future__ import annotations

from svmrun.simulator import metastat_concise, metastat_mdtab
from svmrun.simulator.metastat_order import (
    CONCISE_ORDER,
    FULL_ORDER,
    Volume,
    children,
    members,
    top_level,
    with_children,
)
from svmrun.simulator.metastat_report import OLD_RELEASES, block
from svmrun.simulator.metastat_tables import relocation_table
from svmrun.simulator.refusal import Refusal, Usage
from svmrun.simulator.requests import Call, Look, Print
from svmrun.simulator.svm_command import (
    Arguments,
    Steps,
    Syntax,
    executing_host,
    parse,
    require_databases,
    require_owner,
    seen_from,
)
from svmrun.simulator.svm_names import configured, require_set
from svmrun.simulator.svm_services import SERVICES_DOWN, services_down
from svmrun.simulator.volumes import owns, set_name, settle, volume
from svmrun.simulator.world import Mirror, World

SYNTAX = Syntax(
    "acSs:pBDrtiq",
    "usage:\tmetastat [-s setname] [-a][-c][-B][-D][-r][-i][-p] [-t] [metadevice...]\n",
)
STALE = "****\nWARNING: Stale state database replicas. Metastat output may be inaccurate.\n****\n\n"
TERABYTE_BLOCKS = 2**31


def metastat(call: Call) -> Steps:
    before: World = yield Look()
    host = executing_host(before, call.argv[1:])
    world = seen_from(settle(before), host)
    try:
        arguments = _arguments(call)
        _require_readable(world, arguments)
        if world.databases == "stale":
            yield Print(STALE)
        status = yield from _named(call, world, arguments) if arguments.words else _whole(world, arguments)
    except Refusal as refusal:
        yield Print(refusal.render(call.argv[0], host), "err")
        return 1
    except Usage as usage:
        yield Print(usage.line + SYNTAX.usage, "err")
        return usage.status
    if services_down(world):
        yield Print(SERVICES_DOWN.render(call.argv[0], host), "err")
        return 1
    return status


def _arguments(call: Call) -> Arguments:
    arguments = parse(call.argv[0], call.argv[1:], SYNTAX)
    if arguments.has("a") and arguments.has("s"):
        raise Usage(f"{call.argv[0]}: incompatible options: -a and -s\n")
    if arguments.has("i") and call.user != "root":
        raise Refusal("", "-i option requires super-user privilages", plain=True)
    return arguments


def _require_readable(world: World, arguments: Arguments) -> None:
    require_set(world, arguments.set or "")
    if not arguments.set:
        require_databases(world)
    require_owner(world, arguments.set or "", world.host)


def _whole(world: World, arguments: Arguments) -> Steps:
    if not arguments.has("a"):
        yield from _one_set(world, arguments, arguments.set or "")
        return 0
    for name in ("", *(s.name for s in world.sets if owns(world, s.name))):
        yield from _one_set(world, arguments, name)
        yield Print("\n")
    return 0


def _one_set(world: World, arguments: Arguments, name: str) -> Steps:
    roots = top_level(world, name, CONCISE_ORDER if arguments.has("c") else FULL_ORDER)
    yield from _print(world, arguments, [r for r in roots if _wanted(r, arguments)])
    return 0


def _wanted(found: Volume, arguments: Arguments) -> bool:
    """-B: larger than 1 TB only; -D: descriptive names only (every name but dN)."""
    large = not arguments.has("B") or found.size > TERABYTE_BLOCKS
    unit = found.name.rpartition("/")[2]
    return large and not (arguments.has("D") and unit[:1] == "d" and unit[1:].isdigit())


def _named(call: Call, world: World, arguments: Arguments) -> Steps:
    """Each in the order given; a bad one is reported, the rest go on, and there is no relocation table then."""
    good: list[Volume] = []
    for word in arguments.words:
        try:
            good.append(_readable_volume(world, arguments, word))
        except Refusal as refusal:
            yield Print(refusal.render(call.argv[0], world.host), "err")
    bad = len(good) < len(arguments.words)
    yield from _print(world, arguments, good, table=not bad)
    return int(bad)


def _readable_volume(world: World, arguments: Arguments, word: str) -> Volume:
    name = configured(world, arguments.set, word)
    require_owner(world, set_name(name), world.host)
    found = volume(world, name)
    assert found is not None  # configured() has just found it
    return found


def _print(world: World, arguments: Arguments, roots: list[Volume], *, table: bool = True) -> Steps:
    every = with_children(world, roots)
    if arguments.has("c"):
        yield Print("".join(metastat_concise.lines(world, root) for root in roots))
    elif arguments.has("p"):
        yield Print("".join(metastat_mdtab.line(world, found) for found in every))
    else:
        yield Print("".join(block(world, v, times=arguments.has("t")) for v in _own_blocks(world, every, roots)))
        if table and not arguments.has("q") and world.release not in OLD_RELEASES:
            yield Print(relocation_table(world, _disks(world, every)))
    return 0


def _own_blocks(world: World, every: list[Volume], roots: list[Volume]) -> list[Volume]:
    """The submirrors stand in the block of their mirror, unless they were asked for by name."""
    inside = {child.name for v in every if isinstance(v, Mirror) for child in children(world, v)}
    asked = {root.name for root in roots}
    return [v for v in every if v.name not in inside or v.name in asked]


def _disks(world: World, every: list[Volume]) -> list[str]:
    return [name for found in every for name in members(found) if volume(world, name) is None]
