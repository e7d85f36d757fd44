"""A plan for a person to review: every command, its limits, what it holds and what undoes it. Text and markdown."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from svmrun.plan.model import LATER, Json, Plan, PlannedAction, PlannedStep, is_later
from svmrun.report.markdown import code, plain
from svmrun.report.words import count, duration, printable


@dataclass(frozen=True)
class PlanView:
    """`argv` tells an action's real command line, empty where there is none or where it is known only later.

    `worst_case_seconds` tells for a step with a hold how long that may last when everything takes its full time.
    """

    plan: Plan
    argv: Callable[[PlannedAction], Sequence[str]]
    worst_case_seconds: Mapping[str, float] = field(default_factory=dict)

    def command(self, action: PlannedAction) -> str:
        """A command line behind a dollar sign; what svmrun does itself without one."""
        words = self.argv(action)
        return printable(f"$ {shlex.join(words)}" if words else _arguments(action))

    def handlers(self, step: PlannedStep) -> list[str]:
        """What undoes the step, with its limits."""
        return [f"{self.command(action)}  ({limits(action)})" for action in step.rollback]


def _arguments(action: PlannedAction) -> str:
    """The action as the runbook wrote it, where it has no command line yet."""
    return f"{action.adapter}: {', '.join(f'{k}={value_text(v)}' for k, v in action.arguments.items())}"


def value_text(value: Json) -> str:
    """A rendered value; what is known only after a step stands as its template."""
    if is_later(value):
        return f"{value[LATER]} (known later)"
    return value if isinstance(value, str) else json.dumps(value)


def limits(action: PlannedAction) -> str:
    tries = f", {count(action.attempts, 'attempt')}" if action.attempts > 1 else ""
    return f"at most {duration(action.timeout_seconds)}{tries}"


def plan_text(view: PlanView) -> str:
    plan = view.plan
    lines = [f"{name:<9} {text}" for name, text in _head(plan)]
    if plan.parameters:
        lines += ["", "parameters", *(f"  {k} = {value_text(v)}" for k, v in plan.parameters.items())]
    lines += ["", "steps"]
    for number, step in enumerate(plan.steps, start=1):
        lines.append(f"  {number}. {step.id}{f': {printable(step.name)}' if step.name else ''}  ({step.position})")
        lines += [f"       {line}" for line in _step(view, step)]
    return "\n".join([*lines, "", "nothing was changed"])


def _head(plan: Plan) -> list[tuple[str, str]]:
    host = plan.host
    commit = f", commit {plan.commit[:12]}{' with changes' if plan.dirty else ''}" if plan.commit else ""
    system = " ".join(str(host[key]) for key in ("os", "release") if key in host)
    user = f" as {host['user']}" if "user" in host else ""
    become = [("root by", plan.become)] if plan.become else []
    brought_in = [("with", ", ".join(map(printable, plan.files)))] if plan.files else []
    resources = [("occupies", ", ".join(plan.resources))] if plan.resources else []
    return [
        ("runbook", f"{plan.runbook} ({plan.file}{commit})"),
        *brought_in,
        ("host", f"{host.get('name', '?')} ({system}){user}"),
        ("plan", plan.hash),
        *become,
        *resources,
    ]


def _step(view: PlanView, step: PlannedStep) -> list[str]:
    if step.when is False:
        return ["skipped: its condition does not hold"]
    lines = [f"only when {step.when}"] if isinstance(step.when, str) else []
    if step.releases is not None:
        held = view.plan.step(step.releases)
        if held.when is False:
            return [f"skipped: {held.id} is skipped"]
        return [*lines, f"ends the hold of {held.id}", *view.handlers(held)]
    if step.action is not None:
        changes = ", changes nothing" if step.action.read_only else ""
        lines.append(f"{view.command(step.action)}  ({limits(step.action)}{changes})")
    return [*lines, *_hold(view, step), *(f"undo: {handler}" for handler in view.handlers(step))]


def _hold(view: PlanView, step: PlannedStep) -> list[str]:
    if step.hold_seconds is None:
        return []
    waits = ", WRITERS WAIT while it lasts" if step.action and step.action.blocks_writers else ""
    worst = view.worst_case_seconds.get(step.id)
    reckoned = f", worst case {duration(worst)}" if worst is not None else ""
    return [f"hold: at most {duration(step.hold_seconds)}{reckoned}{waits}"]


def plan_markdown(view: PlanView) -> str:
    """For a review or a change ticket."""
    plan = view.plan
    lines = [f"# Plan: {plan.runbook}", "", *(f"- **{name}**: `{text}`" for name, text in _head(plan)), ""]
    if plan.parameters:
        lines += ["| parameter | value |", "|---|---|"]
        lines += [f"| {name} | {code(value_text(value))} |" for name, value in plan.parameters.items()] + [""]
    for number, step in enumerate(plan.steps, start=1):
        lines += [f"{number}. **{step.id}** {plain(step.name)}".rstrip(), ""]
        lines += [f"   - {_marked(line)}" for line in _step(view, step)] + [""]
    return "\n".join(lines).rstrip("\n")


def _marked(line: str) -> str:
    """The command of a line as code."""
    before, dollar, rest = line.partition("$ ")
    command, _, behind = rest.rpartition("  (")
    return f"{before}{code(command)} ({behind}" if dollar else plain(line)
