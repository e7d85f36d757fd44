"""The hash of a plan: the same for two plans that do the same, whenever and from whichever layout they were made."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from svmrun.adapters.base import Adapter
from svmrun.plan.build import Language, commands
from svmrun.plan.model import LATER, Plan, PlannedAction, PlannedStep, is_later

Json = Any
VERSION = 1
FEWEST_DIGITS = 12  # of a hash that a person types; enough that nobody finds another plan that begins so
_SIMULATED = "(simulated)"


def plan_hash(plan: Plan, adapters: Mapping[str, Adapter], language: Language) -> str:
    """SHA-256 over everything that will happen, as 64 hexadecimal digits.

    In it: steps with arguments, limits, holds and handlers; the real command lines; programs; parameters (a secret
    only by its name); host name; how root is become; and the facts that later steps judge by. Not in it: names and
    descriptions, places in the file, the time, and facts that only led to what is in it.
    """
    text = json.dumps(essence(plan, adapters, language), sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def essence(plan: Plan, adapters: Mapping[str, Adapter], language: Language) -> Json:
    """What the hash is made of, as plain data."""
    folder = str(plan.host.get("simulated") or "")
    used = sorted({name for step in plan.steps for name in _late_names(step, adapters, language)} & set(plan.facts))
    whole = {
        "plan": VERSION,
        "host": {"name": plan.host.get("name"), "simulated": bool(folder)},
        "become": plan.become,
        "parameters": dict(plan.parameters),
        "secrets": list(plan.secrets),
        "facts": {name: plan.facts[name] for name in used},
        "programs": {name: _anywhere(path, folder) for name, path in plan.programs.items()},
        "steps": [_step(step) for step in plan.steps],
        "commands": [asdict(command) for command in commands(plan, adapters)],
    }
    return _plain(whole)


def _step(step: PlannedStep) -> dict[str, Json]:
    whole = asdict(step)
    return {key: value for key, value in whole.items() if key not in ("name", "position")}


def _anywhere(path: str, folder: str) -> str:
    """A simulated host is made in a new folder each time."""
    return _SIMULATED + path.removeprefix(folder) if folder and path.startswith(f"{folder}/") else path


def _late_names(step: PlannedStep, adapters: Mapping[str, Adapter], language: Language) -> set[str]:
    """The names that are looked at only when the step runs."""
    names = set(language.roots(step.when, bare=True)) if isinstance(step.when, str) else set()
    for action in (step.action, *step.rollback):
        if action is not None:
            names |= _late_names_of(action, adapters, language)
    return names


def _late_names_of(action: PlannedAction, adapters: Mapping[str, Adapter], language: Language) -> set[str]:
    bare = adapters[action.adapter].expressions
    found: set[str] = set()
    for key, value in action.arguments.items():
        for text in _texts(value) if key in bare else ():
            found |= language.roots(text, bare=True)
        for text in _late_texts(value):
            found |= language.roots(text, bare=False)
    return found


def _texts(value: Json) -> list[str]:
    return [text for member in value for text in _texts(member)] if isinstance(value, list | tuple) else [str(value)]


def _late_texts(value: Json) -> list[str]:
    if is_later(value):
        return [value[LATER]]
    members = value.values() if isinstance(value, Mapping) else value if isinstance(value, list | tuple) else ()
    return [text for member in members for text in _late_texts(member)]


def _plain(value: Json) -> Json:
    """As JSON would give it back, with whole numbers written in one way."""
    if isinstance(value, Mapping):
        return {str(key): _plain(member) for key, member in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(member) for member in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
