"""Plays the scripts under tests/cases/simulator/system on the in-process host.

A script is a conversation: `> COMMAND` runs it, lines behind it are what it prints, with `$` at the end of each line
and `^I` for a tab: two blanks before standard output (or the whole screen, on a terminal), `! ` before standard error;
`exit N` when it is not 0, `waits` when it hangs. `world NAME` starts with a shipped world, or with NAME.yaml that lies
beside the scripts; `user NAME` says who types, `pass SECONDS` lets time go by, `answers LINE | LINE` gives the next
command a terminal and answers, `limit SECONDS SIGNAL` a time limit;
`change KIND[FIELD] VALUE` changes the first object of that kind, or with `KIND#2[FIELD]` the second one.
"""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from svmrun.runbook.source import load
from svmrun.simulator import host
from svmrun.simulator.world import World
from svmrun.simulator.world_file import load_world

CASES = Path(__file__).parent / "cases" / "simulator" / "system"
CHANGE = re.compile(r"(?P<kind>\w+)(?:#(?P<number>\d+))?\[(?P<field>\w+)\] (?P<value>.*)")


def shipped(name: str = "schost") -> World:
    return load_world(name, load)


def changed(world: World, kind: str, number: int = 1, /, **values: Any) -> World:
    """The world with other values in one of its objects: changed(world, "tapes", capacity=10)."""
    objects = list(getattr(world, kind))
    objects[number - 1] = replace(objects[number - 1], **values)
    new: Any = {kind: tuple(objects)}
    return replace(world, **new)


def after(world: World, *commands: str, user: str = "root") -> World:
    """The world after these commands, each of which must succeed."""
    for command in commands:
        ended = host.run(world, shlex.split(command), user=user)
        assert ended.status == 0, (command, ended.stdout, ended.stderr)
        world = ended.world
    return world


@dataclass
class Player:
    world: World
    user: str = "root"
    answers: list[str] | None = None
    limit: dict[str, Any] = field(default_factory=dict)
    played: list[str] = field(default_factory=list)

    def line(self, text: str) -> None:
        word, _, rest = text.partition(" ")
        self.played.append(text)
        if word == ">":
            self.run(rest)
        elif word == "world":
            own = CASES / f"{rest}.yaml"
            self.world, self.user = shipped(str(own) if own.exists() else rest), "root"
        elif word == "user":
            self.user = rest
        elif word == "pass":
            self.world = host.look(replace(self.world, clock=self.world.clock + float(rest)))
        elif word == "answers":
            self.answers = [line.strip() for line in rest.split("|")]
        elif word == "limit":
            seconds, name = rest.split()
            self.limit = {"timeout_seconds": float(seconds), "stop_signal": name}
        elif word == "change":
            match = CHANGE.fullmatch(rest)
            assert match, text
            value = json.loads(match["value"])
            self.world = changed(self.world, match["kind"], int(match["number"] or 1), **{match["field"]: value})
        else:
            assert word in ("", "#"), f"{word} is no word of a script"

    def run(self, command: str) -> None:
        lines = iter(self.answers or [])
        ended = host.run(
            self.world,
            shlex.split(command),
            user=self.user,
            terminal=self.answers is not None,
            answer=lambda _: next(lines, None),
            **self.limit,
        )
        self.world, self.answers, self.limit = ended.world, None, {}
        self.played += [*_shown("  ", ended.stdout), *_shown("! ", ended.stderr), *_ending(ended)]


def play(script: str) -> str:
    """The script as it would be with what was really printed."""
    player = Player(shipped())
    for line in script.splitlines():
        if not line.startswith(("  ", "! ", "exit ", "waits", "killed ")):
            player.line(line)
    return "\n".join(player.played) + "\n"


def _shown(mark: str, text: str) -> list[str]:
    lines = text.split("\n")
    shown = [f"{mark}{line}$".replace("\t", "^I") for line in lines[:-1]]
    return shown + ([f"{mark}{lines[-1]}".replace("\t", "^I")] if lines[-1] else [])


def _ending(ended: host.Ended) -> list[str]:
    if ended.signal is not None:
        return [f"killed {ended.signal}"]
    if ended.status is None:
        return ["waits"]
    return [] if ended.status == 0 else [f"exit {ended.status}"]
