"""What every meta* command does before and after its own work: proxying, privileges, options, the set lock, errors."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any

from svmrun.simulator.arguments import BadOption, options
from svmrun.simulator.attempt import attempt
from svmrun.simulator.refusal import Refusal, Usage
from svmrun.simulator.requests import Await, Call, Look, Print, Request
from svmrun.simulator.svm_names import configured, require_set, set_in
from svmrun.simulator.volumes import disk_set, owns, set_name, settle
from svmrun.simulator.world import World
from svmrun.values import replace

Steps = Generator[Request, Any, int]


@dataclass(frozen=True)
class Syntax:
    """How a command reads its arguments: getopt's letters, the usage text with its last newline, what asks for it."""

    letters: str
    usage: str
    help_letters: str = "h?"


@dataclass(frozen=True)
class Arguments:
    options: dict[str, str]  # without the dash
    words: tuple[str, ...]

    @property
    def set(self) -> str | None:
        return self.options.get("s")

    def has(self, letter: str) -> bool:
        return letter in self.options


def parse(program: str, words: tuple[str, ...], syntax: Syntax) -> Arguments:
    """Options up to the first word that is none, as the C library reads them."""
    try:
        found, rest = options(words, syntax.letters + syntax.help_letters)
    except BadOption as bad:
        raise Usage(f"{program}: {bad}\n") from None
    given = dict(found)
    if any(letter in given for letter in syntax.help_letters):
        raise Usage(status=0)
    return Arguments(given, tuple(rest))


def executing_host(world: World, words: tuple[str, ...]) -> str:
    """The node on which the command is executed: on a cluster, the primary of a classic set that it names."""
    name = _named_set(words)
    found = disk_set(world, name) if name else None
    if not world.clustered or found is None or found.multi_owner or found.owner is None:
        return world.host
    online = any(n.name == found.owner and n.online for n in world.nodes)
    return found.owner if online else world.host


def _named_set(words: tuple[str, ...]) -> str | None:
    for number, word in enumerate(words):
        if word.startswith("-") and not word.startswith("--") and "s" in word:
            after = word.partition("s")[2]
            return after or next(iter(words[number + 1 :]), None)
    return next((name for word in words if (name := set_in(word))), None)


def require_owner(world: World, name: str, host: str) -> None:
    if not owns(world, name, host):
        raise Refusal(name, "must be owner of the set for this command")


def require_databases(world: World) -> None:
    if world.databases == "none":
        raise Refusal("", "there are no existing databases")


def require_root(call: Call) -> None:
    if call.user != "root":
        raise Refusal("", "Permission denied.  You must have root privilege to execute this command.")


Transition = Callable[[World, Arguments, str], tuple[World, str]]
"""(settled world, arguments, name of the first volume) -> (new world, text for standard output)."""


def change_volume(call: Call, syntax: Syntax, transition: Transition) -> Steps:
    """The frame of metadetach and its like. The checks stand in the order in which the commands make them."""
    world: World = yield Look()
    host = executing_host(world, call.argv[1:])
    try:
        require_root(call)
        arguments = parse(call.argv[0], call.argv[1:], syntax)
        if not arguments.words:
            raise Usage
        require_databases(world)
        require_set(world, arguments.set or "")
        name = configured(world, arguments.set, arguments.words[0])
        yield from wait_for_set(call, world, set_name(name))
        text = yield from change(lambda now: _owned_change(now, arguments, name, host, transition))
    except Refusal as refusal:
        yield Print(refusal.render(call.argv[0], host), "err")
        return 1
    except Usage as usage:
        yield Print(usage.line + syntax.usage, "err")
        return usage.status
    if text:
        yield Print(text)
    return 0


def _owned_change(
    world: World, arguments: Arguments, name: str, host: str, transition: Transition
) -> tuple[World, str]:
    require_owner(world, set_name(name), host)
    return transition(world, arguments, name)


def change(function: Callable[[World], tuple[World, str]]) -> Generator[Request, Any, str]:
    """Change the settled world in one step and hand back the text; a Refusal leaves the world and is raised here."""
    return (yield from attempt(lambda now: function(settle(now))))


def wait_for_set(call: Call, world: World, name: str) -> Generator[Request, Any, None]:
    """The lock file of the set: a busy one is waited for without limit (meta_setup.c)."""
    if name in world.locked_sets:
        yield Print(f"{call.argv[0]}: waiting on {lock_file(world, name)}\n", "err")
        yield Await(lambda now: name not in now.locked_sets)


def lock_file(world: World, name: str) -> str:
    found = disk_set(world, name)
    return f"/etc/lvm/lock.{found.number}" if found else "/etc/lvm/lock"


def seen_from(world: World, host: str) -> World:
    """The world as a proxied command sees it."""
    return world if host == world.host else replace(world, host=host)
