"""A runbook broken on purpose, in one place at a time: each mutant is a document of its own."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from svmrun.runbook.model import Path
from svmrun.simulator.world import World
from svmrun.values import replace

Json = Any
NOTHING = "protects nothing: without it no story ends worse"
UNPROTECTED = "not protected: nobody would notice"


@dataclass(frozen=True)
class Change:
    """`path` leads to what was changed. `meaning` is what it means when nobody notices."""

    what: str
    path: Path
    document: Json
    meaning: str
    step: str = ""
    check: bool = False  # it is a check that was taken away: it speaks in worlds where it does not hold


def mutants(document: Json, world: World) -> Iterator[Change]:
    """Every handler, hold, release, check, assertion and time-out deleted, moved, or pointed at another object."""
    yield from _without_checks(document)
    yield from _of_steps(document, world)


def _of_steps(document: Json, world: World) -> Iterator[Change]:
    """What a called runbook does is broken where that one is verified."""
    for number, step in enumerate(document["steps"]):
        if "foreach" in step:
            yield from _of_repeated(document, world, number, step)
        elif "runbook" not in step:
            name = step.get("id") or step["release"]
            yield from (replace(change, step=name) for change in _of_step(document, world, number, step))


def _of_repeated(document: Json, world: World, number: int, step: Json) -> Iterator[Change]:
    for change in _of_steps(step, world):
        changed = _with(document, number, steps=change.document["steps"])
        yield replace(change, path=("steps", number, *change.path), document=changed)


def _of_step(document: Json, world: World, number: int, step: Json) -> Iterator[Change]:
    path: Path = ("steps", number)
    if "release" in step:
        yield from _releases(document, number, step)
        return
    name = step["id"]
    if "assert" in step:
        yield Change(f"the assertion {name} taken away", path, _without_step(document, number), NOTHING)
    if "rollback" in step:
        yield Change(f"the handler of {name} taken away", path, _without_handler(document, number), NOTHING)
        yield from _handlers(document, world, number, step)
    if "hold" in step:
        yield Change(f"the hold of {name} taken away", path, _without_hold(document, number), NOTHING)
        longer = _with(document, number, hold="300d")
        yield Change(f"the limit of {name} made 300 days", path, longer, UNPROTECTED)
    if "timeout" in step:
        short = _with(document, number, timeout="1ms")
        yield Change(f"the time-out of {name} made a millisecond", path, short, UNPROTECTED)
        yield Change(f"the time-out of {name} taken away", path, _with(document, number, timeout=None), NOTHING)


def _without_checks(document: Json) -> Iterator[Change]:
    for number, check in enumerate(document.get("checks", ())):
        changed = copy.deepcopy(document)
        del changed["checks"][number]
        what = f"the check {str(check['that']).strip()!r} taken away"
        yield Change(what, ("checks", number), changed, NOTHING, check=True)


def _releases(document: Json, number: int, step: Json) -> Iterator[Change]:
    path, name = ("steps", number), step["release"]
    yield Change(f"the release of {name} taken away", path, _without_step(document, number), NOTHING)
    last = len(document["steps"]) - 1
    if number < last:
        changed = _without_step(document, number)
        changed["steps"].append(copy.deepcopy(step))
        yield Change(f"the release of {name} moved to the end", path, changed, UNPROTECTED)
    held = next((n for n, s in enumerate(document["steps"]) if s.get("id") == name), number)
    if number > held + 1:
        changed = _without_step(document, number)
        changed["steps"].insert(held + 1, copy.deepcopy(step))
        yield Change(f"the release of {name} moved right behind it", path, changed, UNPROTECTED)


def _handlers(document: Json, world: World, number: int, step: Json) -> Iterator[Change]:
    handlers = step["rollback"] if isinstance(step["rollback"], list) else [step["rollback"]]
    path, name = ("steps", number, "rollback"), step["id"]
    if len(handlers) > 1:
        turned = _with(document, number, rollback=handlers[::-1])
        yield Change(f"the handlers of {name} in another order", path, turned, UNPROTECTED)
    for part, handler in enumerate(handlers):
        for adapter, arguments in handler.items():
            if not isinstance(arguments, dict):
                continue
            for key, other in _others(arguments, world):
                wrong = copy.deepcopy(handlers)
                wrong[part][adapter][key] = other
                changed = _with(document, number, rollback=wrong)
                yield Change(f"the handler of {name} with {key} {other}", path, changed, UNPROTECTED)


def _others(arguments: Json, world: World) -> Iterator[tuple[str, Json]]:
    """Other objects of the world for the arguments that name one; other modes for those that choose one."""
    mounts = [f.mount_point for f in world.file_systems if f.mount_point != world.parameters.get("mount_point")]
    sides = [s.name.rpartition("/")[2] for m in world.mirrors for s in m.submirrors]
    wrong: dict[str, list[Json]] = {
        "mount_point": mounts[:1],
        "submirror": sides[:1],
        "mirror": ["d99"],
        "mode": ["write", "flush"],
        "action": ["disable"],
        "services": [[s.fmri] for s in world.services[:1]],
    }
    for key in arguments:
        yield from ((key, other) for other in wrong.get(key, []) if arguments[key] != other)


def _with(document: Json, number: int, **changes: Json) -> Json:
    changed = copy.deepcopy(document)
    for key, value in changes.items():
        if value is None:
            del changed["steps"][number][key]
        else:
            changed["steps"][number][key] = value
    return changed


def _without_step(document: Json, number: int) -> Json:
    changed = copy.deepcopy(document)
    del changed["steps"][number]
    return changed


def _without_hold(document: Json, number: int) -> Json:
    """With its handler, but without guard, limit and release."""
    changed = _with(document, number, hold=None)
    name = changed["steps"][number]["id"]
    changed["steps"] = [s for s in changed["steps"] if s.get("release") != name]
    return changed


def _without_handler(document: Json, number: int) -> Json:
    """The release becomes a plain step, so that the way without failure stays as it is."""
    changed = copy.deepcopy(document)
    step = changed["steps"][number]
    handlers = step.pop("rollback")
    step.pop("hold", None)
    handlers = handlers if isinstance(handlers, list) else [handlers]
    for place, one in enumerate(changed["steps"]):
        if one.get("release") == step["id"]:
            plain = [{"id": f"undo-{step['id']}-{n}", **h} for n, h in enumerate(handlers)]
            changed["steps"][place : place + 1] = plain
            break
    return changed
