"""What a run will occupy, as far as it can be told before anything is asked of the host."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from svmrun.plan.build import Builder, without_later
from svmrun.plan.model import later
from svmrun.runbook.model import Step

Json = Any


def early_resources(builder: Builder) -> tuple[str, ...]:
    """The resources of the holds, by the values known to the builder; those that need more are left out."""
    found = {_resource(builder, step) for step in builder.runbook.steps if isinstance(step, Step) and step.rollback}
    return tuple(sorted(name for name in found if name))


def _resource(builder: Builder, step: Step) -> str | None:
    adapter = builder.adapters[step.action.adapter]
    written = {key: value for key, value in step.action.arguments.items() if key not in adapter.expressions}
    try:
        if step.when is not None and not builder.language.evaluate(step.when, builder.known.names):
            return None
        return adapter.resource(adapter.complete(without_later(dict(_rendered(builder, written)))))
    except ValueError:  # a fact decides whether the step runs and on what, or a value does not fit: told later
        return None


def _rendered(builder: Builder, written: Mapping[str, Json]) -> Iterator[tuple[str, Json]]:
    for key, value in written.items():
        try:
            yield key, builder.language.render({key: value}, builder.known.names)[key]
        except ValueError:
            yield key, later(str(value))
