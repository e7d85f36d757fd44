"""What a runbook says that a program does: done to a world."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from svmrun.adapters import session
from svmrun.adapters.base import Adapter, Arguments, Command, Completed
from svmrun.runbook import model as runbook
from svmrun.runbook import template
from svmrun.simulator.host import look
from svmrun.simulator.host_process import plain
from svmrun.simulator.world import World
from svmrun.values import replace
from svmrun.verify.commands import Limits, Model, Runner, session_key
from svmrun.verify.invariants import changed

Json = Any
DOES_SECONDS = 600.0  # for one command line that a model does


def modelled(written: runbook.Model, names: Mapping[str, Json], runner: Runner) -> Model:
    """The model as a function of a world."""

    def act(world: World, argv: tuple[str, ...]) -> tuple[World, Completed]:
        text = partial(_text, {**names, "switches": world.switches})
        for line in written.does:
            command = Command(tuple(text(word) for word in line), needs_root=True)
            world, _done = runner.run(world, command, Limits(DOES_SECONDS))
        switches = {**world.switches, **{name: text(value) for name, value in written.sets.items()}}
        world = look(replace(world, switches=switches, clock=world.clock + written.takes_seconds))
        return world, Completed(argv, written.status, text(written.prints), text(written.errors))

    return act


def _text(names: Mapping[str, Json], written: str) -> str:
    return template.render_text(written, names)


def proven(model: Model, shows: str, otherwise: str) -> Model:
    """What a look at the effect of a modelled program prints: it is there when doing it again changes nothing."""

    def look_at(world: World, argv: tuple[str, ...]) -> tuple[World, Completed]:
        after, _done = model(world, argv)
        return world, Completed(argv, 0, f"{otherwise if changed(world, after) else shows}\n")

    return look_at


def register(
    action: runbook.Action, adapter: Adapter, arguments: Arguments, names: Mapping[str, Json], runner: Runner
) -> None:
    """From now on the runner knows what this action does, and what its proof shows."""
    if action.model is None:
        return
    model = modelled(action.model, names, runner)
    if adapter.performer == "session":
        runner.models[session_key(session.request(arguments))] = model
        return
    runner.models[plain(adapter.command_line(arguments).argv)] = model
    proof = arguments.get("proof")
    if proof:
        key = plain(tuple(str(word) for word in proof["argv"]))
        runner.models.setdefault(key, proven(model, proof["shows"], proof["otherwise"]))


def switches_of(book: runbook.Runbook) -> dict[str, str]:
    """Every switch that some model sets, at nothing."""
    return {name: "" for action in _actions(book) if action.model for name in action.model.sets}


def setters_of(book: runbook.Runbook) -> dict[str, str]:
    """Switch -> the first step that sets it."""
    found: dict[str, str] = {}
    for step in book.steps:
        if isinstance(step, runbook.Step) and step.action.model:
            for name in step.action.model.sets:
                found.setdefault(name, step.id)
    return found


def _actions(book: runbook.Runbook) -> list[runbook.Action]:
    found = [fact.action for fact in book.facts]
    for step in book.steps:
        if isinstance(step, runbook.Step):
            found += [step.action, *step.rollback]
    return found
