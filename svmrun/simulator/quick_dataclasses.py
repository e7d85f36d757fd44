"""The part of `dataclasses` that the models use, without the time that the real module takes to start.

An installed command lives for a few hundredths of a second, and half of that would go into importing `dataclasses`
(with `inspect` behind it) and compiling methods for every class. Only the shim puts this module in its place; a test
runs every command on it. Frozen classes are not enforced here: the tests of the models, which use the real module, do.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

MISSING = object()


class Field:
    def __init__(self, default: Any, default_factory: Any, kw_only: bool) -> None:
        self.default = default
        self.default_factory = default_factory
        self.kw_only = kw_only

    def value(self, name: str, owner: type) -> Any:
        """What a field is when nothing is given for it."""
        if self.default_factory is not MISSING:
            return self.default_factory()
        if self.default is MISSING:
            raise TypeError(f"{owner.__name__} needs a value for {name!r}")
        return self.default


def field(*, default: Any = MISSING, default_factory: Any = MISSING, kw_only: bool = False, **_: Any) -> Any:
    return Field(default, default_factory, kw_only)


def dataclass(cls: type | None = None, /, *, kw_only: bool = False, **_: Any) -> Any:
    if cls is None:
        return lambda decorated: _prepared(decorated, kw_only)
    return _prepared(cls, kw_only)


def replace(instance: Any, /, **changes: Any) -> Any:
    return type(instance)(**{name: getattr(instance, name) for name in instance.__dataclass_fields__} | changes)


def _prepared(cls: type, kw_only: bool) -> type:
    fields: dict[str, Field] = {}
    for base in reversed(cls.__mro__[1:]):
        fields |= getattr(base, "__dataclass_fields__", {})
    for name, annotation in cls.__annotations__.items():
        if "ClassVar" in str(annotation):
            continue
        default = cls.__dict__.get(name, MISSING)
        fields[name] = default if isinstance(default, Field) else Field(default, MISSING, kw_only)
    methods: dict[str, Callable[..., Any]] = {"__init__": _init(fields, cls), "__eq__": _equal, "__hash__": _hash}
    for name, method in {**methods, "__repr__": _repr}.items():
        if name not in cls.__dict__:
            setattr(cls, name, method)
    cls.__dataclass_fields__ = fields  # type: ignore[attr-defined]
    return cls


def _init(fields: dict[str, Field], cls: type) -> Callable[..., None]:
    positional = [name for name, one in fields.items() if not one.kw_only]

    def initialise(self: Any, *arguments: Any, **named: Any) -> None:
        if len(arguments) > len(positional) or not named.keys() <= fields.keys():
            raise TypeError(f"{cls.__name__} has no such fields: {arguments} {named}")
        given = dict(zip(positional, arguments, strict=False)) | named
        for name, one in fields.items():
            self.__dict__[name] = given[name] if name in given else one.value(name, cls)
        if hasattr(self, "__post_init__"):
            self.__post_init__()

    return initialise


def _equal(self: Any, other: object) -> bool:
    return type(self) is type(other) and bool(self.__dict__ == other.__dict__)


def _hash(self: Any) -> int:
    return hash(tuple(self.__dict__.values()))


def _repr(self: Any) -> str:
    return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in self.__dict__.items())})"
