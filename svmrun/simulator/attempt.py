"""A change of the world that a command may have to refuse, in one indivisible step."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

from svmrun.simulator.requests import Change, Request
from svmrun.simulator.world import World


class Refused(Exception):
    """What a command prints instead of doing it, its exit status, and the world when that is another one then."""

    def __init__(self, text: str, status: int = 1, world: World | None = None) -> None:
        super().__init__(text)
        self.text, self.status, self.world = text, status, world


def attempt(change: Callable[[World], tuple[World, str]]) -> Generator[Request, Any, str]:
    """Make the change, and hand back what it tells. A Refused leaves the world as it was, and is raised here."""
    ended: list[str | Refused] = []

    def once(world: World) -> World:
        ended.clear()
        try:
            changed, told = change(world)
        except Refused as refused:
            ended.append(refused)
            return refused.world or world
        ended.append(told)
        return changed

    yield Change(once)
    answer = ended[0]
    if isinstance(answer, Refused):
        raise answer
    return answer
