"""Arguments after rendering: do they fit their adapter's schema now that templates have become values?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from svmrun.adapters.base import Adapter
from svmrun.runbook.violations import Violation, violations

Json = Any


def argument_faults(
    name: str,
    arguments: Mapping[str, Json],
    registry: Mapping[str, Adapter],
    is_unknown: Callable[[Json], bool] = lambda value: False,  # noqa: ARG005
) -> list[Violation]:
    """What is wrong with rendered arguments; paths begin inside them. Values that `is_unknown` are not judged.

    A polled action's arguments are judged by that action's own adapter.
    """
    adapter = registry[name]
    inner = [key for key in arguments if adapter.nests and key in registry]
    own = {key: value for key, value in arguments.items() if key not in inner}
    found = [fault for fault in violations(adapter.schema, own) if not _leads_to(own, fault.path, is_unknown)]
    for key in inner:
        for fault in argument_faults(key, arguments[key] or {}, registry, is_unknown):
            found.append(Violation((key, *fault.path), fault.message, fault.hint, fault.of_key))
    return found


def _leads_to(value: Json, path: tuple[str | int, ...], is_unknown: Callable[[Json], bool]) -> bool:
    """True when an unknown value stands at the path or above it."""
    for part in path:
        if is_unknown(value):
            return True
        value = value.get(part) if isinstance(value, Mapping) else value[int(part)]
    return is_unknown(value)
