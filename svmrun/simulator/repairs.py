"""The models of metasync and metareplace for mirrors (cmd/lvm/util of the same names)."""

from __future__ import annotations

from svmrun.simulator.component_transitions import replace_component
from svmrun.simulator.mirror_transitions import cancel_resync, start_resync
from svmrun.simulator.refusal import Refusal, Usage
from svmrun.simulator.requests import Call, Look, Print
from svmrun.simulator.svm_command import (
    Arguments,
    Steps,
    Syntax,
    change,
    change_volume,
    executing_host,
    parse,
    require_databases,
    require_owner,
    require_root,
)
from svmrun.simulator.svm_names import configured, device_type, require_set
from svmrun.simulator.volumes import canonical, mirror, set_name
from svmrun.simulator.world import World

SYNC = Syntax(
    "s:rc",
    "usage:\tmetasync [-s setname] -r [buffer_size]\n"
    "\tmetasync [-s setname] [buffer_size] metadevices...\n"
    "\tmetasync [-s setname] -c metadevices...\n",
)
REPLACE = Syntax(
    "s:ef",
    "usage:\tmetareplace [-s setname] mirror component-old component-new\n"
    "\tmetareplace [-s setname] -e mirror component\n"
    "\tmetareplace [-s setname] [-f] RAID component-old component-new\n"
    "\tmetareplace [-s setname] [-f] -e RAID component\n",
)


def metareplace(call: Call) -> Steps:
    return change_volume(call, REPLACE, _replace)


def _replace(world: World, arguments: Arguments, name: str) -> tuple[World, str]:
    _require_mirror(world, name)
    expected = 2 if arguments.has("e") else 3
    if len(arguments.words) != expected:
        raise Usage
    old, new = canonical(arguments.words[1]), canonical(arguments.words[-1])
    changed = replace_component(world, name, old, new)
    done = f"{old} is enabled" if arguments.has("e") else f"{old} is replaced with {new}"
    return changed, f"{name}: device {done}\n"


def _require_mirror(world: World, name: str) -> None:
    if mirror(world, name) is None:
        raise Refusal(name, f"invalid metadevice type {device_type(world, name)}", plain=True)


def metasync(call: Call) -> Steps:
    """Silent. Every named mirror is tried; the first refusal ends the command."""
    world: World = yield Look()
    host = executing_host(world, call.argv[1:])
    try:
        require_root(call)
        arguments = parse(call.argv[0], call.argv[1:], SYNC)
        _check_words(arguments)
        require_databases(world)
        yield from change(lambda now: (_sync(now, arguments, host), ""))
    except Refusal as refusal:
        yield Print(refusal.render(call.argv[0], host), "err")
        return 1
    except Usage as usage:
        yield Print(usage.line + SYNC.usage, "err")
        return usage.status
    return 0


def _check_words(arguments: Arguments) -> None:
    """A first word of digits is the buffer size; -c takes none, and -r nothing else."""
    volumes = _volume_words(arguments)
    if arguments.has("r") and arguments.words and not arguments.words[0].isdigit():
        raise Refusal("", f"illegal buffer size {arguments.words[0]}", plain=True)
    if (arguments.has("r") and (volumes or arguments.has("c"))) or not (arguments.has("r") or volumes):
        raise Usage


def _volume_words(arguments: Arguments) -> tuple[str, ...]:
    sized = arguments.words[:1] and arguments.words[0].isdigit() and not arguments.has("c")
    return arguments.words[1:] if sized else arguments.words


def _sync(world: World, arguments: Arguments, host: str) -> World:
    require_set(world, arguments.set or "")
    act = cancel_resync if arguments.has("c") else start_resync
    for name in _mirrors(world, arguments):
        require_owner(world, set_name(name), host)
        _require_mirror(world, name)
        world = act(world, name)
    return world


def _mirrors(world: World, arguments: Arguments) -> list[str]:
    if arguments.has("r"):
        return [m.name for m in world.mirrors if set_name(m.name) == (arguments.set or "")]
    return [configured(world, arguments.set, word) for word in _volume_words(arguments)]
