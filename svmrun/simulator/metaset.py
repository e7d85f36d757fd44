"""The model of metaset (metaset.c): display, take, release, and "do I own it".

The displaying form is not proxied by the cluster: ownership is asked of the local node alone.
"""

from __future__ import annotations

from dataclasses import replace

from svmrun.simulator.metaset_report import report
from svmrun.simulator.refusal import Refusal, Usage
from svmrun.simulator.requests import Call, Look, Print
from svmrun.simulator.svm_command import Arguments, Steps, Syntax, change, parse, require_owner, require_root
from svmrun.simulator.svm_names import require_set
from svmrun.simulator.svm_services import SERVICES_DOWN, services_down
from svmrun.simulator.volumes import canonical, disk_set, set_name
from svmrun.simulator.world import DiskSet, World

SYNTAX = Syntax(
    "s:tfroh:u:yqC:A:adbjwPLl:m:M",
    "usage:\tmetaset -s setname -a [-A enable | disable] -h hostname ...\n"
    "\tmetaset -s setname -a [-l length] [-L] drivename ...\n"
    "\tmetaset -s setname -d [-f] -h hostname ...\n"
    "\tmetaset -s setname -d [-f] drivename ...\n"
    "\tmetaset -s setname -t [-f] [-u tagnumber] [-y]\n"
    "\tmetaset -s setname -r\n"
    "\tmetaset -s setname -o [-h hostname]\n"
    "\t\thostname = contents of /etc/nodename\n"
    "\t\tdrivename = cNtNdN no slice\n"
    "\t\t[-M] for multi-owner set is optional except on set creation\n",
    help_letters="?",
)
MODELLED = "tro"
OTHER_CHANGES = "adbjwPqCA"
LOCK_BUSY = 10
STALE = 66


def metaset(call: Call) -> Steps:
    try:
        arguments = parse(call.argv[0], call.argv[1:], SYNTAX)
        wanted = _wanted(call.argv[0], arguments)
    except Usage as usage:
        yield Print(usage.line + SYNTAX.usage, "err")
        return usage.status
    world: World = yield Look()
    try:
        if wanted == "display":
            return (yield from _display(world, arguments))
        if wanted == "o":
            return _own(world, arguments)
        require_root(call)
        return (yield from _take_or_release(world, arguments))
    except Refusal as refusal:
        yield Print(refusal.render(call.argv[0], world.host), "err")
        return STALE if refusal.text == "stale databases" else 1


def _wanted(program: str, arguments: Arguments) -> str:
    """`display`, or the letter of the change."""
    letters = [letter for letter in arguments.options if letter in MODELLED + OTHER_CHANGES]
    if len(letters) > 1:
        raise Usage(f"{program}: conflicting options\n")
    if letters and not arguments.set:
        raise Usage(f"{program}: setname must be specified\n")
    if arguments.words and (not letters or letters[0] in MODELLED):
        raise Usage(f"{program}: too many args\n")
    return letters[0] if letters else "display"


def _display(world: World, arguments: Arguments) -> Steps:
    """One set, or all of them by number; no set at all prints nothing."""
    require_set(world, arguments.set or "")
    wanted = [s for s in world.sets if arguments.set in (None, s.name)]
    for found in sorted(wanted, key=lambda s: s.number):
        yield Print(report(world, found))
    if services_down(world):
        raise SERVICES_DOWN
    return 0


def _own(world: World, arguments: Arguments) -> int:
    """Silent when the asked host (this one by default) owns the set."""
    found = _set(world, arguments)
    asked = arguments.options.get("h")
    if asked and asked not in found.hosts:
        raise Refusal(found.name, f"host {asked} is not in the set")
    if asked and found.owner != asked:
        raise Refusal(found.name, f"host {asked} is not the owner")
    if not asked:
        require_owner(world, found.name, world.host)
    return 0


def _take_or_release(world: World, arguments: Arguments) -> Steps:
    found = _set(world, arguments)
    if found.name in world.locked_sets:
        return LOCK_BUSY
    if not (arguments.has("t") or arguments.has("r")):
        raise Refusal("", "a simulated world can display, take, release and ask for the owner of a set", plain=True)
    function = _take if arguments.has("t") else _release
    text = yield from change(lambda now: function(now, arguments))
    if text:
        yield Print(text)
    return int(bool(text))


def _take(world: World, arguments: Arguments) -> tuple[World, str]:
    """On a cluster the command only tells the cluster, which moves the device group when nothing uses it."""
    found = _set(world, arguments)
    elsewhere = found.owner not in (None, world.host)
    if world.databases == "stale":
        raise Refusal(found.name, "stale databases")
    if world.clustered and elsewhere and _in_use(world, found):
        return world, "metaset: failed to notify DCS of take\n"
    if not world.clustered and elsewhere and not arguments.has("f"):
        raise Refusal(found.name, "failed to reserve any drives")
    return _with_owner(world, found, world.host), ""


def _release(world: World, arguments: Arguments) -> tuple[World, str]:
    found = _set(world, arguments)
    require_owner(world, found.name, world.host)
    if found.auto_take:
        raise Refusal("", "cannot release auto-take diskset", plain=True)
    if _in_use(world, found):
        if world.clustered:
            return world, "metaset: failed to notify DCS of release\n"
        raise Refusal(found.name, "Device busy")
    return _with_owner(world, found, None), ""


def _in_use(world: World, found: DiskSet) -> bool:
    devices = [*(f.special for f in world.file_systems), *(o.device for o in world.opens)]
    return any(set_name(canonical(device)) == found.name for device in devices)


def _with_owner(world: World, found: DiskSet, owner: str | None) -> World:
    return replace(world, sets=tuple(replace(s, owner=owner) if s is found else s for s in world.sets))


def _set(world: World, arguments: Arguments) -> DiskSet:
    name = arguments.set or ""
    require_set(world, name)
    found = disk_set(world, name)
    if found is None:
        raise Refusal("", "setname must be specified", plain=True)
    return found
