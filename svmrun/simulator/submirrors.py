"""The models of metadetach, metattach, metaoffline and metaonline (cmd/lvm/util of the same names)."""

from __future__ import annotations

from svmrun.simulator.mirror_transitions import attach, detach, offline, online
from svmrun.simulator.refusal import Refusal, Usage
from svmrun.simulator.requests import Call
from svmrun.simulator.svm_command import Arguments, Steps, Syntax, change_volume
from svmrun.simulator.svm_names import configured, device_type, resolve
from svmrun.simulator.volumes import canonical, mirror, mirror_of, set_name, stripe
from svmrun.simulator.world import World

DETACH = Syntax(
    "s:f",
    "usage:\tmetadetach [-s setname] [-f] mirror submirror\n\tmetadetach [-s setname] [-f] trans\n",
)
ATTACH = Syntax(
    "s:i:A:",
    "usage:\tmetattach [-s setname] mirror [metadevice]\n"
    "\tmetattach [-s setname] [-i interlace] concat/stripe component...\n"
    "\tmetattach [-s setname] RAID component...\n"
    "\tmetattach [-s setname] [-A alignment] softpart size|all\n",
)
OFFLINE = Syntax("s:f", "usage:\tmetaoffline [-s setname] [-f] mirror submirror\n")
ONLINE = Syntax("s:", "usage:\tmetaonline [-s setname] mirror submirror\n")


def metadetach(call: Call) -> Steps:
    return change_volume(call, DETACH, _detach)


def metattach(call: Call) -> Steps:
    return change_volume(call, ATTACH, _attach)


def metaoffline(call: Call) -> Steps:
    return change_volume(call, OFFLINE, _offline)


def metaonline(call: Call) -> Steps:
    return change_volume(call, ONLINE, _online)


def _detach(world: World, arguments: Arguments, name: str) -> tuple[World, str]:
    submirror = _submirror_word(world, arguments, name)
    return detach(world, name, submirror, force=arguments.has("f")), _done(name, submirror, "detached")


def _offline(world: World, arguments: Arguments, name: str) -> tuple[World, str]:
    submirror = _submirror_word(world, arguments, name)
    return offline(world, name, submirror, force=arguments.has("f")), _done(name, submirror, "offlined")


def _online(world: World, arguments: Arguments, name: str) -> tuple[World, str]:
    submirror = _submirror_word(world, arguments, name)
    return online(world, name, submirror), _done(name, submirror, "onlined")


def _attach(world: World, arguments: Arguments, name: str) -> tuple[World, str]:
    _require_mirror(world, name)
    if len(arguments.words) > 2:
        raise Usage
    if len(arguments.words) == 1:
        return world, ""
    submirror = configured(world, set_name(name) or None, arguments.words[1])
    _require_attachable(world, name, submirror)
    return attach(world, name, submirror), _done(name, submirror, "attached")


def _require_attachable(world: World, name: str, submirror: str) -> None:
    """The checks of the library, before the driver is asked (meta_mirror.c)."""
    mounted = next((f for f in world.file_systems if canonical(f.special) == submirror), None)
    if mounted:
        raise Refusal(submirror, f"is mounted on {mounted.mount_point}")
    if set_name(submirror) != set_name(name):
        raise Refusal(submirror, "device not in set")
    if mirror_of(world, submirror) or stripe(world, submirror) is None:
        raise Refusal(submirror, "invalid unit")


def _require_mirror(world: World, name: str) -> None:
    if mirror(world, name) is None:
        raise Refusal(name, f"invalid metadevice type {device_type(world, name)}", plain=True)


def _submirror_word(world: World, arguments: Arguments, name: str) -> str:
    """The second word: a name in good form, configured or not."""
    _require_mirror(world, name)
    if len(arguments.words) != 2:
        raise Usage
    return resolve(world, set_name(name) or None, arguments.words[1])


def _done(name: str, submirror: str, verb: str) -> str:
    return f"{name}: submirror {submirror} is {verb}\n"
