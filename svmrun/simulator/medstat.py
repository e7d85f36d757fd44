"""The model of medstat (medstat.c): the mediators of a disk set, all of them reachable while their node is up."""

from __future__ import annotations

from svmrun.simulator.refusal import Refusal, Usage
from svmrun.simulator.requests import Call, Look, Print
from svmrun.simulator.svm_command import Steps, Syntax, executing_host, parse, require_owner
from svmrun.simulator.svm_names import require_set
from svmrun.simulator.volumes import disk_set
from svmrun.simulator.world import World

SYNTAX = Syntax("s:q", "usage:\tmedstat [-q] -s setname\n")
NO_MEDIATORS = 2


def medstat(call: Call) -> Steps:
    world: World = yield Look()
    host = executing_host(world, call.argv[1:])
    try:
        arguments = parse(call.argv[0], call.argv[1:], SYNTAX)
        name = arguments.set
        if not name or arguments.words:
            raise Usage
        require_set(world, name)
        require_owner(world, name, host)
    except Refusal as refusal:
        yield Print(refusal.render(call.argv[0], host), "err")
        return 1
    except Usage as usage:
        yield Print(usage.line + SYNTAX.usage, "err")
        return usage.status
    return (yield from _report(world, name, quiet=arguments.has("q")))


def _report(world: World, name: str, *, quiet: bool) -> Steps:
    """Exit 0 with a quorum of mediators."""
    found = disk_set(world, name)
    hosts = [mediator.split(",")[0] for mediator in found.mediators] if found else []
    if not hosts:
        yield Print(f'No mediator hosts configured for set "{name}".\n', "err")
        return NO_MEDIATORS
    down = {node.name for node in world.nodes if not node.online}
    if not quiet:
        rows = "".join(f"{host[:17]:<17}\t{'Unreachable' if host in down else f'Ok{chr(9)}No'}\n" for host in hosts)
        yield Print(f"Mediator\t\tStatus\tGolden\n{rows}")
    return 0 if sum(host not in down for host in hosts) * 2 > len(hosts) else 1
