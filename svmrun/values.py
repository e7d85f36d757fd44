"""Immutable values: how a changed copy is made."""

from __future__ import annotations

from typing import Any, TypeVar

Value = TypeVar("Value")


def replace(value: Value, /, **changes: Any) -> Value:
    """As `dataclasses.replace`, for plain frozen dataclasses (no slots, nothing done after `__init__`).

    Verification makes millions of copies; this takes a tenth of the time (measured), since no `__init__` runs and all
    fields are copied at once.
    """
    known = value.__dict__
    fields = known | changes
    if len(fields) > len(known):
        raise TypeError(f"{type(value).__name__} has no {', '.join(sorted(changes.keys() - known.keys()))}")
    made = object.__new__(type(value))
    object.__setattr__(made, "__dict__", fields)  # past what keeps a frozen value from being changed: it is new
    return made


def quick(kind: type[Value]) -> type[Value]:
    """The same frozen dataclass, with an `__init__` that takes a third of the time: `dataclasses` sets each field past
    what keeps the value from being changed, this one writes them where they lie.

    For those of which verification makes thousands. TypeError for one with a `default_factory` or a `__post_init__`:
    the short `__init__` would leave them out.
    """
    from dataclasses import MISSING  # not at the top: a simulated command starts without it

    fields = vars(kind)["__dataclass_fields__"].values()
    if hasattr(kind, "__post_init__") or any(one.default_factory is not MISSING for one in fields):
        raise TypeError(f"{kind.__name__} does more in its __init__ than to take its fields")
    original = vars(kind)["__init__"]
    code = original.__code__
    positional, end = code.co_argcount, code.co_argcount + code.co_kwonlyargcount
    plain, named = code.co_varnames[1:positional], code.co_varnames[positional:end]
    lines = ("fields = self.__dict__", *(f"fields[{name!r}] = {name}" for name in (*plain, *named)))
    head = ", ".join(("self", *plain, *(("*", *named) if named else ())))
    made: dict[str, Any] = {}
    exec(f"def __init__({head}):\n" + "".join(f"    {line}\n" for line in lines), made)
    initialise = made["__init__"]
    initialise.__defaults__, initialise.__kwdefaults__ = original.__defaults__, original.__kwdefaults__
    initialise.__annotations__, initialise.__qualname__ = original.__annotations__, original.__qualname__
    kind.__init__ = initialise  # type: ignore[method-assign]
    return kind
