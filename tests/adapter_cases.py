"""Cases of adapters as files: `tests/cases/adapters/ADAPTER/NAME.txt`.

A head of `key: JSON` lines (arguments, argv, status, outcome, message, result, and fields of Completed), then the
outputs behind the lines `--- stdout` and `--- stderr`. `message` must be part of the message, `result` of the result.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from svmrun.adapters.base import Completed, Outcome
from svmrun.adapters.registry import REGISTRY

Json = Any
ENDINGS = ("timed_out", "cancelled", "signal", "failure")
ROOT = Path(__file__).parent / "cases" / "adapters"


@dataclass(frozen=True)
class Case:
    adapter: str
    head: dict[str, Json]
    outputs: dict[str, str] = field(default_factory=dict)

    @property
    def arguments(self) -> dict[str, Json]:
        return REGISTRY[self.adapter].complete(self.head["arguments"])

    def run(self) -> Outcome:
        """What the adapter makes of the outputs; its command line is checked on the way."""
        adapter = REGISTRY[self.adapter]
        argv = adapter.command_line(self.arguments).argv
        if "argv" in self.head:
            assert list(argv) == self.head["argv"].split()
        more: dict[str, Any] = {name: self.head[name] for name in ENDINGS if name in self.head}
        completed = Completed(argv, self.head["status"], **more, **dict[str, Any](self.outputs))
        return adapter.interpret(self.arguments, completed)


def names(*adapters: str) -> list[str]:
    return [f"{path.parent.name}/{path.stem}" for one in adapters for path in sorted((ROOT / one).glob("*.txt"))]


def load(name: str) -> Case:
    text = (ROOT / f"{name}.txt").read_text()
    head, *parts = re.split(r"^--- (stdout|stderr)\n", text, flags=re.MULTILINE)
    pairs = [line.split(": ", 1) for line in head.splitlines() if line.strip()]
    outputs = dict(zip(parts[::2], parts[1::2], strict=True))
    return Case(name.split("/")[0], {key: json.loads(value) for key, value in pairs}, outputs)


def holds(wanted: Json, got: Json) -> bool:
    """True when every key of `wanted` is in `got` with that value."""
    if isinstance(wanted, dict) and isinstance(got, dict):
        return all(key in got and holds(value, got[key]) for key, value in wanted.items())
    return bool(wanted == got)
