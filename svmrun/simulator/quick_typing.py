"""The names of `typing` that the models use, without the time that the real module takes to start.

Annotations are not evaluated; what else is written with these names is never looked into when a command runs. As with
quick_dataclasses, only the programs put this module in its place, and a test runs every command on it.
"""

from __future__ import annotations


class _Form:
    """Stands for any type, alone or with others in brackets."""

    def __getitem__(self, _types: object) -> _Form:
        return self

    def __or__(self, _other: object) -> _Form:
        return self

    __ror__ = __or__


Any = Literal = NoReturn = _Form()


def cast(_type: object, value: object) -> object:
    return value


def TypeVar(_name: str) -> _Form:
    return Any
