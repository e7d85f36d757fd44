"""Drives the models of the volume manager's commands, and reads the scripts under tests/cases/simulator/svm.

A script is a conversation: `> COMMAND` runs it, lines behind it are what it prints, with `$` at the end of each line
and `^I` for a tab: two blanks before standard output, `! ` before standard error; `exit N` when it is not 0.
`world NAME` starts, `user NAME` says who types, `pass SECONDS` lets time go by, `with FIELD VALUE` changes the world,
`service FMRI STATE` a service, `reboot` restarts the host.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from svmrun.runbook.source import load
from svmrun.simulator.mirror_transitions import after_reboot
from svmrun.simulator.requests import Await, Call, Change, Look, Print
from svmrun.simulator.svm_commands import SVM_COMMANDS
from svmrun.simulator.volumes import settle
from svmrun.simulator.world import World
from svmrun.simulator.world_file import load_world

CASES = Path(__file__).parent / "cases" / "simulator" / "svm"


@dataclass(frozen=True)
class Said:
    stdout: str
    stderr: str
    status: int | None  # None while it waits for ever


def shipped(name: str) -> World:
    return load_world(name, load)


def run(world: World, command: str, user: str = "root") -> tuple[World, Said]:
    """Run a command to its end, or to a condition that does not hold."""
    argv = tuple(command.split())
    process = SVM_COMMANDS[argv[0]](Call(argv, user, 1000))
    texts = {"out": "", "err": ""}
    answer: World | None = None
    while True:
        try:
            request = process.send(answer)
        except StopIteration as end:
            return world, Said(texts["out"], texts["err"], end.value)
        if isinstance(request, Print):
            texts[request.stream] += request.text
        elif isinstance(request, Change):
            world = request.function(world)
        elif isinstance(request, Await) and not request.condition(world):
            return world, Said(texts["out"], texts["err"], None)
        else:
            assert isinstance(request, (Look, Await))
        answer = settle(world)


def play(script: str) -> tuple[str, str]:
    """The script as it is and as it would be with what was really printed."""
    world: World | None = None
    user, played = "root", []
    for line in script.splitlines():
        word, _, rest = line.partition(" ")
        if line.startswith(("  ", "! ", "exit ")):
            continue
        played.append(line)
        if word == "world":
            world, user = shipped(rest), "root"
        elif word == "user":
            user = rest
        elif word and word != "#":
            assert world is not None, "a script begins with a world"
            world, text = _line(world, word, rest, user)
            played += text
    return script, "\n".join(played) + "\n"


def _line(world: World, word: str, rest: str, user: str) -> tuple[World, list[str]]:
    if word == "pass":
        return replace(world, clock=world.clock + float(rest)), []
    if word == "service":
        return _with_service(world, *rest.split()), []
    if word == "reboot":
        return after_reboot(world), []
    if word == "with":
        field, _, value = rest.partition(" ")
        return replace(world, **{field: tuple(value.split()) if field == "locked_sets" else value}), []  # type: ignore[arg-type]
    assert word == ">", f"{word} is no word of a script"
    world, said = run(world, rest, user)
    return world, [*_shown("  ", said.stdout), *_shown("! ", said.stderr), *_ending(said.status)]


def _with_service(world: World, fmri: str, state: str) -> World:
    services = tuple(replace(s, state=state) if s.fmri == fmri else s for s in world.services)  # type: ignore[arg-type]
    return replace(world, services=services)


def _shown(mark: str, text: str) -> list[str]:
    lines = text.split("\n")
    shown = [f"{mark}{line}$".replace("\t", "^I") for line in lines[:-1]]
    return shown + ([f"{mark}{lines[-1]}".replace("\t", "^I")] if lines[-1] else [])


def _ending(status: int | None) -> list[str]:
    return [] if status == 0 else [f"exit {'waiting' if status is None else status}"]
