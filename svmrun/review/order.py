"""Which members of a list were moved: all but those of the longest run that kept its order."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence


def moved(before: Sequence[str], after: Sequence[str]) -> set[str]:
    """Both hold the same names, each once; the fewest names whose move makes one list of the other."""
    places = {name: index for index, name in enumerate(before)}
    return set(after) - set(_longest_rising(after, [places[name] for name in after]))


def _longest_rising(names: Sequence[str], numbers: Sequence[int]) -> list[str]:
    ends: list[int] = []  # the least last number of a rising run of each length
    owners: list[int] = []
    previous: list[int] = []
    for index, number in enumerate(numbers):
        length = bisect_left(ends, number)
        ends[length : length + 1] = [number]
        owners[length : length + 1] = [index]
        previous.append(owners[length - 1] if length else -1)
    found: list[str] = []
    index = owners[-1] if owners else -1
    while index >= 0:
        found.append(names[index])
        index = previous[index]
    return found[::-1]
