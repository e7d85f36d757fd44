"""The canonical order of keys: what a thing is called, what it does, when, for how long, how it is undone."""

from __future__ import annotations

from collections.abc import Mapping

from svmrun.adapters.base import Adapter
from svmrun.runbook.written import Collection, Member, Scalar

ACTION = "(action)"  # stands for the one key that names an adapter
_VALUE = (
    *("type", "enum", "const", "items", "properties", "required", "additionalProperties", "pattern"),
    *("minLength", "maxLength", "minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum"),
    *("minItems", "maxItems", "uniqueItems", "default", "secret", "title", "description", "examples"),
)
SECTIONS = ("parameters", "facts", "checks", "steps", "invariants")
ORDERS: Mapping[str, tuple[str, ...]] = {
    "runbook": ("schema", "name", "description", *SECTIONS),
    "parameter": _VALUE,
    "fact": (ACTION, "when", "timeout", "model"),
    "check": ("that", "when", "message"),
    "step": (
        *("release", "include", "runbook", "foreach", "as", "id", "name", "when", ACTION, "parameters"),
        *("timeout", "retry", "model", "rollback", "hold", "steps"),
    ),
    "handler": (ACTION, "timeout", "retry", "model"),
    "retry": ("attempts", "delay"),
    "model": ("does", "sets", "prints", "errors", "status", "takes"),
}
# Place, key -> what stands under it. `*` is any key; a list's members are in the place of the list.
_PLACES: Mapping[tuple[str, str], str] = {
    **{("runbook", f"{name}s"): f"{name}s" for name in ("parameter", "fact")},
    **{("runbook", f"{name}s"): name for name in ("check", "step")},
    **{(f"{name}s", "*"): name for name in ("parameter", "fact")},
    ("parameter", "items"): "parameter",
    ("parameter", "properties"): "parameters",
    ("runbook", "invariants"): "check",
    ("step", "steps"): "step",
    ("step", "rollback"): "handler",
    ("step", "retry"): "retry",
    ("handler", "retry"): "retry",
    **{(name, "model"): "model" for name in ("fact", "step", "handler")},
}
_ACTING = ("fact", "step", "handler")


def arrange(node: Collection | Scalar, registry: Mapping[str, Adapter], place: str = "runbook") -> None:
    """Sorts the members of a document's mappings, in place: arguments as their adapter's schema has them."""
    if isinstance(node, Scalar):
        return
    if node.is_mapping:
        names = _order_in(place, registry)
        node.members.sort(key=lambda member: _rank(member, place, names, registry))
    for member in node.members:
        arrange(member.value, registry, _place_under(place, member, registry))


def _order_in(place: str, registry: Mapping[str, Adapter]) -> tuple[str, ...]:
    if place in registry and place not in ORDERS:
        return (ACTION, *registry[place].schema["properties"])
    return ORDERS.get(place, ())


def _rank(member: Member, place: str, names: tuple[str, ...], registry: Mapping[str, Adapter]) -> int:
    """What is not known comes last, as it was."""
    name = ACTION if _acts(member, place, registry) else _name(member)
    return names.index(name) if name in names else len(names)


def _place_under(place: str, member: Member, registry: Mapping[str, Adapter]) -> str:
    if member.key is None:
        return place
    if _acts(member, place, registry):
        return _name(member)
    return _PLACES.get((place, _name(member))) or _PLACES.get((place, "*")) or "as written"


def _acts(member: Member, place: str, registry: Mapping[str, Adapter]) -> bool:
    """True for the key that names an adapter, with its arguments under it."""
    nests = place in registry and registry[place].nests
    return (place in _ACTING or nests) and _name(member) in registry


def _name(member: Member) -> str:
    return member.key.value if member.key else ""
