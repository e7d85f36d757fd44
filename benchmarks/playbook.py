"""A runbook as an Ansible playbook of as many tasks: facts, checks, steps, and what undoes them in `rescue`."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from svmrun.runbook.model import Action, Check, Fact, Release, Runbook, Step
from svmrun.runbook.order import roots_of

Json = Any
Task = dict[str, Json]


def playbook(runbook: Runbook) -> str:
    """The text, in the layout that ansible-lint asks for: an action is a command whose words use the same names."""
    variables = {p.name: p.default if isinstance(p.default, bool | int | list) else p.name for p in runbook.parameters}
    steps = {step.id: step for step in runbook.steps if isinstance(step, Step)}
    tasks = [
        *(_fact(fact) for fact in runbook.facts),
        *(_check(number, check) for number, check in enumerate(runbook.checks, start=1)),
        *(_release(step, steps[step.step]) if isinstance(step, Release) else _step(step) for step in runbook.steps),
    ]
    play = {"name": _sentence(runbook.description), "hosts": "all", "become": True, "gather_facts": False}
    return "---\n" + "\n".join(_block([{**play, "vars": variables, "tasks": tasks}], 0)) + "\n"


def _fact(fact: Fact) -> Task:
    return {**_command(f"Read {fact.name}", fact.action), "register": fact.name, "changed_when": False}


def _check(number: int, check: Check) -> Task:
    judged = sorted(roots_of(check.that, bare=True))
    condition = " and ".join(f"{name} is defined" for name in judged) or "true"
    return {"name": f"Check {number}", "ansible.builtin.assert": {"that": [condition], "fail_msg": "It does not hold"}}


def _step(step: Step) -> Task:
    task = {**_command(_sentence(step.name), step.action), "changed_when": True}
    if not step.rollback:
        return task
    undoing = [{**_command(f"Undo {step.id}", action), "changed_when": True} for action in step.rollback]
    return {"name": f"{_sentence(step.name)}, or undo it", "block": [task], "rescue": undoing}


def _release(release: Release, step: Step) -> Task:
    undoing = [{**_command(f"Release {step.id}", action), "changed_when": True} for action in step.rollback]
    return undoing[0] if len(undoing) == 1 else {"name": f"Release {release.step}", "block": undoing}


def _command(name: str, action: Action) -> Task:
    words = [action.adapter, *(f"{{{{ {used} }}}}" for used in sorted(roots_of(action.arguments)))]
    return {"name": name, "ansible.builtin.command": {"argv": words}}


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:].rstrip(".")


def _block(value: Json, depth: int) -> list[str]:
    """Lines of YAML: block mappings and lists, and every text in quotes."""
    pad = "  " * depth
    if isinstance(value, list):
        return [line for member in value for line in _item(member, depth)]
    return [line for key, member in value.items() for line in _member(pad, key, member, depth)]


def _item(member: Json, depth: int) -> Iterable[str]:
    if not isinstance(member, dict):
        return [f"{'  ' * depth}- {_scalar(member)}"]
    first, *more = _block(member, depth + 1)
    return ["  " * depth + "- " + first.lstrip(), *more]


def _member(pad: str, key: str, member: Json, depth: int) -> Iterable[str]:
    if isinstance(member, list | dict) and member:
        return [f"{pad}{key}:", *_block(member, depth + 1)]
    return [f"{pad}{key}: {_scalar(member)}"]


def _scalar(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False)
