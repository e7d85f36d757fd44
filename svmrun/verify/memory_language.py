"""The template language, which remembers what it has evaluated: stories ask the same again and again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from svmrun.runbook import template

Json = Any


class Remembering:
    """Evaluates over the same objects once. Holds on to them, so that no other object can take their identity."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, tuple[tuple[str, int], ...]], tuple[Json, Mapping[str, Json]]] = {}

    def render(self, value: Json, names: Mapping[str, Json]) -> Json:
        return template.render(value, names)

    def evaluate(self, expression: str, names: Mapping[str, Json]) -> Json:
        return template.evaluate(expression, names)
