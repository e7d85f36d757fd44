"""Every adapter by its name, which is the key that a step, a fact or a rollback handler carries in a runbook."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Final

from svmrun.adapters.base import Adapter

GROUP = "svmrun.adapters"

REGISTRY: Final[dict[str, Adapter]] = {}


def adapters() -> Mapping[str, Adapter]:
    """Our own adapters and those of installed packages (entry-point group `svmrun.adapters`).

    A package's entry point names an `Adapter` subclass or an instance. Ours win: no package can replace one of them.
    """
    return MappingProxyType({**_third_parties()[0], **REGISTRY})


def unusable_adapters() -> Mapping[str, str]:
    """Adapters of installed packages that could not be used, with a sentence why.

    They are left out instead of raised: one broken package must not keep a recovery from running.
    """
    return MappingProxyType(_third_parties()[1])


@cache
def _third_parties() -> tuple[dict[str, Adapter], dict[str, str]]:
    from importlib.metadata import entry_points  # measured: costs more than the rest of `svmrun --help`

    good: dict[str, Adapter] = {}
    bad: dict[str, str] = {}
    for point in entry_points(group=GROUP):
        try:
            loaded = point.load()
            adapter = loaded() if isinstance(loaded, type) else loaded
        except (ImportError, AttributeError, TypeError, SyntaxError) as error:
            bad[point.name] = f"the adapter {point.name} ({point.value}) cannot be loaded: {error}"
            continue
        if point.name in REGISTRY:
            bad[point.name] = f"{point.value} calls itself {point.name}, which is one of svmrun's own adapters"
        elif not isinstance(adapter, Adapter) or adapter.name != point.name:
            bad[point.name] = f"{point.value} is not an svmrun adapter of the name {point.name}"
        else:
            good[point.name] = adapter
    return good, bad
