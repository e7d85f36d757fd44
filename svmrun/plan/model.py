"""The plan: a runbook rendered with parameters and facts. Immutable, JSON-shaped, journalled whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Json = Any
LATER = "$later"  # {"$later": TEXT} stands for a template whose value is known after a step


def later(text: str) -> dict[str, str]:
    return {LATER: text}


def is_later(value: Json) -> bool:
    return isinstance(value, dict) and len(value) == 1 and LATER in value


@dataclass(frozen=True)
class PlannedAction:
    """One adapter call, rendered. Values known only after a step (and secrets) are `{"$later": TEMPLATE}`.

    `timeout_seconds` bounds one attempt; `attempts` counts the first one too; `delay_seconds` is the pause before
    the second attempt and doubles after each further one.
    """

    adapter: str
    arguments: Mapping[str, Json]
    timeout_seconds: float
    attempts: int = 1
    delay_seconds: float = 1.0
    read_only: bool = False
    blocks_writers: bool = False
    probed: bool = False  # its adapter can tell whether its effect is there
    needs_previous: bool = False  # as a handler: left out when the one before it did not succeed, or data are lost


@dataclass(frozen=True)
class PlannedStep:
    """A step of the plan. `when` is True or False when it was known, else the expression to evaluate then.

    Exactly one of `action` and `releases` is set. `hold_seconds` is the hold's limit, None where nothing is held.
    """

    id: str
    name: str
    position: str
    action: PlannedAction | None = None
    releases: str | None = None
    rollback: tuple[PlannedAction, ...] = ()
    hold_seconds: float | None = None
    when: bool | str = True


@dataclass(frozen=True)
class Plan:
    """Everything that will happen. `programs` maps each program's plain name to its absolute path.

    `resources` names what the run's holds occupy. `secrets` names the parameters whose values are never written down:
    in `parameters` of a journalled plan they are masked. `become` is the prefix for commands that need root.
    `digest` is the SHA-256 of the runbook's bytes, `files` that of each other file that it brings in, `hash` that of
    everything that will happen; `signers` approved it.
    """

    runbook: str
    file: str
    digest: str
    host: Mapping[str, Json]
    parameters: Mapping[str, Json]
    facts: Mapping[str, Json]
    steps: tuple[PlannedStep, ...]
    resources: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    programs: Mapping[str, str] = field(default_factory=dict)
    become: Literal["", "pfexec", "sudo", "su"] = ""
    commit: str | None = None
    dirty: bool = False
    hash: str = ""
    signers: tuple[str, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)

    def step(self, step_id: str) -> PlannedStep:
        for step in self.steps:  # asked all the time: this takes half the time of a generator
            if step.id == step_id:
                return step
        raise KeyError(step_id)

    def to_json(self) -> dict[str, Json]:
        return asdict(self)

    @staticmethod
    def from_json(data: Mapping[str, Json]) -> Plan:
        steps = tuple(_step(s) for s in data["steps"])
        lists = {k: tuple(data.get(k, ())) for k in ("resources", "secrets", "signers")}
        return Plan(**{**data, **lists, "steps": steps})


def _action(data: Mapping[str, Json]) -> PlannedAction:
    return PlannedAction(**data)


def _step(data: Mapping[str, Json]) -> PlannedStep:
    action = _action(data["action"]) if data["action"] else None
    return PlannedStep(**{**data, "action": action, "rollback": tuple(_action(a) for a in data["rollback"])})
