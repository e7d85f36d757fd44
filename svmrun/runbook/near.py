"""Near names for error messages."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

_MOST_NAMES = 500


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that was probably meant; None when nothing is near."""
    names = sorted(set(known))[:_MOST_NAMES]
    folded = {n.lower().replace("-", "_"): n for n in reversed(names)}
    found = difflib.get_close_matches(name.lower().replace("-", "_"), folded, n=1, cutoff=0.6)
    return folded[found[0]] if found else None


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """` (did you mean 'NAME'?)`, or nothing."""
    found = nearest(name, known)
    return f" (did you mean {found!r}?)" if found else ""


def meant(name: str, known: Iterable[str]) -> str | None:
    """The same as a hint: the near name, else the list of what is known when that is short."""
    names = sorted(set(known))
    if found := nearest(name, names):
        return f"did you mean {found!r}?"
    return f"known here: {', '.join(names)}" if 0 < len(names) <= 40 else None
