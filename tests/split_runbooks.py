"""Runbooks in several files, made in memory: files by name, and a runbook cut at random into lists of steps."""

from __future__ import annotations

import json
import posixpath
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Json = Any


@dataclass
class Shelves:
    """Files by their names; what is not there cannot be read."""

    files: Mapping[str, str]

    def beside(self, file: str, written: str) -> str:
        return posixpath.normpath(posixpath.join(posixpath.dirname(file), written))

    def read(self, name: str) -> bytes:
        if name not in self.files:
            raise ValueError(f"there is no file {name}")
        return self.files[name].encode()


@dataclass
class Splitter:
    """Moves runs of steps into files of their own, in folders, some of them within others."""

    chance: random.Random
    files: dict[str, str] = field(default_factory=dict)

    def split(self, document: Json, name: str = "main.yaml") -> Shelves:
        whole = {**document, "steps": self.steps(document["steps"], name, 0)}
        self.files[name] = json.dumps(whole, indent=2, ensure_ascii=False)
        return Shelves(self.files)

    def steps(self, steps: list[Json], name: str, depth: int) -> list[Json]:
        left: list[Json] = []
        while steps:
            size = self.chance.randint(1, min(4, len(steps)))
            run, steps = steps[:size], steps[size:]
            left += [self.moved(run, name, depth)] if depth < 4 and self.chance.random() < 0.5 else run
        return left

    def moved(self, steps: list[Json], name: str, depth: int) -> Json:
        folder = self.chance.choice(["", "parts/", "../"]) if "/" in name else self.chance.choice(["", "parts/"])
        written = f"{folder}list-{len(self.files)}-{depth}-{self.chance.randrange(10**6)}.yaml"
        file = posixpath.normpath(posixpath.join(posixpath.dirname(name), written))
        self.files[file] = ""  # its name is taken
        text = {"schema": "svmrun/v1-steps", "steps": self.steps(steps, file, depth + 1)}
        self.files[file] = json.dumps(text, indent=2, ensure_ascii=False)
        return {"include": written}
