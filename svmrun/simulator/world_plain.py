"""Worlds as plain data, the shape of a world file: what stands at its default is left out.

A component, a leg, a node and a submirror may be written as their name alone; submirrors are numbered as they stand.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from functools import cache
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from svmrun.simulator.linux_disks import Leg
from svmrun.simulator.world import Component, Node, Submirror, World

SHORT_FORMS: dict[type, str] = {Component: "device", Leg: "device", Node: "name", Submirror: "name"}
Plain = Any


def world_from_plain(plain: Mapping[str, Plain]) -> World:
    """The world of data that fit the schema of world files. Raises TypeError for data that do not."""
    world = _object(World, {key: value for key, value in plain.items() if key != "schema"})
    assert isinstance(world, World)
    return world


def world_to_plain(world: World) -> dict[str, Plain]:
    plain = _plain(world)
    assert isinstance(plain, dict)
    return {"schema": "svmrun-world/v1", **plain}


@cache
def hints(shape: type) -> dict[str, Any]:
    """The type of every field of a dataclass."""
    return get_type_hints(shape)


def without_none(hint: Any) -> tuple[Any, bool]:
    """The type without `| None`, and whether that was there."""
    if get_origin(hint) in (Union, UnionType):
        rest = [part for part in get_args(hint) if part is not type(None)]
        return rest[0], len(rest) < len(get_args(hint))
    return hint, False


def _object(shape: type, plain: Mapping[str, Plain]) -> Any:
    types = hints(shape)
    return shape(**{name: _value(types[name], value, 0) for name, value in plain.items()})


def _value(hint: Any, plain: Plain, number: int) -> Any:
    """One value; `number` is its place in a list."""
    hint, _ = without_none(hint)
    if plain is None or get_origin(hint) is Literal or get_origin(hint) is dict:
        return plain
    if get_origin(hint) is tuple:
        return tuple(_value(get_args(hint)[0], item, place) for place, item in enumerate(plain))
    if is_dataclass(hint) and isinstance(hint, type):
        return _object(hint, _long_form(hint, plain, number))
    return float(plain) if hint is float else plain


def _long_form(shape: type, plain: Plain, number: int) -> dict[str, Plain]:
    long = {SHORT_FORMS[shape]: plain} if isinstance(plain, str) and shape in SHORT_FORMS else dict(plain)
    if shape is Submirror:
        long.setdefault("slot", number)
    return long


def _plain(value: Any) -> Plain:
    if isinstance(value, tuple):
        return [_short_form(item, place) for place, item in enumerate(value)]
    if not is_dataclass(value) or isinstance(value, type):
        return value
    return {f.name: _plain(getattr(value, f.name)) for f in fields(value) if getattr(value, f.name) != default_of(f)}


def _short_form(value: Any, place: int) -> Plain:
    plain = _plain(value)
    if isinstance(value, Submirror) and value.slot == place:
        del plain["slot"]
    short = SHORT_FORMS.get(type(value))
    return plain[short] if short and list(plain) == [short] else plain


def default_of(found: Field[Any]) -> Any:
    """The default of a dataclass's field; MISSING when it must be given."""
    return found.default_factory() if found.default_factory is not MISSING else found.default
