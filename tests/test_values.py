"""The quick `__init__` of values of which verification makes thousands."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, dataclass, field

import pytest

from svmrun.values import quick


@dataclass(frozen=True)
class Timed:
    at: float = field(default=0.0, kw_only=True)


@quick
@dataclass(frozen=True)
class Made(Timed):
    name: str
    size: int = 1


def test_a_quick_value_takes_its_fields_as_a_dataclass_does() -> None:
    assert vars(Made("a")) == {"name": "a", "size": 1, "at": 0.0}
    assert Made("a", 2, at=3.0) == Made(size=2, at=3.0, name="a")
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'name'"):
        Made()  # type: ignore[call-arg]


def test_a_quick_value_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        Made("a").size = 2  # type: ignore[misc]


def test_what_needs_a_default_factory_or_more_after_its_fields_is_refused() -> None:
    @dataclass(frozen=True)
    class Filled:
        names: list[str] = field(default_factory=list)

    @dataclass(frozen=True)
    class Judged:
        size: int

        def __post_init__(self) -> None:
            assert self.size > 0

    for kind in (Filled, Judged):
        with pytest.raises(TypeError, match="does more in its __init__"):
            quick(kind)
